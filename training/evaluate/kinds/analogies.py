"""Analogies: is "a is to b as c is to ?" answered right?"""

from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from training.common.rows import unit_rows
from training.common.words import is_single, normalise
from training.evaluate.kinds.kind import Kind, Measure
from training.evaluate.kinds.retrieval import Ranks, share_of_first
from training.evaluate.neighbours import answer_ranks
from training.evaluate.sources import Sources
from training.vectors import WordVectors


@dataclass(frozen=True)
class AnalogySet:
    """All distinct words, and questions as the rows of a, b, c and the right answer d among them, `(questions, 4)`.

    `categories` has one for each question; it is empty if the file has none.
    """

    name: str
    words: list[str]
    questions: np.ndarray
    categories: list[str]


def _find(sources: Sources) -> list[AnalogySet]:
    """Reads `analogy/*.tsv`: `a`, `b`, `c`, `d` for "a is to b as c is to d", and perhaps `category`.

    Questions whose answer is one of the words given are left out: no model may answer them.
    """
    sets = []
    for file in sources.files("analogy/*.tsv"):
        rows = sources.rows(file, columns="abcd")
        spelled = [[normalise(row[column]) for column in "abcd"] for row in rows]
        places: dict[str, int] = {}
        for word in chain.from_iterable(spelled):
            if is_single(word):
                places.setdefault(word, len(places))
        asked = [row for row, words in enumerate(spelled) if all(map(is_single, words)) and words[3] not in words[:3]]
        expected = "four single words a row, the last not among the others"
        file.require(asked, found="no usable question", expected=expected)
        questions = np.array([[places[word] for word in spelled[row]] for row in asked])
        categories = [rows[row]["category"] for row in asked] if "category" in rows[0] else []
        sets.append(AnalogySet(file.stem, list(places), questions, categories))
    return sets


def analogy_ranks(vectors: np.ndarray, *, questions: np.ndarray) -> np.ndarray:
    """The rank of the right answer of each question "a is to b as c is to ?", `(questions,)`, see `answer_ranks`.

    `vectors` is `(words, width)`, `questions` the rows of a, b, c and the right answer d, `(questions, 4)`. The answer
    is the word nearest to b - a + c of unit vectors, a, b and c not counted (Mikolov et al. 2013, "Linguistic
    regularities in continuous space word representations"; called 3CosAdd by Levy & Goldberg 2014, "Linguistic
    regularities in sparse and explicit word representations"). An unknown word makes it infinite.
    """
    unit = unit_rows(vectors.astype(np.float64))
    first, second, third = (unit[rows] for rows in questions[:, :3].T)
    is_known = np.any(unit, axis=1)
    known = is_known[questions].all(axis=1)
    targets = np.where(known[:, None], second - first + third, 0)
    return answer_ranks(targets, candidates=unit, answers=questions[:, 3], excluded=questions[:, :3])


def _observe(model: WordVectors, given: AnalogySet) -> dict[str, Ranks]:
    """The ranks that a model gives to the right answers, in all and by category."""
    vectors, known = model.lookup(given.words)
    ranks = analogy_ranks(vectors, questions=given.questions)
    whole = Ranks(
        counts={"questions": len(given.questions), "words": len(given.words)},
        coverage=float(known[given.questions].all(axis=1).mean()),
        ranks=ranks,
    )
    categories = np.array(given.categories)
    of_category = {name: ranks[categories == name] for name in dict.fromkeys(given.categories)}
    parts = {
        name: Ranks(counts={"questions": len(part)}, coverage=None, ranks=part) for name, part in of_category.items()
    }
    return {given.name: replace(whole, categories=parts)}


ANALOGIES = Kind(
    name="analogies",
    find=_find,
    observe=_observe,
    measures=(
        Measure(
            key="accuracy",
            title="analogies, 3CosAdd",
            score=share_of_first,
            note="Analogies: of all words of the set but a, b and c, the one nearest to b - a + c is the right one "
            "(3CosAdd).",
        ),
    ),
)
