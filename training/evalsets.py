"""Evaluation sets: reading them from a folder, and making that folder from the files their authors published.

A folder holds tab-separated UTF-8 files with a header line:

- `similarity/*.tsv`: `word1`, `word2`, `score` (more is more similar);
- `clustering/*.tsv`: `word` and its class, in a column `category` or `chapter`;
- `robust/`: misspellings, tweets and inflected forms, see `RETRIEVAL`.

Every word is lower-cased and brought to NFC. Left out, and counted nowhere: items of several words; pairs of a word
with itself, which any model gets right; words that a set puts into several classes, which have no one right cluster.

    python -m training.evalsets import ORIGINALS_FOLDER SETS_FOLDER
"""

import argparse
import csv
import hashlib
import math
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

Rows = list[dict[str, str]]


class InputError(ValueError):
    """Something given to the evaluation cannot be used; the message says what, where, and what was expected."""


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
class EvaluationSets:
    """All sets found in a folder, and the SHA-256 of each file they were read from."""

    similarity: list[SimilaritySet]
    clustering: list[ClusteringSet]
    retrieval: list[RetrievalSet]
    digests: dict[str, str]

    @classmethod
    def empty(cls) -> "EvaluationSets":
        """No sets at all."""
        return cls([], [], [], {})


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


def normalise(word: str) -> str:
    """The spelling that is compared: lower case, NFC, no white space around."""
    return unicodedata.normalize("NFC", word.strip().lower())


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
    if not digests:
        raise InputError(
            f"{folder} holds no evaluation set; expected similarity/*.tsv, clustering/*.tsv or robust/*.tsv in it"
        )
    return EvaluationSets(similarity, clustering, retrieval, digests)


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
        if first != second and _single(first) and _single(second):
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
        if _single(word):
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
        if not (_single(query) and _single(answer)) or answer == "-":
            continue
        candidates.setdefault(answer, len(candidates))
        if query != answer and kind.keep(row):
            asked.append((query, answer))
    _require(asked, file, found=f"nothing to ask for {name!r}", expected="rows whose two words differ")
    queries, answers = zip(*asked, strict=True)
    return RetrievalSet(name, list(queries), [candidates[answer] for answer in answers], list(candidates))


def _single(word: str) -> bool:
    return bool(word) and not any(letter.isspace() or letter == "_" for letter in word)


def _require(condition: object, file: Path, *, found: str, expected: str) -> None:
    if not condition:
        raise InputError(f"{file}: found {found}, expected {expected}")


def write_file(path: Path, content: str | bytes) -> None:
    """Writes a whole file or, on any error, leaves what was there."""
    temporary = path.with_name(f".{path.name}.partial")
    try:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _pairs(text: str) -> Iterator[Sequence[str]]:
    for line in text.splitlines():
        first, second, score = line.split("\t")
        float(score)
        yield first, second, score


def _semantic_fields(text: str) -> Iterator[Sequence[str]]:
    """The first Spanish term of each concept, without its notes in brackets, and the chapter of the concept."""
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        word = re.sub(r"\(.*?\)", "", row["SPANISH"].split(",")[0]).strip()
        if _single(word):
            yield word, row["CHAPTER"]


def _closed_classes(text: str) -> Iterator[Sequence[str]]:
    for language, _, label, *terms in csv.reader(text.splitlines()):
        if language == "ES":
            yield from ((term.strip(), label) for term in terms if term.strip())


def _tweets(text: str) -> Iterator[Sequence[str]]:
    """Below each tweet, indented lines `spelling class normal_form`."""
    for line in text.splitlines():
        cells = line.split(maxsplit=2)
        if line.startswith("\t") and len(cells) == 3:
            yield cells


def _inflections(text: str) -> Iterator[Sequence[str]]:
    for line in text.splitlines():
        lemma, form, tags = line.split("\t")
        yield lemma, form, tags


def _autocorrections(text: str) -> Iterator[Sequence[str]]:
    """Pairs of words among the replacements of a word processor, most of which are symbols."""
    try:
        root = ElementTree.fromstring(text.encode("utf-8"))
    except ElementTree.ParseError as error:
        raise ValueError(error) from error
    for block in root:
        wrong, right = (block.get(f"{{http://openoffice.org/2001/block-list}}{name}") for name in _REPLACEMENT)
        if wrong.isalpha() and right.isalpha():
            yield wrong, right, "accent" if _without_marks(wrong) == _without_marks(right) else "other"


_REPLACEMENT = ("abbreviated-name", "name")


