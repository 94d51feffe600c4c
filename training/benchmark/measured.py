"""All that one run of the benchmark measures, as `benchmark.json` has it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from training.benchmark.names import PipelineWork, StartName, TokenVectors
from training.benchmark.timing import Spread


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where and how it was measured: `tokens` of the texts and the `earlier` commit, if there were any."""

    processor: str
    cores: int
    threads: int
    python: str
    versions: dict[str, str]
    rounds: int
    api_words: int
    tokens: int | None = None
    earlier: str | None = None


@dataclass(frozen=True, kw_only=True)
class WordSpeed:
    """Of a route: new words a second, the same again if it remembers, seconds for a new word alone, bytes on disk.

    `words` is how many were given at a time.
    """

    cold: Spread
    warm: Spread | None
    single: Spread
    words: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class FreshStart:
    """Of a route in fresh processes: seconds to the first vector, and the bytes of memory that this adds."""

    load_seconds: Spread
    resident_bytes: Spread


@dataclass(frozen=True)
class ProcessStart:
    """Of whole fresh processes: seconds of what is measured, bytes of memory that it added, and bytes in all."""

    seconds: Spread
    added_bytes: Spread
    resident_bytes: Spread


@dataclass(frozen=True, kw_only=True)
class BusySpeed:
    """New words a second of a route on an idle machine, and beside as many busy processes as it has cores."""

    idle: Spread
    busy: Spread


@dataclass(frozen=True, kw_only=True)
class CostPart:
    """A part of what a word takes in the core on one thread, in seconds; how few it could be, and by what."""

    what: str
    seconds: float
    least_seconds: float | None = None
    limit: str = ""


@dataclass(frozen=True, kw_only=True)
class StreamPart:
    """A part of a stream: words so far, words and seconds of the part, and bytes of the whole process afterwards."""

    words: int
    part: int
    seconds: float
    resident_bytes: int


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One run. What was left out, or whose package is missing, is empty.

    Of single routes by name: a `RouteName`, or a model that is found by its path.
    """

    machine: Machine
    fresh: dict[str, FreshStart] = field(default_factory=dict)
    starts: dict[StartName, ProcessStart] = field(default_factory=dict)
    words: dict[str, WordSpeed] = field(default_factory=dict)
    differences: dict[str, float] = field(default_factory=dict)
    busy: dict[str, BusySpeed] = field(default_factory=dict)
    costs: list[CostPart] = field(default_factory=list)
    pipeline: dict[PipelineWork, Spread] = field(default_factory=dict)
    token_vector: dict[TokenVectors, Spread] = field(default_factory=dict)
    sentence_transformers: dict[str, Spread] = field(default_factory=dict)
    stream: list[StreamPart] = field(default_factory=list)

    def to_json(self) -> str:
        """The text of `benchmark.json`."""
        return json.dumps(_present(asdict(self)), indent=2) + "\n"


def _present(values: dict[str, Any]) -> dict[str, Any]:
    """Without what was not measured."""
    kept = {key: _present(value) if isinstance(value, dict) else value for key, value in values.items()}
    return {key: value for key, value in kept.items() if value is not None and value != {} and value != []}
