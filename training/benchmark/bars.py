"""What is to be reached: each bar as a number of one run, beside the same run's peers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_ENTRIES = ("beast_core", "beast_vectors (spaCy)", "st_beast.load()")


@dataclass(frozen=True)
class Bar:
    """A number, what it has to be at least or at most, and how it is told."""

    what: str
    value: float
    bar: float
    at_least: bool = False
    unit: str = "{:.2f}"

    @property
    def is_met(self) -> bool:
        """Whether it is."""
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def cells(self) -> list[str]:
        """What, measured, bar, met."""
        bar = f"{'at least' if self.at_least else 'at most'} {self.unit.format(self.bar)}"
        return [self.what, self.unit.format(self.value), bar, "yes" if self.is_met else "**no**"]


def bars(report: dict[str, Any]) -> list[Bar]:
    """Those that a run can tell of; without an optional peer, or a part that was left out, its bars are missing."""
    return [*_words(report), *_hosts(report), *_fresh(report), *_stream(report)]


def _words(report: dict[str, Any]) -> Iterator[Bar]:
    cold = {name: entry["cold"]["median"] for name, entry in report["words"].items()}
    if "beast_core" in cold:
        yield Bar("new words/s, our core", cold["beast_core"], 60_000, at_least=True, unit="{:,.0f}")
    if "fastText" in cold and "beast_core" in cold:
        yield Bar("our core over fastText, new words/s", cold["beast_core"] / cold["fastText"], 0.5, at_least=True)
    for name in ("mini", "base"):
        routes = [f"{name}, plain torch", name, f"{name}, bfloat16"]
        if all(route in cold for route in routes):
            plain, fast = cold[routes[0]], cold[routes[2]]
            yield Bar(f"{name} in bfloat16 over plain float32 torch, new words/s", fast / plain, 3.0, at_least=True)
    for name, difference in report.get("differences", {}).items():
        bar = 1e-3 if "bfloat16" in name else 1e-5
        yield Bar(f"{name}: largest cosine distance to plain torch's vector", difference, bar, unit="{:.1e}")


def _hosts(report: dict[str, Any]) -> Iterator[Bar]:
    ratios = {
        "nlp.pipe with beast_vectors over a blank one, words seen before": ("pipeline", "again", 1.15),
        "nlp.pipe with beast_vectors over a blank one, new words": ("pipeline", "new", 2.0),
    }
    for what, (part, state, bar) in ratios.items():
        if seconds := report.get(part):
            ours, blank = (seconds[f"{name}, {state}"]["median"] for name in ("beast_vectors", "blank"))
            yield Bar(what, ours / blank, bar)
    if seconds := report.get("token_vector"):
        ratio = seconds["beast_vectors"]["median"] / seconds["table"]["median"]
        yield Bar("token.vector over that of a spaCy table, seconds", ratio, 1.0)
    if seconds := report.get("sentence_transformers"):
        for name in ("st_beast.load()", "st_beast.load().bfloat16()"):
            ours, free = (seconds[f"{each}, batch_size=1024"]["median"] for each in (name, "a free model"))
            yield Bar(f"{name}.encode over a free model's, 1,024 words at a time, seconds", ours / free, 1.5)


def _fresh(report: dict[str, Any]) -> Iterator[Bar]:
    for name in _ENTRIES:
        if entry := report.get("fresh", {}).get(name):
            yield Bar(f"{name}: seconds to the first vector", entry["load_seconds"]["median"], 0.3)
    if entry := report.get("fresh", {}).get("beast_core"):
        added = entry["resident_bytes"]["median"] / 1e6
        yield Bar("beast_core: MB of memory that the model and its first vector add", added, 40, unit="{:.0f}")


def _stream(report: dict[str, Any]) -> Iterator[Bar]:
    if parts := report.get("stream"):
        first, last = parts[0], parts[-1]
        slower = last["seconds"] / last["part"] / (first["seconds"] / first["part"])
        yield Bar(f"seconds a word of the last of {len(parts)} parts of a stream over the first", slower, 1.2)
        grown = (last["resident_bytes"] - first["resident_bytes"]) / 1e6
        yield Bar("MB of memory that the parts after the first added", grown, 60, unit="{:.0f}")
