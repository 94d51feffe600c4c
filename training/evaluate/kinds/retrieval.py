"""Retrieval: is the right word the nearest of another spelling or an inflected form?"""

from collections.abc import Callable
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


@dataclass(frozen=True)
class _Lookup:
    """A set: which file it is in, its columns of queries and answers, and of which rows the query is asked."""

    file: str
    query: str
    answer: str
    keep: Callable[[Row], bool] = lambda row: True
    needs: tuple[str, ...] = ()


# The candidates are all distinct answers of the whole file, also where only some rows are asked. In the tweets, class 0
# is a variant of a Spanish word; the other classes are names and foreign words, which have no normal form.
LOOKUPS = {
    "misspelling -> word": _Lookup("robust/typos_libreoffice_es.tsv", "wrong", "right"),
    "misspelling -> word, accent only": _Lookup(
        "robust/typos_libreoffice_es.tsv", "wrong", "right", lambda row: row["kind"] == "accent", ("kind",)
    ),
    "tweet spelling -> word": _Lookup(
        "robust/tweetnorm_dev500_es.tsv", "oov", "normalised", lambda row: row["class"] == "0", ("class",)
    ),
    "inflected form -> lemma": _Lookup("robust/sigmorphon2018_es_dev.tsv", "form", "lemma"),
}


def _find(sources: Sources) -> list[RetrievalSet]:
    """Reads the files of `LOOKUPS` that are there."""
    return [
        _read(name, lookup=lookup, file=file, sources=sources)
        for name, lookup in LOOKUPS.items()
        for file in sources.files(lookup.file)
    ]


def _read(name: str, *, lookup: _Lookup, file: SetFile, sources: Sources) -> RetrievalSet:
    asked: list[tuple[str, str]] = []
    candidates: dict[str, int] = {}
    for row in sources.rows(file, columns=(lookup.query, lookup.answer, *lookup.needs)):
        query, answer = normalise(row[lookup.query]), normalise(row[lookup.answer])
        if not (is_single(query) and is_single(answer)) or answer == "-":
            continue
        candidates.setdefault(answer, len(candidates))
        if query != answer and lookup.keep(row):
            asked.append((query, answer))
    file.require(asked, found=f"nothing to ask for {name!r}", expected="rows whose two words differ")
    queries, answers = zip(*asked, strict=True)
    return RetrievalSet(name, list(queries), [candidates[answer] for answer in answers], list(candidates))


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
    """How many answers are the nearest of all, with Wilson's score interval."""
    right = observed.ranks == 1
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
