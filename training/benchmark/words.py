"""Speed of single routes: words in, vectors out."""

import gc
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from training.benchmark.measured import WordSpeed
from training.benchmark.names import PUBLISHED_PRESETS
from training.benchmark.routes import ROUTES, Embed, Route
from training.benchmark.timing import WordSource, in_turns, seconds_of, words_in_time
from training.common.files import size_on_disk

_SINGLE_WORDS = 20  # one after the other; the median of a round counts


def word_speeds(
    routes: Mapping[str, Route], *, folders: Mapping[str, Path], words: Sequence[str], rounds: int
) -> dict[str, WordSpeed]:
    """The speed of each route. Raises `ValueError` if there are too few words for so many rounds."""
    embeds = {name: route.load(folders[name]) for name, route in routes.items()}
    sources = {name: WordSource(words) for name in routes}
    numbers = {name: words_in_time(embed, source=sources[name]) for name, embed in embeds.items()}
    asked: dict[str, list[str]] = {}

    def cold(name: str) -> float:
        asked[name] = sources[name].take(numbers[name])
        return len(asked[name]) / seconds_of(lambda: embeds[name](asked[name]))

    def warm(name: str) -> float:
        return len(asked[name]) / seconds_of(lambda: embeds[name](asked[name]))

    def single(name: str) -> float:
        return statistics.median(_seconds_alone(embeds[name], sources[name]))

    works: dict[tuple[str, str], Callable[[], float]] = {}
    for name, route in routes.items():
        works["cold", name] = partial(cold, name)
        works |= {("warm", name): partial(warm, name)} if route.warm else {}
        works["single", name] = partial(single, name)
    gc.collect()
    spreads = in_turns(works, rounds=rounds)
    return {
        name: WordSpeed(
            cold=spreads["cold", name],
            warm=spreads.get(("warm", name)),
            single=spreads["single", name],
            words=numbers[name],
            bytes=size_on_disk(folders[name]),
        )
        for name in routes
    }


def _seconds_alone(embed: Embed, source: WordSource) -> list[float]:
    return [seconds_of(partial(embed, source.take(1))) for _ in range(_SINGLE_WORDS)]


def plain_differences(folders: Mapping[str, Path], *, words: list[str]) -> dict[str, float]:
    """Largest cosine distance of the core's vectors to plain torch's, for each preset that both compute."""
    found: dict[str, float] = {}
    for preset in PUBLISHED_PRESETS:
        routes = [route for route in (preset.ours, preset.ours_bfloat16) if route in folders]
        plain = ROUTES[preset.plain].load(folders[routes[0]])(words) if routes else None
        for route in routes:
            ours = ROUTES[route].load(folders[route])(words)
            found[route] = float(1 - (ours * plain).sum(axis=1).min())
    return found
