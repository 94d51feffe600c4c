"""The results of an evaluation, laid out for readers: a row for each measure and set, a column for each model."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from training.common.markdown import markdown_table
from training.common.statistics import RESAMPLES
from training.evaluate.kinds.kind import Kind
from training.evaluate.report import ModelScores, Report
from training.evaluate.scores import Score, SetScores, Spread
from training.evaluate.speed import MEMORY_WORDS

_PRINTED_WIDTH, _NOTE_WIDTH = 160, 120  # characters of a line
_NARROW = 0.02  # bounds that are nearer to each other are given to three places

_NOTE_ON_BOUNDS = (
    "Square brackets: 95% intervals, how far other items of the same kind may move a score. For correlations and the "
    f"cosine to the teacher they are percentiles of {RESAMPLES:,} bootstrap resamples, for retrieval and analogies "
    "Wilson's score interval; both take items as independent, which inflections of one word and analogies that share "
    "words are not quite."
)
_NOTE_ON_UNKNOWN = 'An unknown word is a zero vector; "93% known" is the share of items that a table has.'
_NOTE_ON_COSTS = (
    "Speed is rough: new words a second, CPU threads: {threads}. Memory: what loading the model and embedding {words:,}"
    " words adds to the resident pages (anonymous ones and those of files) of a fresh process with torch, pandas and, "
    "where needed, spaCy or sentence-transformers imported; also what these import and set aside on first use; without "
    "a peak while loading."
)


@dataclass(frozen=True)
class ResultRow:
    """A line of the results: what is measured on how much, and a number and its text for each model."""

    measure: str
    name: str
    count: str
    values: list[float | None]
    texts: list[str]


def result_rows(report: Report, *, kinds: Sequence[Kind[Any, Any, Any]]) -> list[ResultRow]:
    """All results of a report, ready to be laid out."""
    return [*score_rows(report, kinds=kinds), *_cost_rows(report)]


def score_rows(report: Report, *, kinds: Sequence[Kind[Any, Any, Any]]) -> list[ResultRow]:
    """What the vectors are worth by the kinds, without size, speed and memory; nothing of what no model has."""
    rows = []
    for kind in kinds:
        found = [model.sets.get(kind.name, {}) for model in report.models.values()]
        for measure in kind.measures:
            for name in dict.fromkeys(name for sets in found for name in sets):
                entries = [sets.get(name) for sets in found]
                scores = [entry.scores.get(measure.key) if entry else None for entry in entries]
                if measure.title and any(scores):
                    count = next(next(iter(entry.counts.values())) for entry in entries if entry)
                    texts = [score_text(score, of=entry) for score, entry in zip(scores, entries, strict=True)]
                    values = [score.value if score else None for score in scores]
                    rows.append(ResultRow(measure.title, name, f"{count:,}", values, texts))
    return rows


def score_text(score: Score | None, *, of: SetScores | None) -> str:
    """A score of one model with its interval, or with the range of the seeds in round brackets; "-" if there is none.

    >>> pearson = Score(value=0.5, low=0.25, high=0.75)
    >>> score_text(pearson, of=SetScores(counts={"pairs": 30}, coverage=0.93, scores={"pearson": pearson}))
    '0.500 [0.25, 0.75], 93% known'
    >>> score_text(Score(value=0.51, low=0.501, high=0.515, spread=Spread.RANGE), of=None)
    '0.510 (0.501 to 0.515)'
    """
    if score is None:
        return "-"
    low, high = (f"{bound:.{3 if score.high - score.low < _NARROW else 2}f}" for bound in (score.low, score.high))
    text = f"{score.value:.3f} " + (f"[{low}, {high}]" if score.spread is Spread.INTERVAL else f"({low} to {high})")
    return text + (f", {of.coverage:.0%} known" if of and of.coverage is not None and of.coverage < 1 else "")


def _cost_rows(report: Report) -> Iterator[ResultRow]:
    models, timings = report.models, report.timings
    yield _row("size on disk", texts=[f"{model.bytes / 1e6:,.1f} MB" for model in models.values()])
    speeds = [f"{timings.words_per_second[name]:,.0f}" for name in models]
    yield _row("rough speed, words/s", "new words", texts=speeds)
    memory = [f"{timings.resident_bytes_added[name] / 1e6:,.0f}" for name in models]
    yield _row("resident memory added, MB", f"loading and {MEMORY_WORDS:,} words", texts=memory)
    yield _row("width", texts=[str(model.width) for model in models.values()])


def _row(measure: str, name: str = "", *, texts: list[str]) -> ResultRow:
    return ResultRow(measure, name, "", [], texts)


def rows_to_markdown(rows: Sequence[ResultRow], *, models: Sequence[str]) -> str:
    """One Markdown table; the best of several models in bold."""
    cells = []
    for row in rows:
        known = [value for value in row.values if value is not None]
        best = {index for index, value in enumerate(row.values) if len(known) > 1 and value == max(known)}
        texts = [f"**{text}**" if index in best else text for index, text in enumerate(row.texts)]
        cells.append([row.measure, row.name, row.count, *texts])
    return markdown_table(["measure", "set", "n", *models], rows=cells, right={2})


def rows_to_text(rows: Sequence[ResultRow], *, models: Sequence[str]) -> str:
    """The same with aligned columns and each measure named once; models that do not fit into a line follow below."""
    lines = [["measure", "set", "n", *models]]
    for previous, row in zip([None, *rows], rows, strict=False):
        repeated = previous is not None and previous.measure == row.measure
        lines.append(["" if repeated else row.measure, row.name, row.count, *row.texts])
    columns = [_aligned(cells, right=number == 2) for number, cells in enumerate(zip(*lines, strict=True))]
    blocks: list[list[list[str]]] = []
    for column in columns[3:]:
        if not blocks or sum(len(cells[0]) + 2 for cells in [*blocks[-1], column]) > _PRINTED_WIDTH:
            blocks.append(columns[:3])
        blocks[-1].append(column)
    tables = ["".join("  ".join(cells).rstrip() + "\n" for cells in zip(*block, strict=True)) for block in blocks]
    return "\n".join(tables)


def _aligned(cells: Sequence[str], *, right: bool) -> list[str]:
    width = max(map(len, cells))
    return [cell.rjust(width) if right else cell.ljust(width) for cell in cells]


def notes(report: Report, *, kinds: Sequence[Kind[Any, Any, Any]]) -> str:
    """What the rows mean: of the kinds and measures that the report has, and of costs if it has those."""
    parts = [_NOTE_ON_BOUNDS]
    for kind in kinds:
        measured = _measured(report.models.values(), kind=kind.name)
        explained = [measure.note for measure in kind.measures if measure.title and measure.key in measured]
        parts += [kind.note, *explained] if measured else []
    parts.append(_NOTE_ON_UNKNOWN)
    if report.timings.words_per_second:
        parts.append(_NOTE_ON_COSTS.format(threads=report.timings.threads, words=MEMORY_WORDS))
    return "\n" + textwrap.fill(" ".join(filter(None, parts)), _NOTE_WIDTH, break_on_hyphens=False) + "\n"


def _measured(models: Iterable[ModelScores], *, kind: str) -> set[str]:
    return {key for model in models for entry in model.sets.get(kind, {}).values() for key in entry.scores}
