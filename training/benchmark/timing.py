"""Measurements in turns: each round asks every route once, so that a slow minute of the machine hurts all alike."""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

NameT = TypeVar("NameT", bound=Hashable)

ROUNDS = 7
# About how long one measurement takes: long against the clock and a time slice, short enough for many rounds.
_SECONDS = 1.0
_FEWEST, _MOST = 64, 16_000


@dataclass(frozen=True)
class Spread:
    """The median of repeated measurements, the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return cls(float(np.median(values)), float(min(values)), float(max(values)))


def seconds_of(work: Callable[[], object]) -> float:
    """Wall-clock seconds that a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(works: Mapping[NameT, Callable[[], float]], *, rounds: int) -> dict[NameT, Spread]:
    """What each of `works` measures, over so many rounds in turns."""
    measured: dict[NameT, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            measured[name].append(work())
    return {name: Spread.of(values) for name, values in measured.items()}


class WordSource:
    """Distinct words, of which each part is given out once: what a route has seen, it does not get again."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words, self._given = words, 0

    def take(self, number: int) -> list[str]:
        """The next `number` words. Raises `ValueError` if there are not so many left."""
        if self._given + number > len(self._words):
            raise ValueError(f"{len(self._words):,} words are not enough, expected {self._given + number:,} or more")
        self._given += number
        return list(self._words[self._given - number : self._given])


def words_in_time(embed: Callable[[list[str]], object], *, source: WordSource) -> int:
    """How many new words to give to it at a time, so that a measurement takes about a second. Warms it up too."""
    embed(source.take(_FEWEST))  # the first time anything may be set up
    number, taken = _FEWEST, seconds_of(partial(embed, source.take(_FEWEST)))
    while number < _MOST and taken < _SECONDS / 2:
        number = min(_MOST, 4 * number)
        taken = seconds_of(partial(embed, source.take(number)))
    return max(_FEWEST, min(_MOST, int(number * _SECONDS / taken)))
