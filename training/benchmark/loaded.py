"""A model that is ready for words, and the seconds that words take: here, or in a process of its own."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from training.benchmark.timing import seconds_of


class Timed(ABC):
    """A model whose time is measured."""

    @abstractmethod
    def seconds(self, words: Sequence[str]) -> float:
        """Seconds that the vectors of all these words take, given at once."""

    @abstractmethod
    def seconds_alone(self, words: Sequence[str]) -> list[float]:
        """Seconds that the vector of each of these words takes, given one after the other."""

    def close(self) -> None:  # noqa: B027  # nothing, for most
        """Ends what was started for it."""


@dataclass(frozen=True)
class Loaded(Timed):
    """A model of this process.

    `many` gives the vectors of a list of words. `one` gives that of a single word as the library's users ask for it, by
    default as a list of one; what `prepare` makes of the word for it is not timed.
    """

    many: Callable[[Sequence[str]], Any]
    one: Callable[[Any], Any] | None = None
    prepare: Callable[[str], Any] = str

    def __call__(self, words: Sequence[str]) -> Any:
        """The vectors."""
        return self.many(words)

    def seconds(self, words: Sequence[str]) -> float:
        """See `Timed.seconds`."""
        return seconds_of(partial(self.many, words))

    def seconds_alone(self, words: Sequence[str]) -> list[float]:
        """See `Timed.seconds_alone`."""
        if self.one is None:
            return [self.seconds([word]) for word in words]
        return [seconds_of(partial(self.one, prepared)) for prepared in map(self.prepare, words)]
