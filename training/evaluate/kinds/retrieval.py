"""Retrieval: is the right word the nearest of another spelling or an inflected form?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.common.statistics import share_interval
from training.common.words import is_single, normalise
from training.evaluate.kinds.kind import Kind, Measure, Observation
from training.evaluate.neighbours import answer_ranks
from training.evaluate.scores import Score
from training.evaluate.sources import Row, SetFile, Sources
from training.vectors import WordVectors


@dataclass(frozen=True)
class RetrievalSet:
    """Words to look up, the row of `candidates` that is right for each, and all distinct candidates."""

    name: str
    queries: list[str]
    answers: list[int]
    candidates: list[str]


@dataclass(frozen=True, kw_only=True)
class Ranks(Observation):
    """The rank of the right candidate of each query, `(queries,)`, see `answer_ranks`."""

    ranks: np.ndarray


@dataclass(frozen=True, kw_only=True)
class _Lookup:
    """The columns of queries and answers, by which a file is recognised.

    With `part`, a column and a value of it, only those rows are asked; with `part_name` they make a set of their own.
    """

    query: str
    answer: str
    part: tuple[str, str] | None = None
    part_name: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """All that a file of this form has."""
        return (self.query, self.answer, *(self.part or ())[:1])


# A file is each of these whose columns it has. In tweets, class 0 is a variant of a word of the language; the other
# classes are names and foreign words, which have no normal form.
LOOKUPS = (
    _Lookup(query="wrong", answer="right"),
    _Lookup(query="wrong", answer="right", part=("kind", "accent"), part_name=", accent only"),
    _Lookup(query="oov", answer="normalised", part=("class", "0")),
    _Lookup(query="form", answer="lemma"),
)

# Benchmarks have parts to learn from, which are not measured on: `..._train`, `...-train-medium`.
_TRAINING_PART = re.compile(r"(^|[_-])train([_-]|$)")


def _find(sources: Sources) -> list[RetrievalSet]:
    """Reads `robust/*.tsv` by their columns: `wrong`, `right`, perhaps `kind`; `oov`, `class`, `normalised`; `lemma`,
    `form`.
    """
    files = [file for file in sources.files("robust/*.tsv") if not _TRAINING_PART.search(file.stem)]
    return [found for file in files for found in _read_all(file, sources=sources)]


def _read_all(file: SetFile, *, sources: Sources) -> list[RetrievalSet]:
    rows = sources.rows(file)
    header = set(rows[0]) if rows else set()
    lookups = [lookup for lookup in LOOKUPS if header.issuperset(lookup.columns)]
    forms = " or ".join(dict.fromkeys(", ".join(lookup.columns) for lookup in LOOKUPS))
    file.require(lookups, found=f"columns {', '.join(sorted(header)) or '(no rows)'}", expected=forms)
    found = [_read(rows, lookup=lookup, file=file) for lookup in lookups]
    # A file may have no row of a part that is a set of its own.
    return [each for each in found if each]


def _read(rows: Sequence[Row], *, lookup: _Lookup, file: SetFile) -> RetrievalSet | None:
    """The candidates are all distinct answers of the whole file, also where only some rows are asked."""
    asked: list[tuple[str, str]] = []
    candidates: dict[str, int] = {}
    for row in rows:
        query, answer = normalise(row[lookup.query]), normalise(row[lookup.answer])
        if not (is_single(query) and is_single(answer)) or answer == "-":
            continue
        candidates.setdefault(answer, len(candidates))
        if query != answer and (lookup.part is None or row[lookup.part[0]] == lookup.part[1]):
            asked.append((query, answer))
    if lookup.part_name and not asked:
        return None
    file.require(asked, found="nothing to ask", expected="rows whose two words differ")
    queries, answers = zip(*asked, strict=True)
    return RetrievalSet(
        file.stem + lookup.part_name, list(queries), [candidates[answer] for answer in answers], list(candidates)
    )


def _observe(model: WordVectors, given: RetrievalSet) -> dict[str, Ranks]:
    """The ranks that a model gives to the right answers."""
    (queries, query_known), (candidates, candidate_known) = model.lookup(given.queries), model.lookup(given.candidates)
    observation = Ranks(
        counts={"queries": len(given.queries), "candidates": len(given.candidates)},
        coverage=float((query_known & candidate_known[given.answers]).mean()),
        ranks=answer_ranks(queries, candidates=candidates, answers=given.answers),
    )
    return {given.name: observation}


def share_of_first(observed: Ranks) -> Score:
    """How many answers are the nearest of all."""
    return share_score(observed.ranks == 1)


def share_score(right: np.ndarray) -> Score:
    """The share of what is `right` `(any,)` bool, with Wilson's score interval."""
    low, high = share_interval(right)
    return Score(value=float(right.mean()), low=low, high=high)


RETRIEVAL = Kind(
    name="retrieval",
    find=_find,
    observe=_observe,
    measures=(
        Measure(
            key="retrieval_at_1",
            title="retrieval@1",
            score=share_of_first,
            note="Retrieval@1: the nearest of all candidates is the right one.",
        ),
    ),
)