def _without_marks(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


class _Original(NamedTuple):
    url: str
    destination: str
    read: Callable[[str], Iterator[Sequence[str]]]


_COLUMNS = {
    _pairs: ("word1", "word2", "score"),
    _semantic_fields: ("word", "chapter"),
    _closed_classes: ("word", "category"),
    _autocorrections: ("wrong", "right", "kind"),
    _tweets: ("oov", "class", "normalised"),
    _inflections: ("lemma", "form", "tags"),
}

_GITHUB = "https://raw.githubusercontent.com"
_SIMLEX = f"{_GITHUB}/ikergarcia1996/MVM-Embeddings/6c4c8a57f05573a03f576ee7513266dacb2b8068/SimilarityDataset"
_CONCEPTNET = f"{_GITHUB}/commonsense/conceptnet5"
_SEMEVAL = f"{_CONCEPTNET}/644dcf529305b89cdcde6ea1996ef915bb97eea7/conceptnet5/support_data/semeval17-2"
_WORDSIM = f"{_CONCEPTNET}/3cb336d73f9e2209bde3d594619296f9fbdbaf8d/conceptnet5/support_data/wordsim-353"
_CONCEPTICON = f"{_GITHUB}/concepticon/concepticon-data/02ffb172522a60824001f80ee0f4a82157d6e5cd/concepticondata"
_PARALEX = f"{_GITHUB}/gavagai-corp/ParaLex/1460a34efd510f7e28d6d8cf17b001e3a7b36ca6"
_LIBREOFFICE = f"{_GITHUB}/LibreOffice/core/004f24fcb12bc9f43e6c812ef2751b777dc44031/extras/source/autocorr/lang/es"
_TWEETNORM = f"{_GITHUB}/jacerong/normalesp/418d5632922d0923133040b6229393b80d7bab07/normalesp/tests/Tweet-Norm_es"
_SIGMORPHON = f"{_GITHUB}/sigmorphon/conll2018/865cac6f2fb9b1afc092269d60c80e670c576635/task1/all"

_PUBLISHED = (
    _Original(f"{_SIMLEX}/SL999es.tab", "similarity/simlex999_es_ew.tsv", _pairs),
    _Original(f"{_SIMLEX}/ES-SIM999.txt", "similarity/simlex999_es_semr11.tsv", _pairs),
    _Original(f"{_SEMEVAL}/es.test.txt", "similarity/semeval2017_t2_es.tsv", _pairs),
    _Original(f"{_WORDSIM}/es.fixed.tab", "similarity/ws353_es.tsv", _pairs),
    _Original(f"{_CONCEPTICON}/conceptlists/Key-2016-1310.tsv", "clustering/ids_chapters_es.tsv", _semantic_fields),
    _Original(f"{_PARALEX}/ParaLex.csv", "clustering/paralex_es.tsv", _closed_classes),
    _Original(f"{_LIBREOFFICE}/DocumentList.xml", "robust/typos_libreoffice_es.tsv", _autocorrections),
    _Original(f"{_TWEETNORM}/tweet-norm-dev500_annotated.txt", "robust/tweetnorm_dev500_es.tsv", _tweets),
    _Original(f"{_SIGMORPHON}/spanish-dev", "robust/sigmorphon2018_es_dev.tsv", _inflections),
)

# By the name of the published file.
ORIGINALS = {original.url.rpartition("/")[2]: original for original in _PUBLISHED}


def import_originals(source: str | Path, destination: str | Path) -> tuple[list[str], list[str]]:
    """Writes the sets whose originals lie in `source`; returns the files written and the originals not found.

    Raises `InputError` if there is none, or if one is not what its authors published.
    """
    source, destination = Path(source), Path(destination)
    found = {name: original for name, original in ORIGINALS.items() if (source / name).is_file()}
    if not found:
        raise InputError(f"{source} holds none of the original files; expected some of {sorted(ORIGINALS)}")
    converted = {}
    for name, original in found.items():
        try:
            rows = list(original.read((source / name).read_text(encoding="utf-8-sig")))
        except (ValueError, KeyError) as error:
            raise InputError(
                f"{source / name} is not the file at {original.url}: {error}; download it again"
            ) from error
        if not rows:
            raise InputError(f"{source / name} is not the file at {original.url}: no row found; download it again")
        converted[original.destination] = _tab_separated([_COLUMNS[original.read], *rows])
    for name, text in converted.items():
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        write_file(destination / name, text)
    return sorted(converted), sorted(set(ORIGINALS) - set(found))


def _tab_separated(rows: Iterable[Sequence[str]]) -> str:
    return "".join("\t".join(unicodedata.normalize("NFC", cell) for cell in row) + "\n" for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m training.evalsets", description="Make the evaluation sets.")
    command = parser.add_subparsers(required=True, metavar="import").add_parser(
        "import", help="convert the files that the authors of the sets published"
    )
    command.add_argument("source", type=Path, help="folder with the originals: " + ", ".join(ORIGINALS))
    command.add_argument("destination", type=Path, help="folder to write the sets to")
    options = parser.parse_args(arguments)
    try:
        written, missing = import_originals(options.source, options.destination)
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for name in written:
        print(f"wrote {options.destination / name}")
    for name in missing:
        print(f"not there: {options.source / name} ({ORIGINALS[name].url})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
