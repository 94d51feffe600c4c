"""Evaluation sets: reading them from a folder, which `training/evaluate/originals.py` makes of the published files.

A folder holds tab-separated UTF-8 files with a header line:

- `similarity/*.tsv`: `word1`, `word2`, `score` (more is more similar);
- `clustering/*.tsv`: `word` and its class, in a column `category` or `chapter`;
- `robust/`: misspellings, tweets and inflected forms, see `RETRIEVAL`;
- `analogy/*.tsv`: `a`, `b`, `c`, `d` for "a is to b as c is to d", and perhaps `category`.

Every word is lower-cased and brought to NFC. Left out, and counted nowhere: items of several words; pairs of a word
with itself, which any model gets right; words that a set puts into several classes, which have no one right cluster;
analogies whose answer is one of the words given, which no model may answer.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from training.common.errors import InputError
from training.common.words import is_single, normalise

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class SimilaritySet:
    """Pairs of words with a human score, `(pairs,)` float64."""

    name: str
    pairs: list[tuple[str, str]]
    scores: np.ndarray


@dataclass(frozen=True)
class ClusteringSet:
    """Distinct words with the class of each."""

    name: str
    words: list[str]
    classes: list[str]


@dataclass(frozen=True)
class RetrievalSet:
    """Words to look up, the row of `candidates` that is right for each, and all distinct candidates."""

    name: str
    queries: list[str]
    answers: list[int]
    candidates: list[str]


@dataclass(frozen=True)
class AnalogySet:
    """All distinct words, and questions as the rows of a, b, c and the right answer d among them, `(questions, 4)`.

    `categories` has one for each question; it is empty if the file has none.
    """

    name: str
    words: list[str]
    questions: np.ndarray
    categories: list[str]


@dataclass(frozen=True)
class EvaluationSets:
    """All sets found in a folder, and the SHA-256 of each file they were read from."""

    similarity: list[SimilaritySet]
    clustering: list[ClusteringSet]
    retrieval: list[RetrievalSet]
    analogies: list[AnalogySet]
    digests: dict[str, str]

    @classmethod
    def empty(cls) -> "EvaluationSets":
        """No sets at all."""
        return cls([], [], [], [], {})


@dataclass(frozen=True)
class _Retrieval:
    file: str
    query: str
    answer: str
    keep: Callable[[dict[str, str]], bool] = lambda row: True
    needs: tuple[str, ...] = ()


# The candidates are all distinct answers of the whole file, also where only some rows are asked. In the tweets, class 0
# is a variant of a Spanish word; the other classes are names and foreign words, which have no normal form.
RETRIEVAL = {
    "misspelling -> word": _Retrieval("typos_libreoffice_es.tsv", "wrong", "right"),
    "misspelling -> word, accent only": _Retrieval(
        "typos_libreoffice_es.tsv", "wrong", "right", lambda row: row["kind"] == "accent", ("kind",)
    ),
    "tweet spelling -> word": _Retrieval(
        "tweetnorm_dev500_es.tsv", "oov", "normalised", lambda row: row["class"] == "0", ("class",)
    ),
    "inflected form -> lemma": _Retrieval("sigmorphon2018_es_dev.tsv", "form", "lemma"),
}


def read_sets(folder: str | Path) -> EvaluationSets:
    """Reads all sets in a folder. Raises `InputError` for a file that cannot be read and for a folder with no set."""
    folder = Path(folder)
    digests: dict[str, str] = {}

    def rows(file: Path, columns: Sequence[str]) -> Rows:
        digests[file.relative_to(folder).as_posix()] = hashlib.sha256(file.read_bytes()).hexdigest()
        return read_rows(file, columns=columns)

    similarity = [
        _similarity_set(file, rows(file, ("word1", "word2", "score")))
        for file in sorted(folder.glob("similarity/*.tsv"))
    ]
    clustering = [_clustering_set(file, rows(file, ("word",))) for file in sorted(folder.glob("clustering/*.tsv"))]
    retrieval = []
    for name, kind in RETRIEVAL.items():
        file = folder / "robust" / kind.file
        if file.is_file():
            retrieval.append(_retrieval_set(name, kind, rows(file, (kind.query, kind.answer, *kind.needs)), file=file))
    analogies = [_analogy_set(file, rows(file, "abcd")) for file in sorted(folder.glob("analogy/*.tsv"))]
    if not digests:
        raise InputError(
            f"{folder} holds no evaluation set; expected similarity/*.tsv, clustering/*.tsv, robust/*.tsv or "
            "analogy/*.tsv in it"
        )
    return EvaluationSets(similarity, clustering, retrieval, analogies, digests)


def read_rows(file: Path, *, columns: Sequence[str]) -> Rows:
    """The rows of a tab-separated file with a header line that names at least `columns`."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 ({error}); save it as UTF-8") from error
    header = lines[0].split("\t") if lines else []
    if missing := [name for name in columns if name not in header]:
        raise InputError(f"{file} has columns {header}, expected at least {list(columns)}: {missing} missing")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != len(header):
            raise InputError(f"{file}, line {number}: {len(cells)} columns, expected {len(header)}: {line!r:.60}")
        rows.append(dict(zip(header, cells, strict=True)))
    return rows


