"""The measurements as Markdown."""

from typing import Any

from training.benchmark.bars import bars
from training.common.markdown import markdown_table


def to_markdown(report: dict[str, Any]) -> str:
    """All tables of a run."""
    parts = [_machine(report["machine"]), _words(report)]
    parts += [_hosts(report), _stream(report)]
    parts.append(
        "### Bars\n\n" + markdown_table(["what", "measured", "bar", "met"], rows=[b.cells() for b in bars(report)])
    )
    return "\n".join(part for part in parts if part)


def _machine(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads in torch; Python "
        f"{machine['python']}, {versions}. Medians of up to {machine['rounds']} rounds in turns [lowest, highest]; of "
        "load time and memory, three fresh processes; the stream ran once. fastText and floret work on one thread.\n"
    )


def _range(spread: dict[str, float], unit: str, *, factor: float = 1.0) -> str:
    low, high = (unit.format(factor * spread[key]) for key in ("low", "high"))
    return f"{unit.format(factor * spread['median'])} [{low}, {high}]"


def _words(report: dict[str, Any]) -> str:
    header = ["route", "new words/s", "same words again/s", "one new word, µs", "load, s", "memory, MB", "on disk, MB"]
    rows = []
    for name, entry in report["words"].items():
        fresh = report.get("fresh", {}).get(name)
        rows.append(
            [
                name,
                _range(entry["cold"], "{:,.0f}"),
                _range(entry["warm"], "{:,.0f}") if "warm" in entry else "",
                _range(entry["single"], "{:,.0f}", factor=1e6),
                f"{fresh['load_seconds']['median']:.2f}" if fresh else "",
                f"{fresh['resident_bytes']['median'] / 1e6:,.0f}" if fresh else "",
                f"{entry['bytes'] / 1e6:,.1f}",
            ]
        )
    return "### Words\n\n" + markdown_table(header, rows=rows)


def _hosts(report: dict[str, Any]) -> str:
    rows = []
    if seconds := report.get("pipeline"):
        tokens = report["machine"]["tokens"]
        rows += [
            [
                f"spaCy: nlp.pipe, {name} ({tokens:,} tokens)",
                _range(spread, "{:.3f}"),
                f"{tokens / spread['median']:,.0f}",
            ]
            for name, spread in seconds.items()
        ]
    for name, spread in report.get("token_vector", {}).items():
        rows.append([f"spaCy: one token.vector, {name}", _range(spread, "{:.2e}"), f"{1 / spread['median']:,.0f}"])
    words = report["machine"]["api_words"]
    for name, spread in report.get("sentence_transformers", {}).items():
        what = f"sentence-transformers: encode, {name} ({words:,} words)"
        rows.append([what, _range(spread, "{:.3f}"), f"{words / spread['median']:,.0f}"])
    return "### In the hosts\n\n" + markdown_table(["what", "seconds", "a second"], rows=rows) if rows else ""


def _stream(report: dict[str, Any]) -> str:
    rows = [
        [f"{part['words']:,}", f"{part['seconds']:.1f}", f"{part['resident_bytes'] / 1e6:,.0f}"]
        for part in report.get("stream", [])
    ]
    header = ["distinct words so far", "seconds since the line before", "resident MB of the whole process"]
    return "### A stream of words\n\n" + markdown_table(header, rows=rows, left=0) if rows else ""
