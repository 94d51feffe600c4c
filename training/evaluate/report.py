"""The report of an evaluation: `metrics.json`, with the same keys whatever is measured."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_serializer, model_validator

from training.common.errors import InputError
from training.evaluate.scores import Number, Record, SetScores


class Data(Record):
    """Where the sets were read from, beside those of the project, and the SHA-256 of each file."""

    folder: str | None
    sha256: dict[str, str]


class Teacher(Record):
    """The table that closeness was measured to, and its SHA-256."""

    file: str
    sha256: str


class ModelScores(Record):
    """A model and all its scores, by kind of set and set; `kind`, `path` and `first_entries` are as in `ModelSource`.

    As JSON the kinds of sets stand beside the other keys.
    """

    kind: str
    path: str
    first_entries: int | None
    width: int
    bytes: int
    sets: dict[str, dict[str, SetScores]]

    @model_validator(mode="before")
    @classmethod
    def _read(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "sets" in values:
            return values
        own = {key: value for key, value in values.items() if key in cls.model_fields}
        return {**own, "sets": {key: value for key, value in values.items() if key not in own}}

    @model_serializer
    def _write(self) -> dict[str, Any]:
        own = {key: value for key, value in self if key != "sets"}
        return own | {kind: {name: entry.model_dump() for name, entry in of.items()} for kind, of in self.sets.items()}


class Timings(Record):
    """What differs from run to run: of each model, words a second and bytes; and the CPU threads."""

    threads: int
    words_per_second: dict[str, Number]
    resident_bytes_added: dict[str, int]


class Report(Record):
    """All that one evaluation measured, of how many models whatsoever."""

    seed: int
    resamples: int
    clustering_seeds: int
    versions: dict[str, str]
    data: Data
    teacher: Teacher | None
    models: dict[str, ModelScores]
    timings: Timings

    def to_json(self) -> str:
        """The text of `metrics.json`. Equal inputs give equal texts but for what is under `timings`."""
        return json.dumps(self.model_dump(), indent=2, ensure_ascii=False) + "\n"


def read_report(path: Path) -> Report:
    """Reads a `metrics.json`, an old one too. Raises `InputError` for what is none, and `OSError`."""
    if not path.is_file():
        raise InputError(f"no metrics.json at {path}, expected one that training.evaluate wrote")
    try:
        return Report.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise InputError(
            f"{path} is no metrics.json of training.evaluate ({place}: {first['msg']}); run training.evaluate again"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no metrics.json of training.evaluate: {error}") from error
