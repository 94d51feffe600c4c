"""Writes tables, piece by piece or whole, and none that cannot teach."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from training.table.reading import TableSummary, check_table, checked_unit_rows, held_out_words

Storage = Literal["int8", "float16"]

# 63 values an entry: cosine 0.9988 to the original.
LEVELS = 31


class TableWriter:
    """Writes a table piece by piece, to a file beside `path` that takes its place when it is whole and can teach.

        with TableWriter(path, width=256) as table:
            table.write(words, vectors=vectors, frequencies=frequencies)

    With `storage` int8, the entries of a vector take `2 * levels + 1` values. `language` and `space` are written into
    the file's metadata, unless they are "". On leaving the block, `summary` says what is in the table. Raises
    `TeacherTableError` for what cannot teach; on any error `path` is left as it was.
    """

    summary: TableSummary

    def __init__(
        self,
        path: str | Path,
        *,
        width: int,
        storage: Storage = "int8",
        levels: int = LEVELS,
        language: str = "",
        space: str = "",
    ) -> None:
        if not 1 <= levels <= 127:
            raise ValueError(f"levels is {levels}, expected 1 to 127")
        self._path = Path(path).resolve()
        self._candidate = self._path.with_name(f".{self._path.name}.new")
        self._levels = levels if storage == "int8" else 0
        entry = pa.int8() if storage == "int8" else pa.float16()
        self._schema = pa.schema(
            [
                ("word", pa.string()),
                ("frequency", pa.float32()),
                ("vector", pa.list_(entry, width)),
                ("scale", pa.float16()),
                ("held_out", pa.bool_()),
            ],
            metadata={name: said for name, said in (("language", language), ("space", space)) if said} or None,
        )

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Parquet stores int8 as int32; a dictionary packs 63 values into 6 bits, and zstd finds a little more.
        self._file = parquet.ParquetWriter(
            self._candidate,
            self._schema,
            compression="zstd",
            compression_level=15,
            use_dictionary=["vector.list.element"] if self._levels else False,
            use_byte_stream_split=False if self._levels else ["vector.list.element"],
        )
        return self

    def write(
        self,
        words: Sequence[str],
        *,
        vectors: np.ndarray,
        frequencies: np.ndarray,
        held_out: np.ndarray | None = None,
    ) -> None:
        """Adds a row group. `vectors` is `(words, width)`; without `held_out`, `held_out_words` says."""
        unit = checked_unit_rows(vectors.astype(np.float32), words=words, name=str(self._path))
        entries, scale = unit.astype(np.float16), np.ones((len(unit), 1), dtype=np.float16)
        if self._levels:
            scale = (np.abs(unit).max(axis=1, keepdims=True) / self._levels).astype(np.float16)
            entries = np.rint(unit / scale.astype(np.float32)).clip(-127, 127).astype(np.int8)
        columns = [
            pa.array(words, pa.string()),
            pa.array(np.asarray(frequencies, dtype=np.float32)),
            pa.FixedSizeListArray.from_arrays(pa.array(entries.ravel()), unit.shape[1]),
            pa.array(scale.ravel()),
            pa.array(held_out_words(words) if held_out is None else held_out),
        ]
        self._file.write_table(pa.table(columns, schema=self._schema), row_group_size=len(words))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._file.close()
            if kind is None:
                self.summary = check_table(self._candidate, name=str(self._path))
                self._candidate.replace(self._path)
        finally:
            self._candidate.unlink(missing_ok=True)


def write_table(
    path: str | Path,
    *,
    words: Sequence[str],
    vectors: np.ndarray,
    frequencies: np.ndarray,
    levels: int = LEVELS,
    language: str = "",
    space: str = "",
) -> None:
    """Writes a whole table at once, see `TableWriter`. `vectors` is `(words, width)`."""
    with TableWriter(path, width=vectors.shape[1], levels=levels, language=language, space=space) as table:
        table.write(words, vectors=vectors, frequencies=frequencies)
