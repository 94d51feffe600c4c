"""Speed of single routes: words in, vectors out."""

import gc
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from training.benchmark.loaded import Loaded, Timed
from training.benchmark.measured import WordSpeed
from training.benchmark.names import PUBLISHED_PRESETS
from training.benchmark.routes import ROUTES, Route
from training.benchmark.timing import WordSource, in_turns, words_a_second, words_in_time
from training.common.files import size_on_disk

# One after the other; the median of a round counts. Twenty, and more while they take next to nothing: what another
# route has left in the processor's caches is then gone.
_SINGLE_WORDS, _MOST_SINGLE_WORDS, _SINGLE_SECONDS = 20, 200, 0.1
# A route that remembers nothing is given words until they have taken so long.
_SECONDS = 0.4


def word_speeds(
    routes: Mapping[str, Route], *, folders: Mapping[str, Path], words: Sequence[str], rounds: int
) -> dict[str, WordSpeed]:
    """The speed of each route. Raises `ValueError` if there are too few words for so many rounds."""
    models = {name: route.load(folders[name]) for name, route in routes.items()}
    try:
        return _speeds(routes, models=models, folders=folders, words=words, rounds=rounds)
    finally:
        for model in models.values():
            model.close()


def _speeds(
    routes: Mapping[str, Route],
    *,
    models: Mapping[str, Timed],
    folders: Mapping[str, Path],
    words: Sequence[str],
    rounds: int,
) -> dict[str, WordSpeed]:
    sources = {name: WordSource(words, again=not route.warm) for name, route in routes.items()}
    numbers = {name: words_in_time(model.seconds, source=sources[name]) for name, model in models.items()}
    asked: dict[str, list[str]] = {}

    def take(name: str) -> tuple[int, float]:
        asked[name] = sources[name].take(numbers[name])
        return numbers[name], models[name].seconds(asked[name])

    def cold(name: str) -> float:
        return words_a_second(partial(take, name), least=0 if routes[name].warm else _SECONDS)

    def warm(name: str) -> float:
        return len(asked[name]) / models[name].seconds(asked[name])

    def single(name: str) -> float:
        return statistics.median(_seconds_alone(models[name], sources[name]))

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


def _seconds_alone(model: Timed, source: WordSource) -> list[float]:
    seconds = model.seconds_alone(source.take(_SINGLE_WORDS))
    while sum(seconds) < _SINGLE_SECONDS and len(seconds) < _MOST_SINGLE_WORDS:
        seconds += model.seconds_alone(source.take(_SINGLE_WORDS))
    return seconds


def plain_differences(folders: Mapping[str, Path], *, words: list[str]) -> dict[str, float]:
    """Largest cosine distance of the core's vectors to plain torch's, for each preset that both compute."""
    found: dict[str, float] = {}
    for preset in PUBLISHED_PRESETS:
        routes = [route for route in (preset.ours, preset.ours_bfloat16) if route in folders]
        plain = _vectors(preset.plain, folder=folders[routes[0]], words=words) if routes else None
        for route in routes:
            ours = _vectors(route, folder=folders[route], words=words)
            found[route] = float(1 - (ours * plain).sum(axis=1).min())
    return found


def _vectors(route: str, *, folder: Path, words: list[str]) -> np.ndarray:
    model = ROUTES[route].load(folder)
    assert isinstance(model, Loaded)  # the routes of presets are of this process
    vectors: np.ndarray = model(words)
    return vectors
