"""Senses with their translations: WikDict's dictionaries, from Debian's packages `dict-freedict-*`.

WikDict (https://www.wikdict.com) makes them of Wiktionary by way of DBnary (Sérasset 2015, DBnary: Wiktionary as a
Lemon-based multilingual lexical resource in RDF); they are under CC BY-SA 3.0. FreeDict distributes them among older
dictionaries that are under the GPL: a dictionary is only read if its own header says WikDict and that licence.

The format is dictd's (https://github.com/cheusov/dictd, `dictfmt`): an index of headwords, offsets and lengths, both
in base 64, and a text compressed with gzip, in which an entry is

    Hund /hʊnt/ <n, masc>            the headword, how it is spoken, its part of speech
    1. perro, can                    a sense's translations, numbered if there are several
    Haustier, das bellt              what the sense is, if that is said
"""

import gzip
import re
import unicodedata
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.resources.downloads import SourceError

_FOLDER = "usr/share/dictd"
# What Debian 12 has of WikDict's (FreeDict 2022.12): from which language to which, in ISO 639-3.
DICTIONARIES = {
    "deu": "bul ell fin fra ind pol rus spa swe",
    "ell": "bul eng fin fra ind ita jpn lat lit nld nor pol por rus spa swe",
    "eng": "bul fin ind jpn nor",
    "fin": "bul deu ell eng fra ind ita jpn lat lit nld nor pol por swe",
    "fra": "bul deu ell fin ita jpn lat lit pol por rus spa swe tur",
    "ita": "bul ell fin ind jpn lit nor pol por rus spa swe tur",
    "nld": "bul ell fin ind ita lat lit pol por rus spa swe",
    "pol": "bul deu ell eng fin fra ind ita jpn nld nor por rus spa swe tur",
    "por": "fra spa",
    "swe": "bul deu ell fin fra ita jpn lat nld nor pol por rus spa tur",
}

_DIGITS = {
    digit: value for value, digit in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}
_ABOUT = re.compile("00-?database")  # entries that tell of the dictionary
_HEADER_BYTES = 65_536
_ORIGIN = "WikDict"
_LICENCE = "Creative Commons Attribution-ShareAlike 3.0"

_HEADWORD = re.compile(r"(.*?)(?:\s+(?:\[?/|<).*)?")
_PART_OF_SPEECH = re.compile("<([a-z]+)")
_NUMBERED = re.compile(r"\s*(\d+)\.\s*(.*)")
_REMARK = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])|\s+\d+\.$")
# Marks that are left over in NFC belong to no letter: dictionaries of Russian put them where the stress is.
_STRESS = re.compile("[\u0300\u0301]")
_LONGEST_TRANSLATION = 3  # words; what is longer explains and does not translate


@dataclass(frozen=True, slots=True)
class Entry:
    """A sense of a headword of `language`, and its translations by language; all as they are written.

    `part_of_speech` is the dictionary's own abbreviation, such as `n` and `adj`, or empty; so is `definition`, in the
    headword's language.
    """

    language: str
    headword: str
    part_of_speech: str
    definition: str
    translations: Mapping[str, tuple[str, ...]]


def find_dictionaries(root: str | Path, *, languages: Collection[str]) -> dict[tuple[str, str], tuple[Path, Path]]:
    """The index and the text of every dictionary between two of the `languages` (ISO 639-3), by that pair.

    `root` is `/`, or where Debian's packages were unpacked. Raises `FileNotFoundError` that names all packages to
    install.
    """
    pairs = [
        (source, target)
        for source, targets in DICTIONARIES.items()
        for target in targets.split()
        if {source, target} <= set(languages)
    ]
    folder = Path(root) / _FOLDER
    files = {(a, b): (folder / f"freedict-{a}-{b}.index", folder / f"freedict-{a}-{b}.dict.dz") for a, b in pairs}
    if missing := [pair for pair, both in files.items() if not all(file.is_file() for file in both)]:
        raise FileNotFoundError(
            f"no dictionaries {', '.join(map('-'.join, missing))} in {folder}: apt-get install "
            f"{' '.join(f'dict-freedict-{a}-{b}' for a, b in missing)}, or unpack these Debian packages anywhere "
            "(dpkg-deb -x FILE.deb FOLDER) and name that folder as the Debian root"
        )
    return files


