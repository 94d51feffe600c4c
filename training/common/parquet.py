"""Parquet files of words and vectors, read and checked piece by piece."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from pyarrow import types

from training.common.bounds import WIDEST_VECTOR

_PIECE = 16_384  # rows
_PIECE_ENTRIES = 2**24  # of vectors; of wider ones a piece has fewer rows


def _is_text(kind: pa.DataType) -> bool:
    return types.is_string(kind) or types.is_large_string(kind)


def _is_number(kind: pa.DataType) -> bool:
    return types.is_integer(kind) or types.is_floating(kind)


def _is_numbers(kind: pa.DataType) -> bool:
    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return lists and _is_number(kind.value_type)


_KINDS = {
    "word": ("strings", _is_text),
    "frequency": ("numbers", _is_number),
    "held_out": ("booleans", types.is_boolean),
    "lemma": ("strings", _is_text),
    "written": ("strings", _is_text),
    "vector": ("lists of numbers", _is_numbers),
    "scale": ("numbers", _is_number),
}


class Columns:
    """The columns `needed` of a Parquet file, and those of `perhaps` that it has.

    `rows` is how many there are, counted; `names` which columns. Raises `ValueError`, with the file's name, for a file
    that is not whole, has other columns, or promises what it does not hold.
    """

    def __init__(self, path: Path, *, needed: Sequence[str], perhaps: Sequence[str] = ()) -> None:
        self.path = path
        with _whole(path), parquet.ParquetFile(path) as file:
            schema, self._promised = file.schema_arrow, file.metadata.num_rows
            self._width = _promised_width(file.metadata)
        if missing := [name for name in needed if name not in schema.names]:
            raise ValueError(f"{path} has columns {schema.names}, expected {list(needed)}: {missing} missing")
        self.names = [name for name in (*needed, *perhaps) if name in schema.names]
        for name in self.names:
            told, fits = _KINDS[name]
            if not fits(schema.field(name).type):
                raise ValueError(f"{path}: column {name!r} holds {schema.field(name).type}, expected {told}")
        if "vector" in self.names and self._width > WIDEST_VECTOR:
            raise ValueError(f"{path}: vectors have {self._width:,} entries, expected {WIDEST_VECTOR:,} at most")
        shortest = min(self.names, key=("held_out", "scale", "frequency", "word", "lemma", "written", "vector").index)
        self.rows = sum(len(batch) for batch in self.batches(shortest))

    def batches(self, *names: str, size: int = 0) -> Iterator[pa.RecordBatch]:
        """The rows of these columns, or of all, in pieces of `size`; 0 chooses one.

        Raises `ValueError` for empty cells, for text that is not UTF-8, and for other rows than the footer promises.
        """
        chosen, found = list(names or self.names), 0
        most = _PIECE_ENTRIES // max(self._width, 1) if "vector" in chosen else _PIECE
        with _whole(self.path), parquet.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=size or max(1, min(_PIECE, most)), columns=chosen):
                batch.validate(full=True)
                found += len(batch)
                for name, column in zip(batch.schema.names, batch.columns, strict=True):
                    if column.null_count:
                        raise ValueError(
                            f"{self.path}: column {name!r} has {column.null_count} empty cells, expected none"
                        )
                yield batch
        if found != self._promised:
            raise ValueError(
                f"{self.path} promises {self._promised:,} rows and holds {found:,}: it is damaged; copy it again"
            )


def read_metadata(path: Path) -> dict[str, str]:
    """What the writer of a Parquet file said of the whole of it. Raises `ValueError`, with the file's name."""
    with _whole(path):
        said = parquet.read_schema(path).metadata or {}
        return {name.decode(errors="replace"): value.decode(errors="replace") for name, value in said.items()}


def _promised_width(metadata: parquet.FileMetaData) -> int:
    """Entries of the widest vectors, as far as the footer tells."""
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    columns = ((group, group.column(index)) for group in groups for index in range(group.num_columns))
    widths = (
        column.num_values // max(group.num_rows, 1)
        for group, column in columns
        if column.path_in_schema.partition(".")[0] == "vector"
    )
    return max(widths, default=0)


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise ValueError(f"{path} is not a whole Parquet file: {error}; copy or make it again") from error


def list_matrix(lists: pa.Array, *, name: str, width: int | None = None) -> np.ndarray:
    """A column of lists of numbers as a matrix `(rows, width)`; `name` is what errors call the file.

    Raises `ValueError` for lists of different lengths, or not of `width` if it is given, and for empty cells in them.
    """
    widths = Counter(lists.value_lengths().to_pylist())
    if len(widths) > 1 or width not in (None, *widths):
        before = f" after {width}" if width else ""
        raise ValueError(f"{name}: vectors have different widths {dict(widths.most_common(4))}{before}, expected one")
    numbers = lists.flatten()
    if numbers.null_count:
        raise ValueError(f"{name}: {numbers.null_count} numbers in column 'vector' are empty cells, expected none")
    return numbers.to_numpy(zero_copy_only=False).reshape(len(lists), *widths)


def repeated_words(
    stream: Callable[[], Iterable[Sequence[str]]], *, spelling: Callable[[str], str] = str
) -> list[str | tuple[str, ...]]:
    """The words that a stream of lists of words gives more than once, found with 16 bytes a word.

    Words of equal `spelling` are one, and where they are written differently all of them are told. The stream is read
    once, and again only where two hashes are equal, to compare the words themselves.
    """
    hashes = [np.fromiter((hash(spelling(word)) for word in words), dtype=np.int64) for words in stream()]
    ordered = np.concatenate([np.empty(0, dtype=np.int64), *hashes])
    ordered.sort()
    suspects = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
    if not suspects:
        return []
    written: defaultdict[str, list[str]] = defaultdict(list)
    for word in (word for words in stream() for word in words):
        if hash(spelled := spelling(word)) in suspects:
            written[spelled].append(word)
    forms = (tuple(dict.fromkeys(words)) for words in written.values() if len(words) > 1)
    return [words if len(words) > 1 else words[0] for words in forms]
