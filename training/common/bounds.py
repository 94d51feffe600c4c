"""How large what is read may be: a damaged or hostile file is to be an error, not a full memory."""

from collections.abc import Iterator
from typing import IO, AnyStr

import psutil

# Entries of a vector. The widest that any published model has are a quarter of it.
WIDEST_VECTOR = 65_536


def check_memory(needed: int, *, name: str) -> None:
    """Raises `ValueError` if `needed` bytes, which the contents of `name` would take, are not to be had now."""
    if needed > (available := psutil.virtual_memory().available):
        raise ValueError(
            f"{name} would take {needed / 1e9:,.1f} GB of memory, and {available / 1e9:,.1f} GB are free; is it whole? "
            "Or use a smaller one"
        )


def bounded_lines(file: IO[AnyStr], *, longest: int, name: str) -> Iterator[AnyStr]:
    """The lines of an open file, with their ends. Raises `ValueError` for a line of more than `longest` characters."""
    number = 0
    while line := file.readline(longest + 2):  # and the end of the line, \r\n
        number += 1
        if len(line) == longest + 2 and line[-1:] not in ("\n", b"\n"):
            raise ValueError(f"{name}, line {number} has more than {longest:,} characters, expected one word a line")
        yield line
