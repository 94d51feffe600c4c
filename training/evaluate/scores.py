"""What is measured: scores with how far they may move, and all of a model's on one set, as `metrics.json` has them."""

from enum import StrEnum
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, model_serializer, model_validator

# To six places: the last bits differ between processors.
Number = Annotated[float, AfterValidator(partial(round, ndigits=6))]


class Record(BaseModel):
    """A part of a report: checked when it is made and when it is read."""

    model_config = ConfigDict(frozen=True)


class Spread(StrEnum):
    """What the bounds of a score are: a 95% interval, or the lowest and the highest of several seeds."""

    INTERVAL = "interval"
    RANGE = "range"


class Score(Record):
    """A number and its bounds."""

    value: Number
    low: Number
    high: Number
    spread: Spread = Spread.INTERVAL


class SetScores(Record):
    """Of a model on one set: how much was counted, of what first; the share of it that the model knows; and scores.

    As JSON they are flat: `{"pairs": 29, "coverage": 1.0, "spearman": 0.86, "spearman_interval": [0.68, 0.95]}`. So a
    score is whatever has bounds, and a file that knows more or fewer scores than we do today can be read.
    """

    counts: dict[str, int]
    coverage: Number | None = None
    scores: dict[str, Score]
    categories: dict[str, "SetScores"] = {}

    @model_validator(mode="before")
    @classmethod
    def _read(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "scores" in values:
            return values
        rest = {key: value for key, value in values.items() if key not in ("coverage", "categories")}
        scores = {}
        for key in list(rest):
            for spread in Spread:
                if f"{key}_{spread}" in rest:
                    low, high = rest.pop(f"{key}_{spread}")
                    scores[key] = {"value": rest.pop(key), "low": low, "high": high, "spread": spread}
        if unbounded := [key for key, value in rest.items() if isinstance(value, float)]:
            raise ValueError(f"{unbounded} without an interval or a range")
        nested = {key: values[key] for key in ("coverage", "categories") if key in values}
        return {"counts": rest, "scores": scores, **nested}

    @model_serializer
    def _write(self) -> dict[str, Any]:
        flat: dict[str, Any] = dict(self.counts)
        if self.coverage is not None:
            flat["coverage"] = self.coverage
        for key, score in self.scores.items():
            flat |= {key: score.value, f"{key}_{score.spread}": [score.low, score.high]}
        return flat | ({"categories": self.categories} if self.categories else {})