def read_entries(root: str | Path, *, languages: Collection[str]) -> list[Entry]:
    """All senses of the dictionaries between `languages` (ISO 639-3), sorted.

    What several dictionaries of a language say of a sense is one entry: that with equal headword, part of speech and
    definition. Raises what `find_dictionaries` raises, and `SourceError` for a dictionary that is damaged, or is not
    WikDict's.
    """
    senses: dict[tuple[str, str, str, str], dict[str, list[str]]] = {}
    for (source, target), (index, text) in find_dictionaries(root, languages=languages).items():
        for headword, part, definition, translations in _read_dictionary(index, text=text):
            senses.setdefault((source, headword, part, definition), {}).setdefault(target, []).extend(translations)
    return [
        Entry(*key, {target: tuple(dict.fromkeys(words)) for target, words in sorted(of.items())})
        for key, of in sorted(senses.items())
    ]


def _read_dictionary(index: Path, *, text: Path) -> Iterator[tuple[str, str, str, list[str]]]:
    content = _read_text(text)
    for start, length in _read_index(index, size=len(content)):
        lines = content[start : start + length].decode("utf-8", errors="replace").strip("\n").split("\n")
        headword = _clean(_matched(_HEADWORD, lines[0]))
        part = match[1] if (match := _PART_OF_SPEECH.search(lines[0])) else ""
        for translated, definition in _senses(lines[1:]) if headword else ():
            translations = [word for each in translated.split(",") if (word := _clean(each))]
            translations = [word for word in translations if len(word.split()) <= _LONGEST_TRANSLATION]
            if translations:
                yield headword, part, definition.strip(), translations


def _read_text(file: Path) -> bytes:
    package = f"apt-get install --reinstall dict-{file.name.partition('.')[0]}"
    try:
        content = gzip.decompress(file.read_bytes())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(f"{file} is cut or damaged ({error}); {package}") from error
    header = " ".join(content[:_HEADER_BYTES].decode("utf-8", errors="replace").split())
    if wanting := [said for said in (_ORIGIN, _LICENCE) if said not in header]:
        raise SourceError(
            f"{file} does not say {' and '.join(map(repr, wanting))} in its header, expected WikDict's dictionary "
            f"under that licence: another one is in its place; {package}"
        )
    return content


def _read_index(file: Path, *, size: int) -> list[tuple[int, int]]:
    """Offsets and lengths of the entries, each once."""
    places: dict[tuple[int, int], None] = {}
    lines = file.read_bytes().decode("utf-8", errors="replace").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            headword, start, length, *_ = line.split("\t")
            place = _number(start), _number(length)
        except (ValueError, KeyError) as error:
            raise SourceError(f"{file}, line {number}: {line!r:.60} is no headword, offset and length") from error
        if sum(place) > size:
            raise SourceError(f"{file}, line {number}: an entry ends at byte {sum(place):,} of a text of {size:,}")
        if not _ABOUT.match(headword):
            places[place] = None
    return list(places)


def _number(digits: str) -> int:
    if not digits:
        raise ValueError("no digits")
    value = 0
    for digit in digits:
        value = 64 * value + _DIGITS[digit]
    return value


def _senses(lines: Sequence[str]) -> list[tuple[str, str]]:
    """Translations and definition of each sense: numbered ones, or a single one. Numbers within one are not read."""
    senses: list[tuple[str, str]] = []
    numbered = bool(lines) and _NUMBERED.fullmatch(lines[0]) is not None
    for line in lines:
        match = _NUMBERED.fullmatch(line) if numbered else None
        if match and int(match[1]) == len(senses) + 1:
            senses.append((match[2], ""))
        elif not senses:
            senses.append((line, ""))
        elif not match and not senses[-1][1]:
            senses[-1] = senses[-1][0], line
    return senses


def _matched(pattern: re.Pattern[str], line: str) -> str:
    match = pattern.fullmatch(line)
    return match[1] if match else ""


def _clean(text: str) -> str:
    """A headword or a translation without remarks in brackets and marks of stress, in NFC."""
    composed = _STRESS.sub("", unicodedata.normalize("NFC", _REMARK.sub("", text))).replace("…", "")
    return " ".join(composed.split()).strip(" .;!?")
