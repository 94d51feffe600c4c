"""Ways from words to vectors, behind one protocol and in one list: what teaches can be evaluated and timed too.

A way is a module here that stands in `WAYS` and holds a `Way`, called `WAY`. Its name is what a teacher's settings
name, and `training/vectors/find.py` finds it by a path that it recognises, as `installed:NAME`, or by such settings.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np

from training.common.settings import build

# The first that recognises a path has it; those that need more packages are asked last.
WAYS = (
    "table",
    "beast",
    "sentence_transformers",
    "universal_sentence_encoder",
    "all_minilm_l6_v2",
    "openai",
    "lexical",
)


class WordVectors(Protocol):
    """Anything that gives vectors to words."""

    @property
    def width(self) -> int:
        """Entries of a vector."""

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Vectors `(words, width)` float32, zeros for a word it does not know, and which it knows, `(words,)` bool."""


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


class PlacedVectors(WordVectors, Protocol):
    """Vectors that say of which language they are, and in which space.

    `language` is the ISO 639-1 code of the language whose words it is asked for, `space` what identifies the space
    that its vectors lie in, which may be that of other languages too; both are "" where it does not say.
    """

    language: str
    space: str


class Teacher(PlacedVectors, Protocol):
    """Vectors that say what they are and what they cost. The same words always get the same vectors."""

    def identity(self) -> dict[str, Any]:
        """Everything that determines the vectors, as JSON types: digests of files, names, options; never a secret."""

    def estimate(self, words: Iterable[str]) -> Estimate | None:
        """What looking these words up will take; None if it costs nothing but time."""


@runtime_checkable
class Describing(Protocol):
    """What a teacher is besides that has a vector for any word: it tells for which that is a guess by the spelling."""

    def described(self, words: Sequence[str]) -> np.ndarray:
        """Of which words it knows more than how they are spelt, `(words,)` bool."""


class OfAnyLanguage:
    """A part of teachers that take the words of whatever language they are given, and say nothing of their space."""

    language: str = ""
    space: str = ""


class Free(OfAnyLanguage):
    """A part of those that cost nothing but time."""

    def estimate(self, words: Iterable[str]) -> Estimate | None:
        """None."""
        return None


_Options = TypeVar("_Options")


@dataclass(frozen=True, kw_only=True)
class Way(Generic[_Options]):
    """How vectors of one kind are described, found and opened.

    `options` is a frozen, keyword-only dataclass of pydantic (see `training.common.settings.CHECKED`). One of the two
    ways to open it is given: `open` takes the options alone; `open_to_teach` also the word list that is taught and a
    folder, for vectors that are paid for or fitted to that list. Those teach, and what they taught is a table, which is
    what one evaluates.

    `recognise` gives the options for a path of this kind, None for another. `path` is where that lies which the vectors
    are read from, and may raise `ImportError` for a package that is missing. `libraries` are imported only when it is
    opened. With `installed` it comes as a package, and needs no options.
    """

    options: type[_Options]
    open: Callable[[_Options], Teacher] | None = None
    open_to_teach: Callable[..., Teacher] | None = None  # (options, *, lexicon, folder)
    recognise: Callable[[Path], _Options | None] = lambda path: None
    path: Callable[[_Options], Path] | None = None
    libraries: Callable[[_Options], tuple[str, ...]] = lambda options: ()
    installed: bool = False


def find_way(name: str) -> Way[Any]:
    """The way of that name. Raises `ValueError` for an unknown name or a package that is missing."""
    if name not in WAYS:
        raise ValueError(f"teacher is {name!r}, expected one of {', '.join(WAYS)}")
    try:
        return import_module(f"{__name__}.{name}").WAY
    except ModuleNotFoundError as error:
        raise ValueError(f"teacher {name!r} needs {error.name}, which is missing: pip install '.[teach]'") from error


def read_options(name: str, *, options: dict[str, Any]) -> Any:
    """The checked `Options` of the way of that name. Raises `ValueError` that lists every problem at once."""
    return build(find_way(name).options, values=options, source=f"options of {name}")


def open_teacher(name: str, *, options: dict[str, Any], lexicon: Path, folder: Path) -> Teacher:
    """The teacher of that name, ready to look words up.

    `lexicon` is the word list that is taught (Parquet), `folder` is where the teacher may keep what it needs to go on
    after it was killed; it exists. Raises `ValueError` for bad options and `OSError` for what is not there.
    """
    way, checked = find_way(name), read_options(name, options=options)
    if way.open_to_teach:
        return way.open_to_teach(checked, lexicon=lexicon, folder=folder)
    assert way.open
    return way.open(checked)
