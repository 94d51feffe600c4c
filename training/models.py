"""What can be evaluated: anything on this machine that gives vectors to words.

- `shipped`: the model in the package;
- a BEAST model folder, ours or the sentence-transformers folder of one;
- any other sentence-transformers folder;
- a table of words and vectors: Parquet (columns `word`, `vector` and, where a vector is `vector * scale`, `scale`),
  word2vec or fastText text (`.vec` or `.txt`, also `.gz`), or NumPy (`.npy`, `.npz`) with its words, one a line, beside
  it: of `name.npy` in `name.txt`, else in `words.txt`.
"""

import gzip
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from beast_core import load_encoder
from beast_core.storage import CONFIG_FILE, CONFIG_KEY, SHIPPED_MODEL
from training.evalsets import InputError, normalise

SHIPPED = "shipped"
_EXPECTED = (
    "expected 'shipped', a model folder, or a table (.parquet, .vec, .txt, .vec.gz, .txt.gz, .npy, .npz); "
    "name=path gives it a name"
)


class WordVectors(Protocol):
    """A model under evaluation."""

    width: int

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Vectors `(words, width)` float32, zeros for a word it does not know, and which it knows, `(words,)` bool."""


@dataclass(frozen=True)
class ModelSource:
    """A model that is known to be there but not loaded yet. `kind` is 'beast', 'sentence-transformers' or 'table'."""

    name: str
    kind: str
    path: Path

    @property
    def size(self) -> int:
        """Bytes on disk; of a NumPy table without its words."""
        files = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return sum(file.stat().st_size for file in files if file.is_file())

    def load(self) -> WordVectors:
        """Reads the model. Raises `InputError`, or `ModelFolderError` for a BEAST folder."""
        return {"beast": BeastWords, "sentence-transformers": SentenceWords, "table": read_table}[self.kind](self.path)


def find_model(given: str) -> ModelSource:
    """What `given` is: `shipped`, a path, or `name=` before either. Raises `InputError` if it cannot be evaluated."""
    name, separator, rest = given.partition("=")
    named = bool(separator) and not Path(given).exists()
    target = rest if named else given
    path = SHIPPED_MODEL if target == SHIPPED else Path(target)
    name = name if named else (SHIPPED if target == SHIPPED else path.resolve().name)
    if not name:
        raise InputError(f"model {given!r} has no name before '='; {_EXPECTED}")
    return ModelSource(name, _kind(path, given=given), path)


def _kind(path: Path, *, given: str) -> str:
    if path.is_file():
        if _reader(path) is None:
            raise InputError(f"model {given!r} is a file of an unknown kind, {_EXPECTED}")
        return "table"
    if not path.is_dir():
        raise InputError(f"model {given!r}: there is nothing at {path.resolve()}; {_EXPECTED}")
    config, modules = path / CONFIG_FILE, path / "modules.json"
    if modules.is_file() and not (config.is_file() and _is_beast(config)):
        return "sentence-transformers"
    if config.is_file():
        return "beast"
    names = sorted(entry.name for entry in path.iterdir())[:8]
    found = f"a folder without {config.name} and {modules.name} (it holds {names})"
    raise InputError(f"model {given!r} is {found}; {_EXPECTED}")


def _is_beast(config: Path) -> bool:
    try:
        return CONFIG_KEY in json.loads(config.read_text(encoding="utf-8"))
    except (ValueError, TypeError):
        return False


class BeastWords:
    """A BEAST encoder, without the cache of vectors that would flatter its speed. It knows every word."""

    def __init__(self, path: Path) -> None:
        self._encoder = load_encoder(path, cache_size=0)
        self.width = self._encoder.width

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `WordVectors`."""
        return self._encoder.encode(words), np.ones(len(words), dtype=bool)


