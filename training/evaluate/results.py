"""The results of an evaluation, laid out for readers: a row for each measure and set, a column for each model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training.common.statistics import RESAMPLES
from training.evaluate.measures import CLUSTERING_SEEDS
from training.evaluate.speed import MEMORY_WORDS

_LINE = 160  # characters of a line of text

_NOTES = """
Square brackets: 95% intervals, how far other items of the same kind may move a score. For correlations and the cosine
to the teacher they are percentiles of {resamples:,} bootstrap resamples, for retrieval and analogies Wilson's score
interval; both take items as independent, which inflections of one word and analogies that share words are not quite.
Similarity: correlation of cosine and human score over pairs of different single words. Clustering: k-means against the
classes, mean of {seeds} seeds; round brackets: the lowest and the highest of them, which tell nothing of other words;
judge by ARI, where chance is 0 (NMI, which equals the V-measure, is above 0 by chance). Retrieval@1: the nearest of all
candidates is the right one. Analogies: of all words of the set but a, b and c, the one nearest to b - a + c is the
right one (3CosAdd). An unknown word is a zero vector; "93% known" is the share of items that a table has. Speed is
rough: new words a second, CPU threads: {threads}. Memory: what loading the model and embedding {words:,} words adds to
the resident pages (anonymous ones and those of files) of a fresh process with torch, pandas and, where needed, spaCy or
sentence-transformers imported; also what these import and set aside on first use; without a peak while loading.
"""

# An interval narrower than this is told to three places.
_NARROW = 0.02


@dataclass(frozen=True)
class Row:
    """A line of the results: what is measured on how much, and a number and its text for each model."""

    measure: str
    name: str
    count: str
    values: list[float | None]
    texts: list[str]


def result_rows(report: dict[str, Any]) -> list[Row]:
    """The results of a report as it is written to `metrics.json`, ready to be laid out."""
    return score_rows(report) + _cost_rows(report)


def score_rows(report: dict[str, Any]) -> list[Row]:
    """What the vectors are worth, without size, speed and memory."""
    models = report["models"].values()
    rows = []
    for measure, kind, key, counted in (
        ("similarity, Spearman", "similarity", "spearman", "pairs"),
        ("similarity, Pearson", "similarity", "pearson", "pairs"),
        ("clustering, ARI", "clustering", "ari", "words"),
        ("clustering, NMI", "clustering", "nmi", "words"),
        ("retrieval@1", "retrieval", "retrieval_at_1", "queries"),
        ("analogies, 3CosAdd", "analogies", "accuracy", "questions"),
        ("cosine to the teacher", "closeness", "cosine", "words"),
    ):
        for name in dict.fromkeys(name for model in models for name in model[kind]):
            found = [model[kind].get(name) for model in models]
            count = next(entry[counted] for entry in found if entry)
            values = [entry and entry[key] for entry in found]
            texts = [score_text(entry, key=key) if entry else "-" for entry in found]
            rows.append(Row(measure, name, f"{count:,}", values, texts))
    return rows


def _cost_rows(report: dict[str, Any]) -> list[Row]:
    models, timings = report["models"], report["timings"]
    sizes = [f"{model['bytes'] / 1e6:,.1f} MB" for model in models.values()]
    speeds = [f"{timings['words_per_second'][name]:,.0f}" for name in models]
    memory = [f"{timings['resident_bytes_added'][name] / 1e6:,.0f}" for name in models]
    return [
        Row("size on disk", "", "", [], sizes),
        Row("rough speed, words/s", "new words", "", [], speeds),
        Row("resident memory added, MB", f"loading and {MEMORY_WORDS:,} words", "", [], memory),
        Row("width", "", "", [], [str(model["width"]) for model in models.values()]),
    ]


def score_text(entry: dict[str, Any], *, key: str) -> str:
    """A score of one model with its interval, or with the range of the seeds in round brackets.

    >>> score_text({"pearson": 0.5, "pearson_interval": [0.25, 0.75], "coverage": 0.93}, key="pearson")
    '0.500 [0.25, 0.75], 93% known'
    >>> score_text({"ari": 0.51, "ari_range": [0.501, 0.515], "coverage": 1.0}, key="ari")
    '0.510 (0.501 to 0.515)'
    """
    interval = entry.get(f"{key}_interval")
    low, high = interval or entry[f"{key}_range"]
    low, high = (f"{bound:.{3 if high - low < _NARROW else 2}f}" for bound in (low, high))
    text = f"{entry[key]:.3f} " + (f"[{low}, {high}]" if interval else f"({low} to {high})")
    return text + (f", {entry['coverage']:.0%} known" if entry["coverage"] < 1 else "")


def to_markdown(rows: Sequence[Row], *, models: Sequence[str]) -> str:
    """One Markdown table; the best of several models in bold."""
    lines = [["measure", "set", "n", *models], ["---", "---", "---:", *["---"] * len(models)]]
    for row in rows:
        known = [value for value in row.values if value is not None]
        best = {index for index, value in enumerate(row.values) if len(known) > 1 and value == max(known)}
        texts = [f"**{text}**" if index in best else text for index, text in enumerate(row.texts)]
        lines.append([row.measure, row.name, row.count, *texts])
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def to_text(rows: Sequence[Row], *, models: Sequence[str]) -> str:
    """The same with aligned columns and each measure named once; models that do not fit into a line follow below."""
    lines = [["measure", "set", "n", *models]]
    for previous, row in zip([None, *rows], rows, strict=False):
        repeated = previous is not None and previous.measure == row.measure
        lines.append(["" if repeated else row.measure, row.name, row.count, *row.texts])
    columns = [_aligned(cells, right=number == 2) for number, cells in enumerate(zip(*lines, strict=True))]
    blocks: list[list[list[str]]] = []
    for column in columns[3:]:
        if not blocks or sum(len(cells[0]) + 2 for cells in [*blocks[-1], column]) > _LINE:
            blocks.append(columns[:3])
        blocks[-1].append(column)
    tables = ["".join("  ".join(cells).rstrip() + "\n" for cells in zip(*block, strict=True)) for block in blocks]
    return "\n".join(tables)


def _aligned(cells: Sequence[str], *, right: bool) -> list[str]:
    width = max(map(len, cells))
    return [cell.rjust(width) if right else cell.ljust(width) for cell in cells]


def notes(report: dict[str, Any]) -> str:
    """What the rows mean."""
    threads = report["timings"]["threads"]
    return _NOTES.format(resamples=RESAMPLES, seeds=len(CLUSTERING_SEEDS), threads=threads, words=MEMORY_WORDS)
