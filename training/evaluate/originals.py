"""Evaluation sets out of the files that their authors published, as `spacy project assets --extra` downloads them.

python -m training.evaluate.originals assets/originals assets/eval
"""

import argparse
import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from beast_core.files import write_file
from training.common.command import failing_in_a_line
from training.common.errors import InputError
from training.common.words import is_single, without_accents


def _pairs(text: str) -> Iterator[Sequence[str]]:
    for line in text.splitlines():
        first, second, score = line.split("\t")
        float(score)
        yield first, second, score


def _pairs_below_a_header(text: str) -> Iterator[Sequence[str]]:
    """The same, but for the first line, if that has no score."""
    header, _, rows = text.partition("\n")
    yield from _pairs(rows if header.rpartition("\t")[2].strip("0123456789.") else text)


def _semantic_fields(text: str) -> Iterator[Sequence[str]]:
    """The first Spanish term of each concept, without its notes in brackets, and the chapter of the concept."""
    for row in csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        word = re.sub(r"\(.*?\)", "", row["SPANISH"].split(",")[0]).strip()
        if is_single(word):
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
        wrong, right = (block.get(f"{{http://openoffice.org/2001/block-list}}{name}", "") for name in _REPLACEMENT)
        if wrong.isalpha() and right.isalpha():
            yield wrong, right, "accent" if without_accents(wrong) == without_accents(right) else "other"


_REPLACEMENT = ("abbreviated-name", "name")


class _Format(NamedTuple):
    columns: tuple[str, ...]
    read: Callable[[str], Iterator[Sequence[str]]]


class _Original(NamedTuple):
    url: str
    destination: str
    format: _Format


_PAIRS = _Format(("word1", "word2", "score"), _pairs)
_HEADED_PAIRS = _Format(("word1", "word2", "score"), _pairs_below_a_header)
_SEMANTIC_FIELDS = _Format(("word", "chapter"), _semantic_fields)
_CLOSED_CLASSES = _Format(("word", "category"), _closed_classes)
_AUTOCORRECTIONS = _Format(("wrong", "right", "kind"), _autocorrections)
_TWEETS = _Format(("oov", "class", "normalised"), _tweets)
_INFLECTIONS = _Format(("lemma", "form", "tags"), _inflections)

_GITHUB = "https://raw.githubusercontent.com"
_SIMLEX = f"{_GITHUB}/ikergarcia1996/MVM-Embeddings/6c4c8a57f05573a03f576ee7513266dacb2b8068/SimilarityDataset"
_ATTRACT_REPEL = f"{_GITHUB}/nmrksic/attract-repel/52f6914a4818030962c1cdce31fcdf0a7ad5bdf5/evaluation"
_CONCEPTNET = f"{_GITHUB}/commonsense/conceptnet5"
_WORDSIM = f"{_CONCEPTNET}/3cb336d73f9e2209bde3d594619296f9fbdbaf8d/conceptnet5/support_data/wordsim-353"
_CONCEPTICON = f"{_GITHUB}/concepticon/concepticon-data/02ffb172522a60824001f80ee0f4a82157d6e5cd/concepticondata"
_PARALEX = f"{_GITHUB}/gavagai-corp/ParaLex/1460a34efd510f7e28d6d8cf17b001e3a7b36ca6"
_LIBREOFFICE = f"{_GITHUB}/LibreOffice/core"
_TWEETNORM = f"{_GITHUB}/jacerong/normalesp/418d5632922d0923133040b6229393b80d7bab07/normalesp/tests/Tweet-Norm_es"
_SIGMORPHON = f"{_GITHUB}/sigmorphon/conll2018/865cac6f2fb9b1afc092269d60c80e670c576635/task1/all"


def _semeval(commit: str, languages: str) -> str:
    return f"{_CONCEPTNET}/{commit}/conceptnet5/support_data/semeval17-2/{languages}.test.txt"


def _autocorrect(commit: str, locale: str) -> str:
    return f"{_LIBREOFFICE}/{commit}/extras/source/autocorr/lang/{locale}/DocumentList.xml"


