"""Tables of words and vectors in whatever file they come.

- Parquet: columns `word`, `vector` and, where a vector is `vector * scale`, `scale`;
- text as word2vec, fastText and GloVe write it, with or without a first line of counts: `.vec` or `.txt`, also `.gz`;
- NumPy (`.npy`, `.npz`) with its words, one a line, beside it: of `name.npy` in `name.txt`, else in `words.txt`. Of a
  line only what stands before a tab counts, so that it may be a word list with frequencies;
- a folder of a spaCy pipeline, such as `spacy init vectors` writes; its vectors may also be floret's or BEAST's.

A table is held in memory as its file stores it: four bytes an entry of a text table, and about 200 bytes a word.
"""

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.common.arrays import read_arrays
from training.common.bounds import WIDEST_VECTOR, bounded_lines, check_memory
from training.common.errors import InputError
from training.common.parquet import Columns, list_matrix
from training.common.rows import pieces
from training.common.words import normalise
from training.vectors import WordVectors

# Of vectors that are looked at, or made room for, at a time.
_PIECE_ROWS, _PIECE_ENTRIES = 65_536, 2**24
_BYTES_A_WORD = 200  # in a list and a dictionary
# Characters of a line of text: a word and, at the widest, its numbers with all their digits.
_LONGEST_LINE = 25 * WIDEST_VECTOR
_LONGEST_COUNT = 12  # digits
_ARCHIVE = b"PK\x03\x04"  # how a .npz begins


