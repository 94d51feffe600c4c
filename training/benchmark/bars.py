"""What is to be reached: each bar as a number of one run, beside the same run's peers."""

from collections.abc import Iterator
from dataclasses import dataclass

from training.benchmark.measured import Measured
from training.benchmark.names import (
    FREE_MODEL,
    PUBLISHED_PRESETS,
    PipelineWork,
    RouteName,
    StartName,
    TokenVectors,
    in_batches,
)
from training.benchmark.routes import BATCH_SIZE

_BFLOAT16 = {preset.ours_bfloat16 for preset in PUBLISHED_PRESETS}


@dataclass(frozen=True)
class Bar:
    """A number, what it has to be at least or at most, and how it is shown."""

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


def bars(measured: Measured) -> list[Bar]:
    """Those that a run can tell of; without an optional peer, or a part that was left out, its bars are missing."""
    return [
        *_words(measured),
        *_single_words(measured),
        *_presets(measured),
        *_busy(measured),
        *_hosts(measured),
        *_fresh(measured),
        *_stream(measured),
    ]


def _words(measured: Measured) -> Iterator[Bar]:
    cold = {name: entry.cold.median for name, entry in measured.words.items()}
    if core := cold.get(RouteName.CORE):
        yield Bar("new words/s, our core", core, 60_000, at_least=True, unit="{:,.0f}")
    if plain := cold.get(RouteName.CORE_NUMPY):
        yield Bar("new words/s, our core without its kernel", plain, 20_000, at_least=True, unit="{:,.0f}")
    for what, ours, other, bar in (
        ("our core over that of the earlier commit", RouteName.CORE, RouteName.EARLIER_CORE, 3.0),
        ("our core over fastText", RouteName.CORE, RouteName.FASTTEXT, 8.0),
        (
            f"{RouteName.STOCK_FOLDER} over the folder of the earlier commit",
            RouteName.STOCK_FOLDER,
            RouteName.EARLIER_STOCK_FOLDER,
            2.5,
        ),
    ):
        if ours in cold and other in cold:
            yield Bar(f"{what}, new words/s", cold[ours] / cold[other], bar, at_least=True)


def _single_words(measured: Measured) -> Iterator[Bar]:
    alone = {name: entry.single.median for name, entry in measured.words.items()}
    if core := alone.get(RouteName.CORE):
        yield Bar("one new word, our core, µs", core * 1e6, 20, unit="{:.1f}")
        if fasttext := alone.get(RouteName.FASTTEXT):
            yield Bar("one new word, our core over fastText, seconds", core / fasttext, 1.0)
    if spacy := alone.get(RouteName.SPACY):
        yield Bar("token.vector of one new word, beast_vectors (spaCy), µs", spacy * 1e6, 30, unit="{:.1f}")


def _presets(measured: Measured) -> Iterator[Bar]:
    cold = {name: entry.cold.median for name, entry in measured.words.items()}
    for preset in PUBLISHED_PRESETS:
        if preset.plain in cold and preset.ours_bfloat16 in cold:
            faster = cold[preset.ours_bfloat16] / cold[preset.plain]
            what = f"{preset.ours} in bfloat16 over plain float32 torch, new words/s"
            yield Bar(what, faster, 3.0, at_least=True)
    for name, difference in measured.differences.items():
        bar = 1e-3 if name in _BFLOAT16 else 1e-5
        yield Bar(f"{name}: largest cosine distance to plain torch's vector", difference, bar, unit="{:.1e}")


def _busy(measured: Measured) -> Iterator[Bar]:
    # Beside as many processes as there are cores, one half of the machine is ours: less than a third is a collapse.
    for name in (RouteName.CORE_ONE_THREAD, RouteName.CORE):
        if entry := measured.busy.get(name):
            kept = entry.busy.median / entry.idle.median
            yield Bar(f"{name}: new words/s on busy cores over idle ones", kept, 1 / 3, at_least=True)


def _hosts(measured: Measured) -> Iterator[Bar]:
    if seconds := measured.pipeline:
        for what, ours, blank, bar in (
            ("words seen before", PipelineWork.BEAST_AGAIN, PipelineWork.BLANK_AGAIN, 1.1),
            ("new words", PipelineWork.BEAST_NEW, PipelineWork.BLANK_NEW, 2.0),
            ("new words, every vector read", PipelineWork.BEAST_NEW_READ, PipelineWork.BLANK_NEW, 2.0),
        ):
            ratio = seconds[ours].median / seconds[blank].median
            yield Bar(f"nlp.pipe with beast_vectors over a blank one, {what}", ratio, bar)
    if vectors := measured.token_vector:
        ratio = vectors[TokenVectors.BEAST].median / vectors[TokenVectors.TABLE].median
        yield Bar("token.vector over that of a spaCy table, seconds", ratio, 1.0)
    if encoding := measured.sentence_transformers:
        free = encoding[in_batches(FREE_MODEL, size=BATCH_SIZE)].median
        name = RouteName.SENTENCE_TRANSFORMERS
        ratio = encoding[in_batches(name, size=BATCH_SIZE)].median / free
        yield Bar(f"{name}.encode over a free model's, 1,024 words at a time, seconds", ratio, 1.25)


def _fresh(measured: Measured) -> Iterator[Bar]:
    if entry := measured.fresh.get(RouteName.SENTENCE_TRANSFORMERS):
        what = f"{RouteName.SENTENCE_TRANSFORMERS}: seconds from the import of its host to the first vector"
        yield Bar(what, entry.load_seconds.median, 0.3)
    if start := measured.starts.get(StartName.CORE):
        yield Bar("fresh process: seconds from import beast_core to the first vector", start.seconds.median, 0.15)
        resident = start.resident_bytes.median / 1e6
        yield Bar("fresh process: resident MB in all with the first vector", resident, 60, unit="{:.0f}")
    ours, alone = (measured.starts.get(name) for name in (StartName.SPACY_BEAST, StartName.SPACY_BLANK))
    if ours and alone:
        what = "that beast_vectors and a first token.vector add to spaCy and a blank pipeline, without torch"
        yield Bar(f"seconds {what}", ours.seconds.median - alone.seconds.median, 0.1)
        added = (ours.added_bytes.median - alone.added_bytes.median) / 1e6
        yield Bar(f"MB {what}", added, 40, unit="{:.0f}")


def _stream(measured: Measured) -> Iterator[Bar]:
    if parts := measured.stream:
        first, last = parts[0], parts[-1]
        slower = last.seconds / last.part / (first.seconds / first.part)
        yield Bar(f"seconds a word of the last of {len(parts)} parts of a stream over the first", slower, 1.2)
        grown = (last.resident_bytes - first.resident_bytes) / 1e6
        yield Bar("MB of memory that the parts after the first added", grown, 60, unit="{:.0f}")