# The folder of a set is that of its language, or `cross` for those of two.
_PUBLISHED = (
    _Original(f"{_SIMLEX}/SL999es.tab", "es/similarity/simlex999_es_ew.tsv", _PAIRS),
    _Original(f"{_SIMLEX}/ES-SIM999.txt", "es/similarity/simlex999_es_semr11.tsv", _PAIRS),
    _Original(
        _semeval("644dcf529305b89cdcde6ea1996ef915bb97eea7", "es"), "es/similarity/semeval2017_t2_es.tsv", _PAIRS
    ),
    _Original(f"{_WORDSIM}/es.fixed.tab", "es/similarity/ws353_es.tsv", _PAIRS),
    _Original(f"{_CONCEPTICON}/conceptlists/Key-2016-1310.tsv", "es/clustering/ids_chapters_es.tsv", _SEMANTIC_FIELDS),
    _Original(f"{_PARALEX}/ParaLex.csv", "es/clustering/paralex_es.tsv", _CLOSED_CLASSES),
    _Original(
        _autocorrect("004f24fcb12bc9f43e6c812ef2751b777dc44031", "es"),
        "es/robust/typos_libreoffice_es.tsv",
        _AUTOCORRECTIONS,
    ),
    _Original(f"{_TWEETNORM}/tweet-norm-dev500_annotated.txt", "es/robust/tweetnorm_dev500_es.tsv", _TWEETS),
    _Original(f"{_SIGMORPHON}/spanish-dev", "es/robust/sigmorphon2018_es_dev.tsv", _INFLECTIONS),
    _Original(f"{_ATTRACT_REPEL}/simlex-english-old.txt", "en/similarity/simlex999_original.tsv", _HEADED_PAIRS),
    _Original(f"{_ATTRACT_REPEL}/simlex-english.txt", "en/similarity/simlex999.tsv", _HEADED_PAIRS),
    _Original(f"{_ATTRACT_REPEL}/simlex-german.txt", "de/similarity/simlex999.tsv", _HEADED_PAIRS),
    _Original(f"{_ATTRACT_REPEL}/simlex-italian.txt", "it/similarity/simlex999.tsv", _HEADED_PAIRS),
    _Original(f"{_ATTRACT_REPEL}/simlex-russian.txt", "ru/similarity/simlex999.tsv", _HEADED_PAIRS),
    _Original(f"{_ATTRACT_REPEL}/ws-353/wordsim353-english.txt", "en/similarity/ws353.tsv", _HEADED_PAIRS),
    _Original(f"{_ATTRACT_REPEL}/ws-353/wordsim353-german.txt", "de/similarity/ws353.tsv", _HEADED_PAIRS),
    _Original(f"{_ATTRACT_REPEL}/ws-353/wordsim353-italian.txt", "it/similarity/ws353.tsv", _HEADED_PAIRS),
    _Original(f"{_ATTRACT_REPEL}/ws-353/wordsim353-russian.txt", "ru/similarity/ws353.tsv", _HEADED_PAIRS),
    _Original(_semeval("388856aff12bfb9d687df503ce7c8d1f05d5a2e6", "en"), "en/similarity/semeval2017_t2.tsv", _PAIRS),
    _Original(_semeval("388856aff12bfb9d687df503ce7c8d1f05d5a2e6", "de"), "de/similarity/semeval2017_t2.tsv", _PAIRS),
    _Original(_semeval("098371e9563b67cad8d1ddadbff1dacdd79d700d", "it"), "it/similarity/semeval2017_t2.tsv", _PAIRS),
    _Original(
        _semeval("098371e9563b67cad8d1ddadbff1dacdd79d700d", "en-de"),
        "cross/similarity/semeval2017_t2_en-de.tsv",
        _PAIRS,
    ),
    _Original(
        _semeval("644dcf529305b89cdcde6ea1996ef915bb97eea7", "en-es"),
        "cross/similarity/semeval2017_t2_en-es.tsv",
        _PAIRS,
    ),
    _Original(
        _autocorrect("6c6463124d9a7fcf1abe3f02067eb5205d7fcd3c", "en-US"),
        "en/robust/typos_libreoffice_en-US.tsv",
        _AUTOCORRECTIONS,
    ),
    _Original(
        _autocorrect("0bcdcd38e336ec65970c870f169e0db2c2f4a2c9", "de"),
        "de/robust/typos_libreoffice_de.tsv",
        _AUTOCORRECTIONS,
    ),
    _Original(
        _autocorrect("e8d2cf5c251457521a565bf24c784f11f624a995", "fr"),
        "fr/robust/typos_libreoffice_fr.tsv",
        _AUTOCORRECTIONS,
    ),
    _Original(f"{_SIGMORPHON}/portuguese-dev", "pt/robust/sigmorphon2018_dev.tsv", _INFLECTIONS),
    _Original(f"{_SIGMORPHON}/swedish-dev", "sv/robust/sigmorphon2018_dev.tsv", _INFLECTIONS),
    _Original(f"{_SIGMORPHON}/finnish-dev", "fi/robust/sigmorphon2018_dev.tsv", _INFLECTIONS),
)

# By where the published file is downloaded to: its name in the folder of its language.
ORIGINALS = {
    f"{original.destination.partition('/')[0]}/{original.url.rpartition('/')[2]}": original for original in _PUBLISHED
}


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
            rows = list(original.format.read((source / name).read_text(encoding="utf-8-sig")))
        except (ValueError, KeyError) as error:
            raise InputError(
                f"{source / name} is not the file at {original.url}: {error}; download it again"
            ) from error
        if not rows:
            raise InputError(f"{source / name} is not the file at {original.url}: no row found; download it again")
        converted[original.destination] = _tab_separated([original.format.columns, *rows])
    for name, text in converted.items():
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        write_file(destination / name, text)
    return sorted(converted), sorted(set(ORIGINALS) - set(found))


def _tab_separated(rows: Iterable[Sequence[str]]) -> str:
    return "".join("\t".join(unicodedata.normalize("NFC", cell) for cell in row) + "\n" for row in rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the sets, and prints which were written and which originals are not there."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate.originals", description="Make evaluation sets.")
    parser.add_argument("source", type=Path, help="folder with the originals: " + ", ".join(ORIGINALS))
    parser.add_argument("destination", type=Path, help="folder to write the sets to")
    options = parser.parse_args(arguments)
    with failing_in_a_line():
        written, missing = import_originals(options.source, options.destination)
    for name in written:
        print(f"wrote {options.destination / name}")
    for name in missing:
        print(f"not there: {options.source / name} ({ORIGINALS[name].url})")


if __name__ == "__main__":
    main()
