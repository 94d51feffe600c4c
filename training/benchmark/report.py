"""The measurements as Markdown."""

from training.benchmark.bars import bars
from training.benchmark.measured import Machine, Measured
from training.benchmark.names import RouteName
from training.benchmark.timing import Spread
from training.common.markdown import markdown_table


def benchmark_tables(measured: Measured) -> str:
    """All tables of a run."""
    rows = [bar.cells() for bar in bars(measured)]
    parts = [
        _machine(measured.machine),
        _words(measured),
        _busy(measured),
        _costs(measured),
        _hosts(measured),
        _starts(measured),
        _stream(measured),
    ]
    parts.append("### Bars\n\n" + markdown_table(["what", "measured", "bar", "met"], rows=rows))
    return "\n".join(part for part in parts if part)


def _machine(machine: Machine) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    return (
        f"{machine.processor}, {machine.cores} cores, {machine.threads} threads in torch; Python {machine.python}, "
        f"{versions}. Medians of up to {machine.rounds} rounds in turns [lowest, highest]; of load time and memory, "
        "three fresh processes for our packages and one for others'; the stream ran once. fastText and floret work on "
        f"one thread.{_earlier(machine)}\n"
    )


def _earlier(machine: Machine) -> str:
    return f" The earlier commit is {machine.earlier}." if machine.earlier else ""


def _range(spread: Spread, unit: str, *, factor: float = 1.0) -> str:
    median, low, high = (unit.format(factor * value) for value in (spread.median, spread.low, spread.high))
    return f"{median} [{low}, {high}]"


def _words(measured: Measured) -> str:
    header = ["route", "new words/s", "same words again/s", "one new word, µs", "load, s", "memory, MB", "on disk, MB"]
    rows = []
    for name, entry in measured.words.items():
        fresh = measured.fresh.get(name)
        rows.append(
            [
                name,
                _range(entry.cold, "{:,.0f}"),
                _range(entry.warm, "{:,.0f}") if entry.warm else "",
                _range(entry.single, "{:,.1f}", factor=1e6),
                f"{fresh.load_seconds.median:.2f}" if fresh else "",
                f"{fresh.resident_bytes.median / 1e6:,.0f}" if fresh else "",
                # Of the earlier commit the folder has all packages and models.
                "" if name == RouteName.EARLIER_CORE else f"{entry.bytes / 1e6:,.1f}",
            ]
        )
    return "### Words\n\n" + markdown_table(header, rows=rows)


def _busy(measured: Measured) -> str:
    one = measured.busy.get(RouteName.CORE_ONE_THREAD)
    rows = [
        [
            name,
            _range(entry.idle, "{:,.0f}"),
            f"{entry.idle.median / one.idle.median:.2f}" if one else "",
            _range(entry.busy, "{:,.0f}"),
            f"{entry.busy.median / entry.idle.median:.2f}",
        ]
        for name, entry in measured.busy.items()
    ]
    header = ["route", "new words/s, idle", "over beast_core, one thread", "new words/s, busy", "busy over idle"]
    return "### Threads and busy cores\n\n" + markdown_table(header, rows=rows) if rows else ""


def _costs(measured: Measured) -> str:
    parts = measured.costs
    rows = [
        [part.what, f"{1e9 * part.seconds:,.0f}", f"{1e9 * part.least_seconds:,.0f}", part.limit]
        if part.least_seconds is not None
        else [part.what, f"{1e9 * part.seconds:,.0f}", "", ""]
        for part in parts
    ]
    rows.append(["in all", f"{1e9 * sum(part.seconds for part in parts):,.0f}", "", ""])
    header = ["of a new word, on one thread", "ns", "others take, ns", "by what"]
    return "### What a word costs\n\n" + markdown_table(header, rows=rows, right=(1, 2)) if parts else ""


def _starts(measured: Measured) -> str:
    rows = [
        [
            name,
            _range(start.seconds, "{:.2f}"),
            f"{start.added_bytes.median / 1e6:,.0f}",
            f"{start.resident_bytes.median / 1e6:,.0f}",
        ]
        for name, start in measured.starts.items()
    ]
    header = ["what", "seconds", "MB that it added", "resident MB in all"]
    return "### Fresh processes\n\n" + markdown_table(header, rows=rows) if rows else ""


def _hosts(measured: Measured) -> str:
    tokens, words = measured.machine.tokens or 0, measured.machine.api_words
    rows = [
        [f"spaCy: nlp.pipe, {name} ({tokens:,} tokens)", _range(spread, "{:.3f}"), f"{tokens / spread.median:,.0f}"]
        for name, spread in measured.pipeline.items()
    ]
    rows += [
        [f"spaCy: one token.vector, {name}", _range(spread, "{:.2e}"), f"{1 / spread.median:,.0f}"]
        for name, spread in measured.token_vector.items()
    ]
    for encoder, spread in measured.sentence_transformers.items():
        what = f"sentence-transformers: encode, {encoder} ({words:,} words)"
        rows.append([what, _range(spread, "{:.3f}"), f"{words / spread.median:,.0f}"])
    return "### In the hosts\n\n" + markdown_table(["what", "seconds", "a second"], rows=rows) if rows else ""


def _stream(measured: Measured) -> str:
    rows = [[f"{part.words:,}", f"{part.seconds:.1f}", f"{part.resident_bytes / 1e6:,.0f}"] for part in measured.stream]
    header = ["distinct words so far", "seconds since the line before", "resident MB of the whole process"]
    return "### A stream of words\n\n" + markdown_table(header, rows=rows, right=range(3)) if rows else ""
