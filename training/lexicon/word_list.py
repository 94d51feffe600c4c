"""A list of words that grows by stages, which are counted, and knows what inflects what."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Pair(NamedTuple):
    """A word and the word that it is an inflection of: itself, if it is none. A `weak` pair gives way to any other."""

    word: str
    lemma: str
    weak: bool = False


@dataclass(frozen=True)
class Account:
    """Where words come from: the package that holds them, what of it, how many and how many that were not there yet."""

    package: str
    what: str
    words: int
    new: int


@dataclass
class WordList:
    """Words with numbers in the order they came, and pairs of the numbers of a word and a lemma, some of them weak."""

    numbers: dict[str, int] = field(default_factory=dict)
    pairs: set[tuple[int, int, bool]] = field(default_factory=set)
    stages: list[Account] = field(default_factory=list)

    def add(self, pairs: Iterable[Pair], *, package: str, what: str) -> None:
        """Takes the words and lemmas of a stage and counts them."""
        numbers, before = self.numbers, len(self.numbers)
        given: set[int] = set()
        for word, lemma, weak in pairs:
            number = numbers.setdefault(word, len(numbers))
            base = numbers.setdefault(lemma, len(numbers))
            given.update((number, base))
            if number != base or not weak:
                self.pairs.add((number, base, weak))
        self.stages.append(Account(package, what, len(given), len(numbers) - before))
