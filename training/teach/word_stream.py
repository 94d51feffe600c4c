"""The words to teach, read as a stream: a lexicon in Parquet, or a plain text file.

Parquet: a column `word` and, if they are known, `frequency` (Zipf scale: log10 of occurrences per billion words; 0 is
never counted) and `held_out`. Text: UTF-8, one word a line, perhaps a tab and a Zipf frequency after it. Best with the
most frequent words first, so that the first N words are the ones that matter.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from beast_core.files import replace_file
from training.common.bounds import bounded_lines
from training.common.files import digest
from training.common.parquet import Columns, repeated_words
from training.common.words import LONGEST_WORD, check_frequencies, compose
from training.table import held_out_words

_PIECE = 65_536
_LONGEST_LINE = 4096  # bytes: a word, a tab and a number


class WordStreamError(ValueError):
    """A word list that cannot be taught; the message says where, what was found and what was expected."""


@dataclass(frozen=True)
class Words:
    """A piece of a word list: its place, `(words,)` strings, and frequencies `(words,)` float32."""

    rows: slice
    column: pa.StringArray
    frequencies: np.ndarray
    given_held_out: np.ndarray | None

    @cached_property
    def words(self) -> list[str]:
        """The words; made only when they are asked for, which costs more than all the rest."""
        return self.column.to_pylist()

    @cached_property
    def held_out(self) -> np.ndarray:
        """As the list says or, where it says nothing, as `training.table.held_out_words` does: `(words,)` bool."""
        return held_out_words(self.words) if self.given_held_out is None else self.given_held_out


class WordStream:
    """A checked word list, in which a word stands once only.

    `count` is the number of words, at most `limit` if that is not 0; `digest` is of the file that was given; `path` is
    the Parquet file with the words, which for text is written to `folder`. Raises `FileNotFoundError` and
    `WordStreamError`.
    """

    def __init__(self, path: str | Path, *, folder: Path, limit: int = 0) -> None:
        file = Path(path).resolve()
        if not file.is_file():
            raise FileNotFoundError(f"no word list at {file} (given: {str(path)!r}), expected Parquet or text")
        self.digest = digest(file)
        try:
            self.path = file if file.suffix.lower() == ".parquet" else _import_text(file, folder=folder)
            self._columns = Columns(self.path, needed=("word",), perhaps=("frequency", "held_out"))
            self.count = min(self._columns.rows, limit or self._columns.rows)
            self._check(file)
        except ValueError as error:
            raise WordStreamError(str(error)) from error

    def pieces(self, size: int = _PIECE) -> Iterator[Words]:
        """All words in pieces of `size`, the last one shorter."""
        start = 0
        for batch in self._columns.batches(size=size):
            batch = batch.slice(0, self.count - start)
            rows = slice(start, start + len(batch))
            columns = dict(zip(batch.schema.names, batch.columns, strict=True))
            frequencies, held_out = np.zeros(len(batch), dtype=np.float32), None
            if "frequency" in columns:
                frequencies = columns["frequency"].to_numpy(zero_copy_only=False).astype(np.float32)
            if "held_out" in columns:
                held_out = columns["held_out"].to_numpy(zero_copy_only=False)
            yield Words(rows, columns["word"], frequencies, held_out)
            start = rows.stop
            if start == self.count:
                return

    def chosen(self, first: int, *, described: Callable[[Sequence[str]], np.ndarray], folder: Path) -> Self:
        """The `first` words of the list, and those of the others that are `described`, in the list's order.

        `described` says which of some words are, `(words,)` bool. They are written to a Parquet file in `folder`.
        """
        path, start = folder / "chosen.parquet", 0
        schema = pa.schema(map(parquet.read_schema(self.path).field, self._columns.names))
        with replace_file(path) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
            for batch in self._columns.batches():
                kept = np.arange(start, start + len(batch)) < first
                kept |= described(batch["word"].to_pylist())
                writer.write_batch(batch.filter(pa.array(kept)))
                start += len(batch)
        stream = type(self)(path, folder=folder)
        stream.digest = self.digest
        return stream

    def _check(self, file: Path) -> None:
        if not self.count:
            raise WordStreamError(f"{file} has no words, expected one a line or row")
        for piece in self.pieces():
            check_frequencies(piece.frequencies, words=piece.words, name=str(file))
            for row, word in enumerate(piece.words, start=piece.rows.start):
                if len(word) > LONGEST_WORD or len(word.split()) != 1:
                    raise WordStreamError(
                        f"{file}: row {row} is {word[:60]!r}, expected one word without white space and of "
                        f"{LONGEST_WORD} letters at most (found {len(word)})"
                    )
        if repeated := repeated_words(lambda: (piece.words for piece in self.pieces()), spelling=compose):
            raise WordStreamError(
                f"{file}: {len(repeated)} words occur more than once, for example {repeated[:5]}; keep one of each"
            )


def _import_text(file: Path, *, folder: Path) -> Path:
    """The same as a Parquet file. Blank lines are passed over."""
    target = folder / "lexicon.parquet"
    schema = pa.schema([("word", pa.string()), ("frequency", pa.float32())])
    lines = _lines(file)
    with replace_file(target) as temporary, parquet.ParquetWriter(temporary, schema) as writer:
        while piece := list(islice(lines, _PIECE)):
            writer.write_table(pa.table([pa.array(column) for column in zip(*piece, strict=True)], schema=schema))
    return target


def _lines(file: Path) -> Iterator[tuple[str, np.float32]]:
    with file.open("rb") as opened:
        lines = bounded_lines(opened, longest=_LONGEST_LINE, name=str(file))
        for number, line in enumerate(lines, start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                word, *cells = (cell.strip() for cell in text.rstrip("\r\n").split("\t"))
                frequency = np.float32(cells[0]) if cells else np.float32(0)
            except UnicodeDecodeError as error:
                raise WordStreamError(f"{file}, line {number} is not UTF-8 ({error}); save it as UTF-8") from error
            except ValueError:
                cells = ["", ""]  # not a number
            if len(cells) > 1 or len(word.split()) > 1 or (cells and not word) or len(word) > LONGEST_WORD:
                raise WordStreamError(
                    f"{file}, line {number} is {line.decode(errors='replace').rstrip()!r:.60}, expected one word "
                    f"without white space, of {LONGEST_WORD} letters at most, and perhaps a tab and a Zipf frequency"
                )
            if word:
                yield word, frequency
