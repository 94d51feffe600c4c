"""Nearest words among very many: exactly, and by an index of usearch (https://github.com/unum-cloud/usearch).

The words are the most frequent ones of all languages that a model comes for, each with the vector of its language's
model, as all of these are of one space. Asked for are words misspelt by rule. The index is HNSW (Malkov & Yashunin
2018, "Efficient and robust approximate nearest neighbor search using hierarchical navigable small world graphs") on
vectors in 16 bits; what it finds is compared with the exact ten nearest.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from usearch.index import Index

from beast_core import load_encoder, shipped_languages
from training.applications.material import Material
from training.common.command import count
from training.common.markdown import markdown_table
from training.common.processes import resident_memory
from training.common.rows import pieces
from training.languages import known_languages
from training.resources.frequencies import most_frequent, read_frequencies

_NEAREST = 10
_EFFORTS = (32, 64, 128, 256)  # candidates that a search keeps in view
_ROWS = 2**16


def measure_index(options: argparse.Namespace) -> str:
    """A Markdown table: for each number of words a row for the exact search, and one for each effort of the index."""
    rows = [row for number in options.words for row in _rows(number, queries=options.queries, threads=options.threads)]
    header = ["words", "search", "seconds to build", "memory, MB", "file, MB", "ms a word"]
    return markdown_table([*header, f"of the {_NEAREST} nearest", "nearest found"], rows=rows, right=range(2, 8))


def _rows(number: int, *, queries: int, threads: int) -> list[list[str]]:
    words, vectors, asked = _vectors(number, queries=queries)
    seconds, exact = _timed(lambda: _exact(vectors, queries=asked), times=len(asked))
    size = f"{vectors.nbytes / 1e6:,.0f}"
    rows = [[f"{len(words):,}", "exact, 16 bits", "", size, size, f"{1e3 * seconds:.2f}", "1.000", "1.000"]]
    before, start = resident_memory(), time.process_time()
    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f16")
    for piece in pieces(len(vectors), size=_ROWS):
        index.add(np.arange(len(vectors))[piece], vectors[piece].astype(np.float32), threads=threads)
    built, memory = time.process_time() - start, resident_memory() - before
    with TemporaryDirectory() as folder:
        file = Path(folder) / "words.usearch"
        index.save(file)
        size = f"{file.stat().st_size / 1e6:,.0f}"
    for effort in _EFFORTS:
        index.expansion_search = effort  # type: ignore[misc]  # its setter does not follow its property
        seconds, found = _timed(lambda: index.search(asked, _NEAREST, threads=1).keys, times=len(asked))
        kept = np.mean([len(np.intersect1d(*each)) / _NEAREST for each in zip(found, exact, strict=True)])
        first = (found[:, 0] == exact[:, 0]).mean()
        cells = [f"{built:,.0f}", f"{memory / 1e6:,.0f}", size, f"{1e3 * seconds:.2f}", f"{kept:.3f}", f"{first:.3f}"]
        rows.append([f"{len(words):,}", f"usearch, effort {effort}", *cells])
    return rows


def _vectors(number: int, *, queries: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Words, their vectors `(words, width)` float16, and those of misspelt ones `(queries, width)` float32."""
    languages = [language for language in shipped_languages() if language in known_languages()]
    words: list[str] = []
    vectors, asked = [], []
    for language in languages:
        frequencies, encoder = read_frequencies(language), load_encoder(language)
        frequent = most_frequent(frequencies, count=-(-number // len(languages)))
        material = Material(language, frequent, frequencies, encoder)
        pairs = material.misspelt(material.drawn(-(-queries // len(languages))))
        words += frequent
        vectors.append(encoder.encode(frequent).astype(np.float16))
        asked.append(encoder.encode([wrong for wrong, _ in pairs]))
    return words[:number], np.concatenate(vectors)[:number], np.concatenate(asked)[:queries]


def _exact(vectors: np.ndarray, *, queries: np.ndarray) -> np.ndarray:
    """The rows of the nearest, `(queries, 10)`, nearest first."""
    best, rows = np.empty((len(queries), 0), dtype=np.float32), np.empty((len(queries), 0), dtype=np.int64)
    for piece in pieces(len(vectors), size=_ROWS):
        cosines = queries @ vectors[piece].astype(np.float32).T
        near = np.argpartition(-cosines, min(_NEAREST, cosines.shape[1]) - 1, axis=1)[:, :_NEAREST]
        best = np.concatenate([best, np.take_along_axis(cosines, near, axis=1)], axis=1)
        rows = np.concatenate([rows, near + piece.start], axis=1)
        order = np.argsort(-best, axis=1, kind="stable")[:, :_NEAREST]
        best, rows = np.take_along_axis(best, order, axis=1), np.take_along_axis(rows, order, axis=1)
    return rows


def _timed(work: Callable[[], np.ndarray], *, times: int) -> tuple[float, np.ndarray]:
    """Seconds of the processor that each of so many times takes, and the result."""
    start = time.process_time()
    result = work()
    return (time.process_time() - start) / times, result


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--words", type=count, nargs="+", default=[1_000_000], help="how many (1,000,000)")
    parser.add_argument("--queries", type=count, default=1000, help="how many are asked for (1,000)")
    parser.add_argument(
        "--threads", type=count, default=1, help="that build the index (1); seconds are those of all together"
    )