class SentenceWords:
    """A sentence-transformers model that embeds each word as a sentence. It knows every word."""

    def __init__(self, path: Path) -> None:
        from sentence_transformers import SentenceTransformer  # slow to import, and only needed here

        try:
            self._model = SentenceTransformer(str(path.resolve()), device="cpu", local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise InputError(f"{path} is not a model that sentence-transformers can load: {error}") from error
        self.width = self._model.get_embedding_dimension()

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `WordVectors`."""
        vectors = self._model.encode(list(words), convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32), np.ones(len(words), dtype=bool)


class Table:
    """A table of vectors, `(words, width)` of any number type; row i counts `scale[i]` times.

    A word is looked up in lower case; where the table has several spellings of it, the lower-case one is taken, else
    the first. Raises `InputError` for a table without rows, of the wrong shape, or with NaN or infinity.
    """

    def __init__(
        self, words: Sequence[str], vectors: np.ndarray, *, path: Path, scale: np.ndarray | None = None
    ) -> None:
        if vectors.ndim != 2 or not vectors.size or not np.issubdtype(vectors.dtype, np.number):
            raise InputError(f"{path}: found {vectors.dtype} {vectors.shape}, expected numbers in (words, width)")
        if len(words) != len(vectors):
            raise InputError(f"{path}: found {len(words)} words and {len(vectors)} vectors, expected one for each word")
        finite = np.isfinite(vectors).all(axis=1) & (True if scale is None else np.isfinite(scale))
        if not finite.all():
            row = int(np.flatnonzero(~finite)[0])
            raise InputError(f"{path}: the vector of {words[row]!r} (row {row}) holds NaN or infinity; drop or mend it")
        self.width = vectors.shape[1]
        self._vectors, self._scale = vectors, scale
        self._rows: dict[str, int] = {}
        spellings = [normalise(word) for word in words]
        for exact in (True, False):
            for row, (word, spelling) in enumerate(zip(words, spellings, strict=True)):
                if (word == spelling) is exact:
                    self._rows.setdefault(spelling, row)

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `WordVectors`."""
        rows = np.array([self._rows.get(normalise(word), -1) for word in words], dtype=np.int64)
        known = rows >= 0
        vectors = np.zeros((len(words), self.width), dtype=np.float32)
        vectors[known] = self._vectors[rows[known]]
        if self._scale is not None:
            vectors[known] *= self._scale[rows[known], None]
        return vectors, known


def read_table(path: Path) -> Table:
    """The table in a file; its ending says how it is written. Raises `InputError` for anything else."""
    try:
        return _reader(path)(path)
    except (OSError, EOFError, zipfile.BadZipFile, pa.ArrowException) as error:
        raise InputError(
            f"{path} cannot be read ({error}); it is truncated or of another kind, copy it again"
        ) from error


def _reader(path: Path) -> Callable[[Path], Table] | None:
    ending = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    return _READERS.get(ending)


def _read_parquet(path: Path) -> Table:
    columns = parquet.read_table(path)
    if missing := [name for name in ("word", "vector") if name not in columns.column_names]:
        raise InputError(
            f"{path} has columns {columns.column_names}, expected word, vector, perhaps scale: no {missing}"
        )
    used = [name for name in ("word", "vector", "scale") if name in columns.column_names]
    if empty := [name for name in used if columns[name].null_count]:
        raise InputError(f"{path}: columns {empty} have empty cells, expected none")
    lists = columns["vector"].combine_chunks()
    if not isinstance(lists, pa.ListArray | pa.FixedSizeListArray | pa.LargeListArray):
        raise InputError(f"{path}: column vector holds {lists.type}, expected lists of numbers")
    widths = sorted(set(lists.value_lengths().to_pylist()))
    if len(widths) > 1:
        raise InputError(f"{path}: the vectors have different widths, {widths[:8]}, expected one")
    vectors = lists.flatten().to_numpy(zero_copy_only=False).reshape(len(lists), -1 if len(lists) else 0)
    scale = columns["scale"].to_numpy() if "scale" in used else None
    return Table(columns["word"].to_pylist(), vectors, path=path, scale=scale)


def _read_numpy(path: Path) -> Table:
    beside = [path.with_suffix(".txt"), path.with_name("words.txt")]
    words = next((file for file in beside if file.is_file()), None)
    if words is None:
        raise InputError(f"{path} has no words: expected {beside[0]} or {beside[1]}, one word a line")
    try:
        content = np.load(path, allow_pickle=False)
        arrays = {"": content} if isinstance(content, np.ndarray) else dict(content)
    except ValueError as error:
        raise InputError(f"{path} cannot be read ({error}); expected a .npy or .npz of plain numbers") from error
    if len(arrays) != 1:
        raise InputError(f"{path} holds the arrays {sorted(arrays)}, expected one, (words, width)")
    (vectors,) = arrays.values()
    return Table(words.read_text(encoding="utf-8").splitlines(), vectors, path=path)


def _read_text(path: Path) -> Table:
    words, rows = [], []
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    with opener(path, "rt", encoding="utf-8", errors="replace", newline="\n") as lines:
        first = next(lines, "").split()
        header = len(first) == 2 and all(cell.isdecimal() for cell in first)
        width = int(first[1]) if header else len(first) - 1
        if width < 1:
            raise InputError(f"{path}, line 1: found {' '.join(first)!r:.60}, expected a word and its numbers")
        if not header:
            words.append(first[0])
            rows.append(_numbers(first[1:], path=path, line=1))
        for number, line in enumerate(lines, start=2):
            word, *cells = line.rstrip().rsplit(" ", width)
            if len(cells) != width:
                raise InputError(f"{path}, line {number}: found {len(cells)} numbers, expected {width}: {line!r:.60}")
            words.append(word)
            rows.append(_numbers(cells, path=path, line=number))
    if header and len(words) != int(first[0]):
        raise InputError(f"{path}: line 1 promises {first[0]} words, found {len(words)}: the file is cut off")
    return Table(words, np.stack(rows) if rows else np.empty((0, width)), path=path)


def _numbers(cells: Sequence[str], *, path: Path, line: int) -> np.ndarray:
    try:
        return np.array(cells, dtype=np.float32)
    except ValueError as error:
        raise InputError(f"{path}, line {line}: expected a word and numbers between spaces ({error})") from error


_READERS = {
    ".parquet": _read_parquet,
    ".npy": _read_numpy,
    ".npz": _read_numpy,
    ".vec": _read_text,
    ".txt": _read_text,
    ".vec.gz": _read_text,
    ".txt.gz": _read_text,
}