def _similarity_set(file: Path, rows: Rows) -> SimilaritySet:
    pairs, scores = [], []
    for number, row in enumerate(rows, start=2):
        try:
            score = float(row["score"])
        except ValueError:
            score = math.nan
        if not math.isfinite(score):
            raise InputError(f"{file}, line {number}: score is {row['score']!r}, expected a number")
        first, second = normalise(row["word1"]), normalise(row["word2"])
        if first != second and is_single(first) and is_single(second):
            pairs.append((first, second))
            scores.append(score)
    _require(len(pairs) >= 3, file, found=f"{len(pairs)} usable pairs", expected="three or more")
    return SimilaritySet(file.stem, pairs, np.array(scores))


def _clustering_set(file: Path, rows: Rows) -> ClusteringSet:
    column = next((name for name in ("category", "chapter") if rows and name in rows[0]), None)
    _require(column is not None, file, found="no column with the classes", expected="'category' or 'chapter'")
    classes: dict[str, set[str]] = {}
    for row in rows:
        word = normalise(row["word"])
        if is_single(word):
            classes.setdefault(word, set()).add(row[column])
    kept = {word: next(iter(labels)) for word, labels in classes.items() if len(labels) == 1}
    labels = list(kept.values())
    _require(len(set(labels)) >= 2, file, found=f"{len(set(labels))} classes", expected="two or more")
    return ClusteringSet(file.stem, list(kept), labels)


def _retrieval_set(name: str, kind: _Retrieval, rows: Rows, *, file: Path) -> RetrievalSet:
    asked: list[tuple[str, str]] = []
    candidates: dict[str, int] = {}
    for row in rows:
        query, answer = normalise(row[kind.query]), normalise(row[kind.answer])
        if not (is_single(query) and is_single(answer)) or answer == "-":
            continue
        candidates.setdefault(answer, len(candidates))
        if query != answer and kind.keep(row):
            asked.append((query, answer))
    _require(asked, file, found=f"nothing to ask for {name!r}", expected="rows whose two words differ")
    queries, answers = zip(*asked, strict=True)
    return RetrievalSet(name, list(queries), [candidates[answer] for answer in answers], list(candidates))


def _analogy_set(file: Path, rows: Rows) -> AnalogySet:
    spelled = [[normalise(row[column]) for column in "abcd"] for row in rows]
    places: dict[str, int] = {}
    for word in chain.from_iterable(spelled):
        if is_single(word):
            places.setdefault(word, len(places))
    asked = [row for row, words in enumerate(spelled) if all(map(is_single, words)) and words[3] not in words[:3]]
    _require(asked, file, found="no usable question", expected="four single words a row, the last not among the others")
    questions = np.array([[places[word] for word in spelled[row]] for row in asked])
    categories = [rows[row]["category"] for row in asked] if "category" in rows[0] else []
    return AnalogySet(file.stem, list(places), questions, categories)


def _require(condition: object, file: Path, *, found: str, expected: str) -> None:
    if not condition:
        raise InputError(f"{file}: found {found}, expected {expected}")
