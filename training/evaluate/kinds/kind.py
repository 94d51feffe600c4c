"""What every kind of set has: how it is found, what a model makes of it, and the measures of that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from training.evaluate.scores import Score, SetScores
from training.evaluate.sources import Sources


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What a model made of one set: all that a measure may need, counted once for all of them.

    `counts` says how much was looked at, of what the tables tell first. `coverage` is the share of the items that the
    model knows, None for a part of a set; `categories` are such parts.
    """

    counts: dict[str, int]
    coverage: float | None
    categories: Mapping[str, Any] = field(default_factory=dict)


ModelT = TypeVar("ModelT")
GivenT = TypeVar("GivenT")
ObservedT = TypeVar("ObservedT", bound=Observation)


@dataclass(frozen=True, kw_only=True)
class Measure(Generic[ObservedT]):
    """A number with bounds: its `key` in `metrics.json`, what makes it, and how readers see it.

    `title` names it in tables; without one it is recorded but not shown. Higher is better. `note` explains it.
    """

    key: str
    score: Callable[[ObservedT], Score]
    title: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[ModelT, GivenT, ObservedT]):
    """A kind of sets: its `name` in `metrics.json`, and what is done with them.

    `find` reads all sets of the kind. `observe` asks a model, or several models of as many languages, and gives an
    observation for each name under which the scores stand. `note` explains what all its measures share.
    """

    name: str
    find: Callable[[Sources], list[GivenT]]
    observe: Callable[[ModelT, GivenT], dict[str, ObservedT]]
    measures: tuple[Measure[ObservedT], ...]
    note: str = ""

    def scores(self, model: ModelT, *, given: list[GivenT]) -> dict[str, SetScores]:
        """All measures of a model on the sets given, by name."""
        observed = [self.observe(model, each) for each in given]
        return {name: self._scores(observation) for each in observed for name, observation in each.items()}

    def _scores(self, observation: ObservedT) -> SetScores:
        return SetScores(
            counts=observation.counts,
            coverage=observation.coverage,
            scores={measure.key: measure.score(observation) for measure in self.measures},
            categories={name: self._scores(part) for name, part in observation.categories.items()},
        )
