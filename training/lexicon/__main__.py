"""The lexicon: the words of a language with their frequencies and lemmas, from packages that anyone can install.

    python -m training.lexicon assets/lexicon/de.parquet --language de [--debian-root FOLDER] [--minimum-words 150000]

Columns: `word` (lower-cased, NFC, distinct), `frequency` (float32, Zipf scale, 0 for a word that was never counted),
`lemma` (the word itself if it inflects none), `held_out` (one family of inflections in 200) and `written` (the word
with the capitals that it mostly has). Frequent words come first. Equal sources give equal bytes. The record of the
language lists which words belong, in `stages` that are in `training/lexicon/stages`.
"""

import argparse
import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from beast_core.files import replace_file
from training.common.command import count, failing_in_a_line
from training.languages import known_languages, read_language
from training.lexicon.sources import Sources, read_sources
from training.lexicon.spelling import choose_written
from training.lexicon.stages import collect_words
from training.table import HELD_OUT_ONE_IN

METADATA_KEY = b"lexicon"

_ROWS_OF_A_GROUP = 65_536


class LexiconError(ValueError):
    """A lexicon that is not what was asked for."""


def choose_lemmas(pairs: np.ndarray, *, words: int) -> np.ndarray:
    """One lemma for each word, `(words,)` int64, of `pairs` `(pairs, 3)`: word, lemma, and 1 for a weak reading.

    Words are numbered from the most frequent one. A weak reading gives way to any other; then the most frequent lemma
    is taken. A word without a pair is its own lemma.
    """
    keys = np.full(words, 2 * words, dtype=np.int64)
    np.minimum.at(keys, pairs[:, 0], pairs[:, 1] + words * pairs[:, 2])
    return np.where(keys < 2 * words, keys % words, np.arange(words))


def find_families(pairs: np.ndarray, *, words: int) -> np.ndarray:
    """A number for each word, `(words,)`, equal for words that any chain of `pairs` joins, `(pairs, 2)` or more."""
    edges = coo_array((np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), shape=(words, words))
    return connected_components(edges, directed=False)[1]


def hold_out(words: Sequence[str], *, families: np.ndarray) -> np.ndarray:
    """Which words a student must not see, `(words,)` bool: by the first word, in the alphabet, of each family."""
    first: dict[int, str] = {}
    for word, family in zip(words, families.tolist(), strict=True):
        if word < first.get(family, "\U0010ffff"):
            first[family] = word
    chosen = {family for family, word in first.items() if zlib.crc32(word.encode()) % HELD_OUT_ONE_IN == 0}
    return np.array([family in chosen for family in families.tolist()], dtype=bool)


def build_lexicon(sources: Sources) -> pa.Table:
    """The lexicon as a table, with an account of its sources in the metadata (JSON, under `METADATA_KEY`).

    Raises `InputError` for a record whose stages cannot be run.
    """
    collected = collect_words(sources)
    frequencies = {word: sources.frequency(word) for word in collected.numbers}
    words = sorted(collected.numbers, key=lambda word: (-frequencies[word], word))
    places = np.empty(len(words), dtype=np.int64)
    places[[collected.numbers[word] for word in words]] = np.arange(len(words))
    pairs = np.array(sorted(collected.pairs), dtype=np.int64).reshape(-1, 3)
    pairs[:, :2] = places[pairs[:, :2]]
    lemmas = choose_lemmas(pairs, words=len(words))
    joined = pairs
    if sources.language.lexicon.families == "lemmas":
        joined = np.column_stack([np.arange(len(words)), lemmas])
    families = find_families(joined, words=len(words))
    held_out = hold_out(words, families=families)
    lemmas_of = pa.array(words, pa.string()).take(pa.array(lemmas))
    packages = dict.fromkeys(stage.package for stage in collected.stages)
    account = {
        "language": sources.language.code,
        "stages": [asdict(stage) for stage in collected.stages],
        "versions": dict(sources.versions),
        "licences": {package: sources.licences[package] for package in packages},
        "words": len(words),
        "counted": sum(frequency > 0 for frequency in frequencies.values()),
        "inflections": int((lemmas != np.arange(len(words))).sum()),
        "families": int(families.max()) + 1,
        "largest_family": int(np.bincount(families).max()),
        "held_out": int(held_out.sum()),
        "frequency_offset": round(sources.offset, 4),
    }
    columns = {
        "word": pa.array(words, pa.string()),
        "frequency": pa.array([frequencies[word] for word in words], pa.float32()),
        "lemma": lemmas_of,
        "held_out": pa.array(held_out),
        "written": pa.array(choose_written(words, lemmas=lemmas_of.to_pylist(), sources=sources), pa.string()),
    }
    return pa.table(columns).replace_schema_metadata({METADATA_KEY: json.dumps(account, ensure_ascii=False)})


def write_lexicon(path: Path, *, lexicon: pa.Table) -> None:
    """Writes the table in row groups that can be streamed; on any error the file that was there stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replace_file(path) as temporary:
        parquet.write_table(lexicon, temporary, row_group_size=_ROWS_OF_A_GROUP, compression="zstd")


def describe(lexicon: pa.Table) -> str:
    """The account of a lexicon as text: a line for each stage, and the sums."""
    account = json.loads(lexicon.schema.metadata[METADATA_KEY])
    lines = [("package", "what", "words", "new", "licence")]
    for stage in account["stages"]:
        counts = f"{stage['words']:,}", f"{stage['new']:,}"
        lines.append((stage["package"], stage["what"], *counts, account["licences"][stage["package"]]))
    package, what, words, new, _ = (max(map(len, column)) for column in zip(*lines, strict=True))
    text = "".join(f"{a:<{package}}  {b:<{what}}  {c:>{words}}  {d:>{new}}  {e}\n" for a, b, c, d, e in lines)
    text += "".join(f"{name} {account['versions'][name]}\n" for name in account["versions"])
    return text + (
        "{words:,} words: {counted:,} counted in running text, {inflections:,} inflections of another\n"
        "{families:,} families, the largest of {largest_family:,} words; {held_out:,} words held out"
    ).format_map(account)


def main(arguments: Sequence[str] | None = None) -> None:
    """Builds the lexicon, prints what came from where, and writes it if it is large enough."""
    parser = argparse.ArgumentParser(prog="python -m training.lexicon", description="Make a language's list of words.")
    parser.add_argument("lexicon", type=Path, help="the Parquet file to write, such as assets/lexicon/de.parquet")
    parser.add_argument("--language", required=True, help=f"one of {', '.join(known_languages())}")
    parser.add_argument("--minimum-words", type=count, help="fail with fewer words (as the language's record says)")
    parser.add_argument("--debian-root", type=Path, default=Path("/"), help="where Debian packages are unpacked (/)")
    parser.add_argument("--downloads", type=Path, default=Path("assets/downloads"), help="keeps what is downloaded")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    with failing_in_a_line():
        minimum = options.minimum_words or read_language(options.language).lexicon.minimum_words
        sources = read_sources(options.language, debian_root=options.debian_root, downloads=options.downloads)
        lexicon = build_lexicon(sources)
        print(describe(lexicon))
        if lexicon.num_rows < minimum:
            raise LexiconError(
                f"{lexicon.num_rows:,} words, expected at least {minimum:,}; {options.lexicon} is not "
                "written: is a source older or cut? Or ask for fewer with --minimum-words"
            )
        write_lexicon(options.lexicon, lexicon=lexicon)
    size = options.lexicon.stat().st_size / 1e6
    print(f"{options.lexicon}: {size:.1f} MB, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
