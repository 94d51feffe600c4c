"""What each export of a model costs, beside the encoder itself: its file, the time until it is there, its speed.

    python -m training.report exports --output runs/exports/exports.md

Of the shipped model, and of the presets with layers, whose weights are drawn here: speed does not depend on them. All
on one thread, and in a process that has imported everything: a load is what comes after that. Other work on the machine
slows it: what counts is the best of three rounds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from beast_core import PRESETS, EncoderConfig, Model, load_encoder, read_model, write_model
from beast_core.export import write_keyed_vectors, write_numpy, write_onnx, write_program, write_word2vec
from beast_core.export.checking import padded_bytes
from beast_core.files import write_file
from beast_core.inference import make_encoder
from beast_core.needs import needs_export
from training.common.command import check_output, count, positive
from training.common.markdown import markdown_table
from training.common.statistics import SEED
from training.evaluate.speed import made_up_words

_SHIPPED = "beast"
_MANY = 1000
_ROUNDS = 3

Encode = Callable[[Sequence[str]], np.ndarray]


class _Way(NamedTuple):
    """Writes below a path, which is no file yet, and what reads that again, which is what is timed."""

    name: str
    write: Callable[[Model, Path, list[str]], None]
    load: Callable[[Model, Path], Encode]
    of_words: bool = False


class Measured(NamedTuple):
    """Of one export: bytes on disk, seconds to load, words a second one by one and by the thousand, and by how much an
    entry of a vector differs from the encoder's at most."""

    model: str
    way: str
    size: int
    load: float
    alone: float
    many: float
    difference: float


def measure_exports(models: Mapping[str, Model], *, words: int, seconds: float) -> list[Measured]:
    """Writes and measures all exports of each model; `words` is how long lists of vectors are, of the first model
    alone. Each speed is measured for so many seconds, three times."""
    listed, threads = made_up_words(max(words, _MANY)), torch.get_num_threads()
    found: list[Measured] = []
    torch.set_num_threads(1)
    try:
        for name, model in models.items():
            ways = _WAYS if not found else [way for way in _WAYS if not way.of_words]
            expected = make_encoder(model, threads=1).encode(listed[:_MANY])
            for way in ways:
                with tempfile.TemporaryDirectory() as folder:
                    way.write(model, Path(folder) / "export", listed)
                    found.append(_measured(name, way, model, Path(folder), listed[:_MANY], expected, seconds))
    finally:
        torch.set_num_threads(threads)
    return found


def _measured(
    name: str, way: _Way, model: Model, folder: Path, words: list[str], expected: np.ndarray, seconds: float
) -> Measured:
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    loads = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        encode = way.load(model, folder / "export")
        encode(words[:1])
        loads.append(time.perf_counter() - start)
    difference = float(np.abs(encode(words) - expected).max())
    alone, many = (_pace(encode, words, at_once=number, seconds=seconds) for number in (1, _MANY))
    return Measured(name, way.name, size, min(loads), alone, many, difference)


