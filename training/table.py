"""Teacher tables: one Parquet file of words, frequencies and vectors, read by us and by `datasets`.

Columns: `word` (string), `frequency` (float32, Zipf scale: log10 of occurrences per billion words), `vector` (int8
list) and `scale` (float16): a vector is `vector * scale`, brought to unit length.

    python -m training.table WORDS.txt VECTORS.npy TABLE.parquet [--frequencies FREQUENCIES.txt]
"""

import argparse
import hashlib
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from beast_core.encoding import normalize_word

# 63 levels an entry: cosine 0.9988 to the original, and zstd takes a third of what 255 levels would (measured on the
# embedded table: 13.5 MB against 19.0 MB).
LEVELS = 31

# All words that begin with the same letters are held out together, so that few inflections of a held-out word are seen.
# Few families: the model that ships is trained without them too, and one in fifty cost it 0.03 on SimLex-999.
_HELD_OUT_PREFIX = 5
_HELD_OUT_ONE_IN = 200

# Below this share of the variance that unit vectors can have, a table says the same of every word.
_LEAST_VARIANCE = 0.05


class TeacherTableError(ValueError):
    """A table that cannot teach; the message names the file, what is wrong where, and what to do."""


@dataclass(frozen=True)
class TeacherTable:
    """Words, frequencies `(words,)`, unit vectors `(words, width)` float32, and which are held out `(words,)` bool."""

    words: list[str]
    frequencies: np.ndarray
    vectors: np.ndarray
    held_out: np.ndarray
    digest: str

    @property
    def width(self) -> int:
        """Entries of a vector."""
        return self.vectors.shape[1]


def held_out_words(words: Sequence[str]) -> np.ndarray:
    """Which words a student must not see, `(words,)` bool: the same one in 200 on every machine, in every table.

    >>> bool(held_out_words(["cantar"])[0]) == bool(held_out_words(["cantaríamos"])[0])
    True
    """
    spelled = (normalize_word(word, lowercase=True) for word in words)
    return np.array(
        [zlib.crc32(word[:_HELD_OUT_PREFIX].encode()) % _HELD_OUT_ONE_IN == 0 for word in spelled], dtype=bool
    )


def read_table(path: str | Path) -> TeacherTable:
    """Reads and checks a table. Raises `FileNotFoundError`, and `TeacherTableError` for anything that cannot teach."""
    file = Path(path).resolve()
    if not file.is_file():
        raise FileNotFoundError(f"no teacher table at {file} (given: {str(path)!r}), expected a Parquet file")
    columns = _read_columns(file)
    words = columns["word"].to_pylist()
    vectors = _matrix(columns["vector"], file=file) * columns["scale"].to_numpy().astype(np.float32)[:, None]
    _check_words(words, file=file)
    _check_vectors(vectors, words=words, file=file)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    variance = 1 - float(np.square(vectors.mean(axis=0)).sum())
    if variance < _LEAST_VARIANCE:
        raise TeacherTableError(
            f"{file}: the vectors are nearly all the same (mean cosine {1 - variance:.3f}): nothing can be learnt from "
            "them; centre them, or check the teacher"
        )
    frequencies = columns["frequency"].to_numpy().astype(np.float32)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return TeacherTable(words, frequencies, vectors, held_out_words(words), digest)


def _read_columns(file: Path) -> dict[str, pa.ChunkedArray]:
    expected = ("word", "frequency", "vector", "scale")
    try:
        table = parquet.read_table(file)
    except (pa.ArrowException, OSError) as error:
        raise TeacherTableError(f"{file} is not a whole Parquet file: {error}") from error
    if missing := [name for name in expected if name not in table.column_names]:
        raise TeacherTableError(
            f"{file} has columns {table.column_names}, expected {list(expected)}: {missing} missing"
        )
    for name in expected:
        if table[name].null_count:
            raise TeacherTableError(f"{file}: column {name!r} has {table[name].null_count} empty cells, expected none")
    if not table.num_rows:
        raise TeacherTableError(f"{file} has no rows, expected one for each word")
    return {name: table[name] for name in expected}


