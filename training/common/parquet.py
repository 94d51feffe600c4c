"""Parquet files of words and vectors, read and checked piece by piece."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from pyarrow import types

_PIECE = 16_384  # rows


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
    "vector": ("lists of numbers", _is_numbers),
    "scale": ("numbers", _is_number),
}


class Columns:
    """The columns `needed` of a Parquet file, and those of `perhaps` that it has.

    `rows` is their number, `names` which are there. Raises `ValueError`, with the file's name, for a file that is not
    whole or has other columns.
    """

    def __init__(self, path: Path, *, needed: Sequence[str], perhaps: Sequence[str] = ()) -> None:
        self.path = path
        with _whole(path), parquet.ParquetFile(path) as file:
            schema, self.rows = file.schema_arrow, file.metadata.num_rows
        if missing := [name for name in needed if name not in schema.names]:
            raise ValueError(f"{path} has columns {schema.names}, expected {list(needed)}: {missing} missing")
        self.names = [name for name in (*needed, *perhaps) if name in schema.names]
        for name in self.names:
            told, fits = _KINDS[name]
            if not fits(schema.field(name).type):
                raise ValueError(f"{path}: column {name!r} holds {schema.field(name).type}, expected {told}")

    def batches(self, *names: str, size: int = _PIECE) -> Iterator[pa.RecordBatch]:
        """The rows of these columns, or of all, in pieces of `size`. Raises `ValueError` for empty cells."""
        with _whole(self.path), parquet.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=size, columns=list(names or self.names)):
                for name, column in zip(batch.schema.names, batch.columns, strict=True):
                    if column.null_count:
                        raise ValueError(
                            f"{self.path}: column {name!r} has {column.null_count} empty cells, expected none"
                        )
                yield batch


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
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


def repeated_words(stream: Callable[[], Iterable[Sequence[str]]]) -> list[str]:
    """The words that a stream of lists of words gives more than once, found with 16 bytes a word.

    The stream is read once, and again only where two hashes are equal, to compare the words themselves.
    """
    hashes = [np.fromiter(map(hash, words), dtype=np.int64, count=len(words)) for words in stream()]
    ordered = np.concatenate([np.empty(0, dtype=np.int64), *hashes])
    ordered.sort()
    suspects = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
    if not suspects:
        return []
    counts = Counter(word for words in stream() for word in words if hash(word) in suspects)
    return [word for word, count in counts.items() if count > 1]