def _pace(encode: Encode, words: list[str], *, at_once: int, seconds: float) -> float:
    """Words a second, the best of some rounds."""
    parts = [words[start : start + at_once] for start in range(0, len(words), at_once)]
    best = 0.0
    for _ in range(_ROUNDS):
        done, start = 0, time.perf_counter()
        while not done or time.perf_counter() - start < seconds:
            done += len(encode(parts[done // at_once % len(parts)]))
        best = max(best, done / (time.perf_counter() - start))
    return best


def _load_onnx(model: Model, path: Path) -> Encode:
    with needs_export("measuring ONNX"):
        import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def encode(words: Sequence[str]) -> np.ndarray:
        word_bytes = padded_bytes(words, model=model)
        longest = int((word_bytes >= 0).sum(axis=1).max())
        vectors: np.ndarray = session.run(["vectors"], {"bytes": word_bytes[:, :longest]})[0]
        return vectors

    return encode


def _load_program(model: Model, path: Path) -> Encode:
    function = torch.export.load(path).module()

    def encode(words: Sequence[str]) -> np.ndarray:
        with torch.inference_mode():
            vectors: np.ndarray = function(torch.from_numpy(padded_bytes(words, model=model))).numpy()
        return vectors

    return encode


def _load_numpy(model: Model, path: Path) -> Encode:
    with np.load(path) as archive:
        rows, vectors = {word: row for row, word in enumerate(archive["words"].tolist())}, archive["vectors"]
    return lambda words: vectors[[rows[word] for word in words]]


def _load_word2vec(model: Model, path: Path) -> Encode:
    with needs_export("measuring gensim"):
        from gensim.models import KeyedVectors
    keyed = KeyedVectors.load_word2vec_format(str(path))
    return lambda words: keyed[list(words)]


def _load_keyed_vectors(model: Model, path: Path) -> Encode:
    with needs_export("measuring gensim"):
        from gensim.models import KeyedVectors
    keyed = KeyedVectors.load(str(path), mmap="r")
    return lambda words: keyed[list(words)]


def _of_words(write: Callable[..., None]) -> Callable[[Model, Path, list[str]], None]:
    return lambda model, path, words: write(make_encoder(model, threads=1), words=words, output=path)


def _of_model(write: Callable[..., None]) -> Callable[[Model, Path, list[str]], None]:
    return lambda model, path, words: write(model, output=path)


def _write_ours(model: Model, path: Path, words: list[str]) -> None:
    write_model(model, path)


def _load_ours(model: Model, path: Path) -> Encode:
    return load_encoder(path, threads=1).encode


_WAYS = [
    _Way("our own", _write_ours, _load_ours),
    _Way("onnx", _of_model(write_onnx), _load_onnx),
    _Way("torch", _of_model(write_program), _load_program),
    _Way("word2vec", _of_words(write_word2vec), _load_word2vec, of_words=True),
    _Way("gensim", _of_words(write_keyed_vectors), _load_keyed_vectors, of_words=True),
    _Way("numpy", _of_words(write_numpy), _load_numpy, of_words=True),
]


def drawn_model(config: EncoderConfig) -> Model:
    """A model of that configuration with random weights, in float16 as folders have them."""
    generator = np.random.default_rng(SEED)
    weights = {
        name: (generator.normal(size=shape) * shape[-1] ** -0.5 + ("norm" in name)).astype(np.float16)
        for name, shape in config.weight_shapes.items()
    }
    return Model(config, weights)


def exports_table(measured: Sequence[Measured], *, words: int) -> str:
    """One line an export."""
    header = ["model", "export", "MB", "load, s", "words/s, one", f"words/s, {_MANY:,}", "difference"]
    lists = {way.name for way in _WAYS if way.of_words}
    rows = [
        [
            each.model,
            f"{each.way} ({words:,} words)" if each.way in lists else each.way,
            f"{each.size / 1e6:.1f}",
            f"{each.load:.3f}",
            f"{each.alone:,.0f}",
            f"{each.many:,.0f}",
            f"{each.difference:.0e}" if each.difference else "0",
        ]
        for each in measured
    ]
    return markdown_table(header, rows=rows, right=range(2, len(header)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("--words", type=count, default=10_000, help="words of the lists of vectors (10,000)")
    parser.add_argument("--seconds", type=positive, default=1.0, help="of each measurement, three times (1)")
    parser.add_argument("--output", type=Path, metavar="FILE.md", help="also write the table to this file")


def print_exports(options: argparse.Namespace) -> None:
    """Measures and prints the table."""
    if options.output:
        check_output(options.output.parent, option="--output")
    layered = {name: drawn_model(config) for name, config in PRESETS.items() if name != _SHIPPED}
    models = {_SHIPPED: read_model()} | layered
    words = max(options.words, _MANY)
    written = exports_table(measure_exports(models, words=words, seconds=options.seconds), words=words)
    print(written, end="")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        write_file(options.output, written)
