"""Measurements in turns: each round asks every route once, so that a slow minute of the machine hurts all alike."""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

NameT = TypeVar("NameT", bound=Hashable)

ROUNDS = 5
# About how long one measurement takes: long against the clock and a time slice, short enough for many rounds.
_SECONDS = 0.5
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


def words_a_second(work: Callable[[], tuple[int, float]], *, least: float) -> float:
    """Words a second of a work that says how many words took how many seconds, done until it took `least` seconds."""
    words, seconds = work()
    while seconds < least:
        more_words, more_seconds = work()
        words, seconds = words + more_words, seconds + more_seconds
    return words / seconds


def in_turns(works: Mapping[NameT, Callable[[], float]], *, rounds: int) -> dict[NameT, Spread]:
    """What each of `works` measures, over so many rounds in turns."""
    measured: dict[NameT, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            measured[name].append(work())
    return {name: Spread.of(values) for name, values in measured.items()}


class WordSource:
    """Distinct words, of which each part is given out once: what a route has seen, it does not get again.

    But `again`: then all are given out anew after the last, for routes that remember nothing.
    """

    def __init__(self, words: Sequence[str], *, again: bool = False) -> None:
        self._words, self._given, self._again = words, 0, again

    def take(self, number: int) -> list[str]:
        """The next `number` words. Raises `ValueError` if there are not so many left."""
        if self._again and self._given + number > len(self._words) >= number:
            self._given = 0
        if self._given + number > len(self._words):
            raise ValueError(f"{len(self._words):,} words are not enough, expected {self._given + number:,} or more")
        self._given += number
        return list(self._words[self._given - number : self._given])


def words_in_time(seconds: Callable[[list[str]], float], *, source: WordSource) -> int:
    """How many new words to give at a time, so that they take about half a second. Warms up what they are given to."""
    seconds(source.take(_FEWEST))  # the first time anything may be set up
    number, taken = _FEWEST, seconds(source.take(_FEWEST))
    while number < _MOST and taken < _SECONDS / 2:
        number = min(_MOST, 4 * number)
        taken = seconds(source.take(number))
    return max(_FEWEST, min(_MOST, int(number * _SECONDS / taken)))