def _matrix(column: pa.ChunkedArray, *, file: Path) -> np.ndarray:
    lists = column.combine_chunks()
    widths = Counter(lists.value_lengths().to_pylist())
    if len(widths) > 1:
        raise TeacherTableError(
            f"{file}: vectors have different widths {dict(widths.most_common(4))}, expected one width"
        )
    return lists.flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(len(lists), -1)


def _check_words(words: list[str], *, file: Path) -> None:
    if empty := [row for row, word in enumerate(words) if not word or word.isspace()]:
        raise TeacherTableError(f"{file}: rows {empty[:5]} have no word; drop them")
    if repeated := [word for word, count in Counter(words).items() if count > 1]:
        raise TeacherTableError(
            f"{file}: {len(repeated)} words occur more than once, for example {repeated[:5]}; keep one vector a word"
        )


def _check_vectors(vectors: np.ndarray, *, words: list[str], file: Path) -> None:
    norms = np.linalg.norm(vectors, axis=1)
    for wrong, what in ((~np.isfinite(norms), "NaN or infinite"), (norms == 0, "zero")):
        if wrong.any():
            named = [words[row] for row in np.flatnonzero(wrong)[:5]]
            raise TeacherTableError(f"{file}: {int(wrong.sum())} vectors are {what}, for example of {named}; drop them")


def write_table(
    path: str | Path, *, words: Sequence[str], vectors: np.ndarray, frequencies: np.ndarray, levels: int = LEVELS
) -> None:
    """Writes a table. `vectors` is `(words, width)`; entries of a row take `2 * levels + 1` values."""
    vectors = vectors.astype(np.float32) / np.linalg.norm(vectors.astype(np.float32), axis=1, keepdims=True)
    scale = (np.abs(vectors).max(axis=1, keepdims=True) / levels).astype(np.float16)
    entries = np.rint(vectors / scale.astype(np.float32)).clip(-127, 127).astype(np.int8)
    columns = {
        "word": pa.array(words, pa.string()),
        "frequency": pa.array(frequencies.astype(np.float32)),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(entries.ravel()), vectors.shape[1]),
        "scale": pa.array(scale.ravel()),
    }
    parquet.write_table(pa.table(columns), path, compression="zstd", compression_level=19, use_dictionary=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes a table of a word list and a matrix."""
    parser = argparse.ArgumentParser(prog="python -m training.table", description="Make a teacher table.")
    parser.add_argument("words", type=Path, help="one word a line, in the order of the vectors")
    parser.add_argument("vectors", type=Path, help="a .npy file, (words, width)")
    parser.add_argument("table", type=Path, help="the Parquet file to write")
    parser.add_argument("--frequencies", type=Path, help="one Zipf frequency a line; without it all are 0")
    options = parser.parse_args(arguments)
    try:
        table = _make_table(options)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    size = options.table.stat().st_size / 1e6
    counts = f"{len(table.words):,} words x {table.width}, {int(table.held_out.sum()):,} held out"
    print(f"{options.table}: {counts}, {size:.1f} MB")


def _make_table(options: argparse.Namespace) -> TeacherTable:
    words = options.words.read_text(encoding="utf-8").splitlines()
    vectors = np.load(options.vectors)
    frequencies = np.loadtxt(options.frequencies) if options.frequencies else np.zeros(len(words))
    if vectors.ndim != 2 or not len(words) == len(vectors) == len(frequencies):
        raise ValueError(
            f"{len(words)} words, vectors of shape {vectors.shape} and {len(frequencies)} frequencies: expected one "
            "vector and, if given, one frequency for each word"
        )
    # Read back before it takes the place of a table that may be good.
    candidate = options.table.with_name(f".{options.table.name}.new")
    try:
        write_table(candidate, words=words, vectors=vectors, frequencies=frequencies)
        table = read_table(candidate)
        candidate.replace(options.table)
    finally:
        candidate.unlink(missing_ok=True)
    return table


if __name__ == "__main__":
    main()
