"""Teachers: whatever maps words to vectors, behind one protocol and chosen by name in a configuration.

Each module here is one kind of teacher. It holds a frozen, keyword-only dataclass `Options` that checks itself (see
`training.common.settings.check_fields`) and a function `open_teacher(options, *, lexicon, folder)`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from training.common.settings import build

TEACHERS = ("table", "sentence_transformers", "openai", "spanish_lexical")


@dataclass(frozen=True)
class Estimate:
    """What teaching will take, told before anything is paid for.

    `tokens` are those that the requests send, `cost` is in the currency of the price that was given (None if no price
    is known), `seconds` is a rough time.
    """

    requests: int
    tokens: int
    cost: float | None
    seconds: float


class Teacher(Protocol):
    """Anything that maps words to vectors of `width` entries. The same words always get the same vectors."""

    width: int

    def identity(self) -> dict[str, Any]:
        """Everything that determines the vectors, as JSON types: digests of files, names, options; never a secret."""

    def estimate(self, words: Iterable[str]) -> Estimate | None:
        """What looking these words up will take; None if it costs nothing but time."""

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Vectors `(words, width)` float32, zeros for a word it does not know, and which it knows, `(words,)` bool."""


def read_options(name: str, *, options: dict[str, Any]) -> Any:
    """The checked `Options` of the teacher of that name. Raises `ValueError` that lists every problem at once."""
    if name not in TEACHERS:
        raise ValueError(f"teacher is {name!r}, expected one of {', '.join(TEACHERS)}")
    return build(_module(name).Options, values=options, source=f"options of {name}")


def open_teacher(name: str, *, options: dict[str, Any], lexicon: Path, folder: Path) -> Teacher:
    """The teacher of that name, ready to look words up.

    `lexicon` is the word list that is taught (Parquet), `folder` is where the teacher may keep what it needs to go on
    after it was killed; it exists. Raises `ValueError` for bad options and `OSError` for what is not there.
    """
    checked = read_options(name, options=options)
    teacher: Teacher = _module(name).open_teacher(checked, lexicon=lexicon, folder=folder)
    return teacher


def _module(name: str) -> ModuleType:
    try:
        return import_module(f"training.teach.teachers.{name}")
    except ModuleNotFoundError as error:
        raise ValueError(f"teacher {name!r} needs {error.name}, which is missing: pip install '.[teach]'") from error
