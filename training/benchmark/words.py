"""Speed of single routes: words in, vectors out."""

import gc
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from training.benchmark.routes import ROUTES, Embed, Route
from training.benchmark.timing import WordSource, in_turns, seconds_of, words_in_time
from training.common.files import size_on_disk

_SINGLE_WORDS = 20  # one after the other; the median of a round counts


def word_speeds(
    routes: dict[str, Route], *, folders: dict[str, Path], words: Sequence[str], rounds: int
) -> dict[str, dict[str, Any]]:
    """Of each route: new words a second, the same again if it remembers, seconds for a new word alone, bytes on disk.

    Raises `ValueError` if there are too few words for so many rounds.
    """
    embeds = {name: route.load(folders[name]) for name, route in routes.items()}
    sources = {name: WordSource(words) for name in routes}
    numbers = {name: words_in_time(embed, source=sources[name]) for name, embed in embeds.items()}
    asked: dict[str, list[str]] = {}

    def cold(name: str) -> Callable[[], float]:
        def measure() -> float:
            asked[name] = sources[name].take(numbers[name])
            return len(asked[name]) / seconds_of(lambda: embeds[name](asked[name]))

        return measure

    def warm(name: str) -> Callable[[], float]:
        return lambda: len(asked[name]) / seconds_of(lambda: embeds[name](asked[name]))

    def single(name: str) -> Callable[[], float]:
        return lambda: statistics.median(_seconds_alone(embeds[name], sources[name]))

    works: dict[str, Callable[[], float]] = {}
    for name, route in routes.items():
        works[f"cold {name}"] = cold(name)
        works |= {f"warm {name}": warm(name)} if route.warm else {}
        works[f"single {name}"] = single(name)
    gc.collect()
    spreads = {name: asdict(spread) for name, spread in in_turns(works, rounds=rounds).items()}
    return {
        name: {
            **{kind: spreads[f"{kind} {name}"] for kind in ("cold", "warm", "single") if f"{kind} {name}" in spreads},
            "words": numbers[name],
            "bytes": size_on_disk(folders[name]),
        }
        for name in routes
    }


def _seconds_alone(embed: Embed, source: WordSource) -> list[float]:
    return [seconds_of(partial(embed, source.take(1))) for _ in range(_SINGLE_WORDS)]


def plain_differences(folders: dict[str, Path], *, words: list[str]) -> dict[str, float]:
    """Largest cosine distance of the core's vectors to plain torch's, for each preset that both compute."""
    found = {}
    for name in ("mini", "base"):
        routes = [route for route in (name, f"{name}, bfloat16") if route in folders]
        plain: Embed | None = ROUTES[f"{name}, plain torch"].load(folders[routes[0]]) if routes else None
        for route in routes:
            ours = ROUTES[route].load(folders[route])(words)
            found[route] = float(1 - (ours * plain(words)).sum(axis=1).min())
    return found
