"""Sentences: does the cosine of two sentences rank pairs as people do, and how far does the mean of words get?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.common.rows import row_cosines
from training.common.words import normalise
from training.evaluate.kinds.kind import Kind, Measure
from training.evaluate.kinds.similarity import CORRELATIONS, PairCosines, read_score
from training.evaluate.sources import Sources
from training.vectors import WordVectors

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
MEAN_OF_WORDS, AS_A_WHOLE = ", mean of words", ", as a whole"


@dataclass(frozen=True)
class SentenceSet:
    """Pairs of sentences with a human score, `(pairs,)` float64."""

    name: str
    pairs: list[tuple[str, str]]
    scores: np.ndarray


def _find(sources: Sources) -> list[SentenceSet]:
    """Reads `sentences/*.tsv`: `sent1`, `sent2`, `score` (more is more similar)."""
    sets = []
    for file in sources.files("sentences/*.tsv"):
        rows = sources.rows(file, columns=("sent1", "sent2", "score"))
        scores = [read_score(row["score"], file=file, line=number) for number, row in enumerate(rows, start=2)]
        file.require(len(rows) >= 3, found=f"{len(rows)} pairs", expected="three or more")
        sets.append(SentenceSet(file.stem, [(row["sent1"], row["sent2"]) for row in rows], np.array(scores)))
    return sets


def mean_vectors(model: WordVectors, *, sentences: Sequence[str]) -> tuple[np.ndarray, float]:
    """The mean of the vectors of each sentence's words, `(sentences, width)`, and the share of the words it knows.

    Words are lower-cased, and punctuation is none. No weights: those would be a choice, and need frequencies.
    """
    words = [[normalise(word) for word in _WORD.findall(sentence)] for sentence in sentences]
    distinct = list(dict.fromkeys(word for of_sentence in words for word in of_sentence))
    rows = {word: row for row, word in enumerate(distinct)}
    vectors, known = model.lookup(distinct)
    counted = [[rows[word] for word in of_sentence] for of_sentence in words]
    means = [vectors[each].sum(axis=0) / max(known[each].sum(), 1) for each in counted]
    return np.array(means), float(np.mean([known[row] for each in counted for row in each]))


def _observe(model: WordVectors, given: SentenceSet) -> dict[str, PairCosines]:
    """The cosines of the means of words; of an encoder of sentences, also those of the sentences as they are."""
    first, second = ([pair[place] for pair in given.pairs] for place in (0, 1))
    (ones, known), (others, also_known) = (mean_vectors(model, sentences=sentences) for sentences in (first, second))
    observed = PairCosines(
        counts={"pairs": len(given.pairs)},
        coverage=(known + also_known) / 2,
        cosines=row_cosines(ones, others),
        human=given.scores,
    )
    found = {given.name + MEAN_OF_WORDS: observed}
    if getattr(model, "reads_sentences", False):
        whole = row_cosines(model.lookup(first)[0], model.lookup(second)[0])
        found[given.name + AS_A_WHOLE] = replace(observed, coverage=1.0, cosines=whole)
    return found


SENTENCES = Kind(
    name="sentences",
    find=_find,
    observe=_observe,
    measures=tuple(
        Measure(key=each.key, title=each.title.replace("similarity", "sentences"), score=each.score)
        for each in CORRELATIONS
    ),
    note="Sentences: correlation of cosine and human score over pairs of sentences; a sentence is the plain mean "
    "of the vectors of its words, or what an encoder of sentences makes of it as a whole.",
)