class Table:
    """A table of vectors, `(words, width)` of any number type; row i counts `scale[i]` times.

    With `lowercase`, a word is looked up in lower case; where the table has several spellings of it, the lower-case one
    is taken, else the first. Raises `InputError` for a table without rows, of the wrong shape, or with NaN or infinity.
    """

    def __init__(
        self,
        words: Sequence[str],
        vectors: np.ndarray,
        *,
        path: Path,
        scale: np.ndarray | None = None,
        lowercase: bool = True,
    ) -> None:
        real = np.issubdtype(vectors.dtype, np.integer) or np.issubdtype(vectors.dtype, np.floating)
        if vectors.ndim != 2 or not vectors.size or vectors.shape[1] > WIDEST_VECTOR or not real:
            raise InputError(
                f"{path}: found {vectors.dtype} {vectors.shape}, expected numbers in (words, width), real ones, the "
                f"width {WIDEST_VECTOR:,} at most"
            )
        if len(words) != len(vectors):
            raise InputError(f"{path}: found {len(words)} words and {len(vectors)} vectors, expected one for each word")
        for place in pieces(len(words), size=_rows_of(vectors.shape[1])):  # the whole would be as large as the table
            finite = np.isfinite(vectors[place]).all(axis=1) & (True if scale is None else np.isfinite(scale[place]))
            if not finite.all():
                row = place.start + int(np.flatnonzero(~finite)[0])
                raise InputError(
                    f"{path}: the vector of {words[row]!r:.60} (row {row}) holds NaN or infinity; drop or mend it"
                )
        self.width = vectors.shape[1]
        self._vectors, self._scale = vectors, scale
        self._spelling: Callable[[str], str] = normalise if lowercase else str
        self._rows: dict[str, int] = {}
        for row, word in enumerate(words):
            spelling = self._spelling(word)
            held = self._rows.setdefault(spelling, row)
            if word == spelling and words[held] != spelling:
                self._rows[spelling] = row

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `WordVectors`."""
        rows = np.array([self._rows.get(self._spelling(word), -1) for word in words], dtype=np.int64)
        known = rows >= 0
        vectors = np.zeros((len(words), self.width), dtype=np.float32)
        vectors[known] = self._vectors[rows[known]]
        if self._scale is not None:
            vectors[known] *= self._scale[rows[known], None]
        return vectors, known


class SpacyVectors:
    """Vectors that spaCy computes for any string, such as floret's. A word whose vector is zero is unknown."""

    def __init__(self, vectors: Any, *, width: int) -> None:
        self._vectors, self.width = vectors, width

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `WordVectors`."""
        found = np.zeros((len(words), self.width), dtype=np.float32)
        if words:
            found[:] = self._vectors.get_batch(list(words))
        return found, np.any(found, axis=1)


def is_vector_file(path: Path) -> bool:
    """Whether something is there whose ending or, of a folder, contents are such as `read_vectors` knows."""
    return path.exists() and _reader(path) is not None


def read_vectors(path: Path, *, lowercase: bool = True) -> WordVectors:
    """The table in a file or folder; `lowercase` see `Table`.

    Raises `InputError` for anything else, and for a table that has not the size it says, or is larger than memory.
    """
    if (reader := _reader(path)) is None:
        raise InputError(f"{path} is no table of vectors; expected {VECTOR_FILES}")
    try:
        return reader(path, lowercase=lowercase)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"{path} cannot be read ({error}); it is truncated or of another kind, copy it again"
        ) from error
    except MemoryError as error:
        raise InputError(f"{path} does not fit into memory; use a smaller table") from error


def files_of(path: Path) -> list[Path]:
    """The files and folders that a table is read from: those to look at to know whether it has changed."""
    if path.is_dir():
        return [path / "vocab", path / "config.cfg"]
    return [path, _words_beside(path)] if path.suffix.lower() in (".npy", ".npz") else [path]


def _reader(path: Path) -> Callable[..., WordVectors] | None:
    if path.is_dir():
        return _read_spacy if (path / "config.cfg").is_file() and (path / "vocab").is_dir() else None
    ending = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    return _READERS.get(ending)


def _rows_of(width: int) -> int:
    return max(1, min(_PIECE_ROWS, _PIECE_ENTRIES // width))


def _room(rows: int, width: int, *, dtype: np.dtype, path: Path) -> np.ndarray:
    check_memory(rows * (width * dtype.itemsize + _BYTES_A_WORD), name=str(path))
    return np.empty((rows, width), dtype=dtype)


def _read_parquet(path: Path, *, lowercase: bool) -> Table:
    try:
        columns = Columns(path, needed=("word", "vector"), perhaps=("scale",))
        words: list[str] = []
        vectors, scale = np.empty((0, 0)), np.ones(columns.rows, dtype=np.float32)
        for batch in columns.batches():
            rows = list_matrix(batch["vector"], name=str(path), width=vectors.shape[1] or None)
            if not words:
                vectors = _room(columns.rows, rows.shape[1], dtype=rows.dtype, path=path)
            place = slice(len(words), len(words) + len(rows))
            vectors[place] = rows
            if "scale" in columns.names:
                scale[place] = batch["scale"].to_numpy(zero_copy_only=False)
            words += batch["word"].to_pylist()
    except ValueError as error:
        raise InputError(str(error)) from error
    return Table(words, vectors, path=path, scale=scale if "scale" in columns.names else None, lowercase=lowercase)


def _words_beside(path: Path) -> Path:
    beside = [path.with_suffix(".txt"), path.with_name("words.txt")]
    words = next((file for file in beside if file.is_file()), None)
    if words is None:
        raise InputError(f"{path} has no words: expected {beside[0]} or {beside[1]}, one word a line")
    return words


def _read_numpy(path: Path, *, lowercase: bool) -> Table:
    words = _words_beside(path)
    try:
        with path.open("rb") as file:
            archive = file.read(len(_ARCHIVE)) == _ARCHIVE
        arrays = read_arrays(path) if archive else {"": np.load(path, allow_pickle=False, mmap_mode="r")}
        with words.open(encoding="utf-8-sig") as text:
            lines = bounded_lines(text, longest=_LONGEST_LINE, name=str(words))
            listed = [line.rstrip("\n").split("\t")[0] for line in lines]
    except ValueError as error:
        raise InputError(
            f"{path} and {words} cannot be read ({error}); expected a .npy or .npz of plain numbers and UTF-8 text"
        ) from error
    if len(arrays) != 1:
        raise InputError(f"{path} holds the arrays {sorted(arrays)}, expected one, (words, width)")
    (vectors,) = arrays.values()
    return Table(listed, vectors, path=path, lowercase=lowercase)


def _read_text(path: Path, *, lowercase: bool) -> Table:
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rt", encoding="utf-8", errors="replace", newline="\n") as file:
        try:
            words, vectors = _text_rows(bounded_lines(file, longest=_LONGEST_LINE, name=str(path)), path=path)
        except ValueError as error:
            raise InputError(str(error)) from error
    return Table(words, vectors, path=path, lowercase=lowercase)


def _text_rows(lines: Iterator[str], *, path: Path) -> tuple[list[str], np.ndarray]:
    words: list[str] = []
    first = next(lines, "")
    counts = first.split()
    header = len(counts) == 2 and all(cell.isdecimal() and len(cell) <= _LONGEST_COUNT for cell in counts)
    width = int(counts[1]) if header else len(counts) - 1
    if not 1 <= width <= WIDEST_VECTOR:
        raise InputError(
            f"{path}, line 1: found {first.strip()[:60]!r}, expected a word and its numbers, 1 to {WIDEST_VECTOR:,}"
        )
    vectors = np.empty((0, width), dtype=np.float32)
    growth = _rows_of(width)
    for number, line in _numbered(lines, first=None if header else first):
        word, *cells = line.rstrip().rsplit(" ", width)
        if len(cells) != width:
            raise InputError(f"{path}, line {number}: found {len(cells)} numbers, expected {width}: {line!r:.60}")
        if len(words) == len(vectors):
            check_memory(growth * (vectors.itemsize * width + _BYTES_A_WORD), name=f"{path} from line {number} on")
            vectors.resize((len(words) + growth, width), refcheck=False)  # in place, so that there is one copy
        try:
            vectors[len(words)] = cells
        except ValueError as error:
            raise InputError(f"{path}, line {number}: expected a word and numbers between spaces ({error})") from error
        words.append(word)
    if header and len(words) != int(counts[0]):
        raise InputError(f"{path}: line 1 promises {counts[0]} words, found {len(words)}: the file is cut off")
    vectors.resize((len(words), width), refcheck=False)
    return words, vectors


def _numbered(lines: Iterator[str], *, first: str | None) -> Iterator[tuple[int, str]]:
    if first is not None:
        yield 1, first
    yield from enumerate(lines, start=2)


def _read_spacy(path: Path, *, lowercase: bool) -> WordVectors:
    import spacy  # slow to import, and only needed here
    from spacy.vectors import Mode, Vectors

    try:
        components = spacy.util.load_config(path / "config.cfg")["nlp"]["pipeline"]
        vocabulary = spacy.load(path, exclude=components).vocab
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise InputError(f"{path} is not a pipeline that spaCy can load: {error}") from error
    vectors, strings = vocabulary.vectors, vocabulary.strings
    if not isinstance(vectors, Vectors) or vectors.mode != Mode.default:
        return SpacyVectors(vectors, width=vocabulary.vectors_length)
    rows = {strings[key]: row for key, row in vectors.key2row.items() if key in strings}
    if not rows:
        raise InputError(f"{path} has no vectors, expected a pipeline that has some (see `spacy init vectors`)")
    return Table(list(rows), vectors.data[list(rows.values())], path=path, lowercase=lowercase)


VECTOR_FILES = ".parquet, .vec, .txt, .vec.gz, .txt.gz, .npy, .npz, or a folder of a spaCy pipeline"
_READERS = {
    ".parquet": _read_parquet,
    ".npy": _read_numpy,
    ".npz": _read_numpy,
    ".vec": _read_text,
    ".txt": _read_text,
    ".vec.gz": _read_text,
    ".txt.gz": _read_text,
}
