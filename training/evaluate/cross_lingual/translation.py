"""Translation: is a right word of the other language the nearest, plainly and by CSLS?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from training.common.rows import pieces, unit_rows
from training.common.words import is_single, normalise
from training.evaluate.cross_lingual.models import LanguageModels
from training.evaluate.cross_lingual.pairs import languages_of
from training.evaluate.cross_lingual.vocabulary import MOST_FREQUENT_WORDS, frequent_words
from training.evaluate.kinds.kind import Kind, Measure, Observation
from training.evaluate.kinds.retrieval import share_score
from training.evaluate.neighbours import TIE
from training.evaluate.sources import Sources

NEIGHBOURS = 10
_ROWS = 512  # at a time: cosines to 50,000 words take 100 MB


@dataclass(frozen=True)
class TranslationSet:
    """Words of the first of two languages, each with all words of the second that are right for it."""

    name: str
    languages: tuple[str, str]
    translations: dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Found(Observation):
    """Whether a right word is the best of all, `(sources,)` bool: by cosine, and by CSLS."""

    nearest: np.ndarray
    by_csls: np.ndarray


def _find(sources: Sources) -> list[TranslationSet]:
    """Reads `translation/*.tsv`: `source` and `target`; a source may have several."""
    sets = []
    for file in sources.files("translation/*.tsv"):
        translations: dict[str, list[str]] = {}
        for row in sources.rows(file, columns=("source", "target")):
            source, target = normalise(row["source"]), normalise(row["target"])
            if is_single(source) and is_single(target):
                translations.setdefault(source, []).append(target)
        file.require(translations, found="no usable row", expected="a single word and its translation")
        sets.append(TranslationSet(file.stem, languages_of(file), translations))
    return sets


def mean_cosines_of_nearest(rows: np.ndarray, *, others: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """The mean cosine of each row to the `neighbours` rows of `others` that are nearest to it, `(rows,)`.

    All rows `(rows, width)` and `(others, width)` are of unit length. It says how crowded the place is, and is the
    r of Conneau et al. 2018, "Word translation without parallel data", section 2.3.
    """
    count = min(neighbours, len(others))
    means = np.empty(len(rows), dtype=rows.dtype)
    for part in pieces(len(rows), size=_ROWS):
        cosines = rows[part] @ others.T
        cosines.partition(len(others) - count, axis=1)
        means[part] = cosines[:, len(others) - count :].mean(axis=1)
    return means


def right_is_best(
    queries: np.ndarray, *, candidates: np.ndarray, right: Sequence[Sequence[int]], crowding: np.ndarray | None = None
) -> np.ndarray:
    """Whether one of the right candidates is the best of all for each query, `(queries,)` bool; a tie is a miss.

    `queries` `(queries, width)` and `candidates` `(candidates, width)` are of unit length, or zero for an unknown word,
    which finds nothing and is never found; `right` has the rows of the right candidates of each query. The best is the
    nearest by cosine or, with the `crowding` `(candidates,)` of `mean_cosines_of_nearest` among words of the language
    of the queries, by CSLS: 2 cos(x, y) - r(x) - r(y), of which r(x) is the same for all candidates of a query.
    """
    known, found = candidates.any(axis=1), np.zeros(len(queries), dtype=bool)
    for part in pieces(len(queries), size=_ROWS):
        scores = queries[part] @ candidates.T
        if crowding is not None:
            scores = 2 * scores - crowding
        scores[:, ~known] = -np.inf
        for row, (number, own) in enumerate(zip(range(part.start, part.stop), right[part], strict=False)):
            best = scores[row, own].max()
            scores[row, own] = -np.inf
            found[number] = best > scores[row].max() + TIE
    return found & queries.any(axis=1)


def _observe(models: LanguageModels, given: TranslationSet) -> dict[str, Found]:
    """Looks for the right words among the most frequent ones of the second language and all right ones of the set.

    The words among which CSLS looks for the neighbours of a candidate are, likewise, the most frequent ones of the
    first language and the sources of the set.
    """
    first, second = (models[language] for language in given.languages)
    queries = list(given.translations)
    sources = list(dict.fromkeys([*queries, *frequent_words(given.languages[0])]))
    all_right = (word for words in given.translations.values() for word in words)
    candidates = list(dict.fromkeys([*all_right, *frequent_words(given.languages[1])]))
    place = {word: number for number, word in enumerate(candidates)}
    right = [[place[word] for word in words] for words in given.translations.values()]
    (source_vectors, source_known), (vectors, known) = first.lookup(sources), second.lookup(candidates)
    source_vectors, vectors = unit_rows(source_vectors), unit_rows(vectors)
    answer = partial(right_is_best, source_vectors[: len(queries)], candidates=vectors, right=right)
    neighbourhood = source_vectors[source_known]
    crowding = mean_cosines_of_nearest(vectors, others=neighbourhood) if len(neighbourhood) else None
    answerable = [known[rows].any() for rows in right]
    observation = Found(
        counts={"sources": len(queries), "candidates": len(candidates)},
        coverage=float((source_known[: len(queries)] & answerable).mean()),
        nearest=answer(),
        by_csls=answer(crowding=crowding),
    )
    return {given.name: observation}


TRANSLATION = Kind(
    name="translation",
    find=_find,
    observe=_observe,
    measures=(
        Measure(key="precision_at_1", title="translation P@1, nearest", score=lambda found: share_score(found.nearest)),
        Measure(key="csls_at_1", title="translation P@1, CSLS", score=lambda found: share_score(found.by_csls)),
    ),
    note=f"Translation: a right word is the best of the {MOST_FREQUENT_WORDS:,} most frequent single words of the "
    "target language (wordfreq) and all right words of the set. CSLS (Conneau et al. 2018) favours words that stand "
    f"alone: the mean cosine to the {NEIGHBOURS} nearest of as many words of the source language counts against them.",
)
