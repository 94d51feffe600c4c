"""The results of all trainings, laid out for readers."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from training.common.markdown import markdown_table
from training.downstream.configurations import CONFIGURATIONS
from training.downstream.corpora import Corpus
from training.downstream.one_training import Record
from training.downstream.scoring import PARTS
from training.languages import read_language

# By what is scored: the heading, and what a row is the score of.
_TITLES = {
    "tags": "Parts of speech and features",
    "trees": "Trees",
    "names": "Names",
}
_PARTS = dict(zip(PARTS, ("all words", "unseen words", "a third misspelt", "misspelt words"), strict=True))
# What the gain of static vectors is measured against.
_OURS, _OTHERS = "static", ("none", "floret", "table")


def results(records: Sequence[Record], *, corpora: Sequence[Corpus]) -> str:
    """Markdown with a table for each thing that is scored, one of what trainings cost, and one of what BEAST gains."""
    parts = ["# Downstream\n"]
    for name, title in _TITLES.items():
        if rows := list(_score_rows(records, corpora=corpora, scored=name)):
            header = ["language", "vectors", *_PARTS.values()]
            parts.append(f"## {title}\n\n" + markdown_table(header, rows=rows, right={2, 3, 4, 5}))
    header = ["language", "task", "vectors", "trainings", "minutes", "pipeline, MB", "words/s"]
    parts.append("## Cost\n\n" + markdown_table(header, rows=list(_cost_rows(records, corpora)), right={3, 4, 5, 6}))
    header = ["language", "scored", "against", *_PARTS.values()]
    parts.append("## Gain\n\n" + markdown_table(header, rows=list(_gain_rows(records, corpora)), right={3, 4, 5, 6}))
    header = ["language", "task", "labels by", "words to train on", "to test on", "unseen", "misspelt", "from"]
    parts.append(
        "## Corpora\n\n" + markdown_table(header, rows=list(_corpus_rows(records, corpora)), right={3, 4, 5, 6})
    )
    return "\n".join(parts)


def _of(records: Sequence[Record], corpus: Corpus, vectors: str) -> list[Record]:
    wanted = (corpus.language, corpus.task, vectors)
    return [record for record in records if (record.language, record.task, record.vectors) == wanted]


def _score_rows(records: Sequence[Record], *, corpora: Sequence[Corpus], scored: str) -> Iterator[list[str]]:
    for corpus in corpora:
        found = {vectors: _of(records, corpus, vectors) for vectors in CONFIGURATIONS}
        found = {vectors: each for vectors, each in found.items() if each and scored in each[0].scores}
        best = {part: max((_mean(each, scored, part) for each in found.values()), default=0.0) for part in PARTS}
        for vectors, each in found.items():
            cells = []
            for part in PARTS:
                text = _spread([record.scores[scored][part] or 0.0 for record in each])
                cells.append(f"**{text}**" if _mean(each, scored, part) == best[part] else text)
            yield [_language(corpus), CONFIGURATIONS[vectors].title, *cells]


def _mean(records: Sequence[Record], scored: str, part: str) -> float:
    return float(np.mean([record.scores[scored][part] or 0.0 for record in records]))


def _spread(values: Sequence[float], *, form: Callable[[float], str] = "{:.3f}".format) -> str:
    """The mean, and the lowest and the highest of several.

    >>> _spread([0.5, 0.6])
    '0.550 (0.500 to 0.600)'
    """
    mean = form(float(np.mean(values)))
    return f"{mean} ({form(min(values))} to {form(max(values))})" if len(values) > 1 else mean


def _cost_rows(records: Sequence[Record], corpora: Sequence[Corpus]) -> Iterator[list[str]]:
    for corpus in corpora:
        for vectors, configuration in CONFIGURATIONS.items():
            if each := _of(records, corpus, vectors):
                minutes = np.mean([record.seconds for record in each]) / 60
                size = np.mean([record.bytes for record in each]) / 1e6
                speed = np.mean([record.words_per_second for record in each])
                cells = [f"{len(each)}", f"{minutes:.1f}", f"{size:.1f}", f"{speed:,.0f}"]
                yield [_language(corpus), corpus.task, configuration.title, *cells]


def _gain_rows(records: Sequence[Record], corpora: Sequence[Corpus]) -> Iterator[list[str]]:
    """The differences of trainings with the same seed."""
    for corpus in corpora:
        ours = {record.seed: record for record in _of(records, corpus, _OURS)}
        for other in _OTHERS:
            pairs = [(ours[each.seed], each) for each in _of(records, corpus, other) if each.seed in ours]
            for scored in pairs[0][0].scores if pairs else ():
                cells = [
                    _spread(
                        [(a.scores[scored][part] or 0.0) - (b.scores[scored][part] or 0.0) for a, b in pairs],
                        form="{:+.3f}".format,
                    )
                    for part in PARTS
                ]
                yield [_language(corpus), scored, CONFIGURATIONS[other].title, *cells]


def _corpus_rows(records: Sequence[Record], corpora: Sequence[Corpus]) -> Iterator[list[str]]:
    for corpus in corpora:
        each = [record for record in records if (record.language, record.task) == (corpus.language, corpus.task)]
        if each:
            words = [f"{each[0].words[part]:,}" for part in ("train", "test", "unseen", "misspelt")]
            yield [_language(corpus), corpus.task, corpus.labels, *words, corpus.credit]


def _language(corpus: Corpus) -> str:
    return read_language(corpus.language).name
