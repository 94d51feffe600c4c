"""The WordNet 3.0 database: sets of synonyms, what they point to, and how often a word has which sense.

Fellbaum 1998, WordNet: an electronic lexical database; file formats: https://wordnet.princeton.edu/documentation/wndb5wn
(data and index files), senseidx5wn (sense keys), cntlist5wn (counts), lexnames5wn (lexicographer files).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

PACKAGE = "wordnet-base"

# Part of speech -> the ending of its files.
_FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
# Satellite adjectives lie in the adjectives' files, and are numbered with them.
_SATELLITE = "s"
_PART_OF_SENSE_KEY = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
_LEXICOGRAPHER_FILES = (
    *("adj.all", "adj.pert", "adv.all", "noun.Tops", "noun.act", "noun.animal", "noun.artifact", "noun.attribute"),
    *("noun.body", "noun.cognition", "noun.communication", "noun.event", "noun.feeling", "noun.food", "noun.group"),
    *("noun.location", "noun.motive", "noun.object", "noun.person", "noun.phenomenon", "noun.plant"),
    *("noun.possession", "noun.process", "noun.quantity", "noun.relation", "noun.shape", "noun.state"),
    *("noun.substance", "noun.time", "verb.body", "verb.change", "verb.cognition", "verb.communication"),
    *("verb.competition", "verb.consumption", "verb.contact", "verb.creation", "verb.emotion", "verb.motion"),
    *("verb.perception", "verb.possession", "verb.social", "verb.stative", "verb.weather", "adj.ppl"),
)
# Where an adjective may stand, as in `galore(ip)`.
_MARKER = re.compile(r"\((?:a|p|ip)\)$")
_QUOTED = re.compile(r'"([^"]*)"')

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Pointer:
    """A relation to the synset `target`; `symbol` as in wninput5wn: `@` hypernym, `!` antonym, `&` similar ...

    `source_lemma` and `target_lemma` say between which lemmas of the two synsets it holds, as indices; None for a
    relation between the synsets as wholes.
    """

    symbol: str
    target: str
    source_lemma: int | None
    target_lemma: int | None


@dataclass(frozen=True, slots=True)
class Synset:
    """A set of synonyms: its lemmas, its definition without the examples, and the lexicographer's file (its field)."""

    lemmas: tuple[str, ...]
    pointers: tuple[Pointer, ...]
    definition: str
    examples: tuple[str, ...]
    lexicographer_file: str


def find_files(root: str | Path = "/") -> tuple[Path, ...]:
    """The files of the database under `root`. Raises `FileNotFoundError` naming the package to install."""
    folder = Path(root) / "usr/share/wordnet"
    names = [f"{kind}.{ending}" for ending in _FILES.values() for kind in ("data", "index")]
    files = tuple(folder / name for name in (*names, "cntlist.rev"))
    if missing := [file.name for file in files if not file.is_file()]:
        raise FileNotFoundError(
            f"no WordNet database in {folder} ({', '.join(missing)} missing): apt-get install {PACKAGE}, or give the "
            "folder where the package was unpacked"
        )
    return files


class WordNet:
    """The database under `root`, a folder laid out like Debian's: `/`, or where the package was unpacked.

    `synsets` are by identifier: the part of speech (`n`, `v`, `a`, `r`) and the offset, as in `n02084071`; `files` is
    what was read. Raises `FileNotFoundError` naming the package to install, `ValueError` for a line of another format.
    """

    def __init__(self, root: str | Path = "/") -> None:
        self.files = find_files(root)
        folder = self.files[0].parent
        self.synsets: dict[str, Synset] = {}
        self._senses: dict[tuple[str, str], tuple[str, ...]] = {}
        for part, ending in _FILES.items():
            self.synsets.update(_read(folder / f"data.{ending}", parse=_synset))
            self._senses.update(_read(folder / f"index.{ending}", parse=partial(_senses, part=part)))
        # How often the sense of that rank of a lemma of that part of speech was met.
        self._counts: dict[tuple[str, str, int], int] = dict(_read(folder / "cntlist.rev", parse=_count))

    def senses(self, lemma: str, *, part_of_speech: str, prior: float = 1.0) -> list[tuple[str, float]]:
        """Synsets of a lemma, most frequent first, with probabilities that sum to one; nothing for an unknown lemma.

        A sense's weight is how often it was met in WordNet's tagged texts, plus `prior` divided by its rank: most
        senses were never met. `part_of_speech` is `n`, `v`, `a` or `r`; any other has no senses. Raises `ValueError`
        for a `prior` of 0 or less.
        """
        if not prior > 0:
            raise ValueError(f"prior is {prior}, expected more than 0: senses that were never met need some weight")
        key = (lemma.lower(), part_of_speech)
        synsets = self._senses.get(key, ())
        weights = [self._counts.get((*key, rank), 0) + prior / rank for rank in range(1, len(synsets) + 1)]
        return [(synset, weight / sum(weights)) for synset, weight in zip(synsets, weights, strict=True)]


def _read(file: Path, *, parse: Callable[[str], _Item]) -> Iterator[_Item]:
    """What `parse` makes of each line but those of the licence, which begin with a space."""
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.startswith(" "):
                continue
            try:
                yield parse(line)
            except (ValueError, IndexError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{file}, line {number}: {line.strip()!r:.60} is not in the format of WordNet 3.0 ({error!r}); "
                    f"install {PACKAGE} again"
                ) from error


def _synset(line: str) -> tuple[str, Synset]:
    """`offset file part count (lemma id)... count (symbol offset part between)... | gloss`, counts of lemmas in hex."""
    data, _, gloss = line.partition("|")
    fields = data.split()
    offset, file_number, part = fields[:3]
    end = 4 + 2 * int(fields[3], 16)
    lemmas = tuple(_MARKER.sub("", lemma).replace("_", " ") for lemma in fields[4:end:2])
    first = end + 1
    pointers = tuple(_pointer(*fields[start : start + 4]) for start in range(first, first + 4 * int(fields[end]), 4))
    definition, _, examples = gloss.strip().partition('; "')
    quoted = tuple(_QUOTED.findall(f'"{examples}')) if examples else ()
    return _identifier(offset, part=part), Synset(
        lemmas, pointers, definition, quoted, _LEXICOGRAPHER_FILES[int(file_number)]
    )


def _pointer(symbol: str, offset: str, part: str, between: str) -> Pointer:
    """`between` is two numbers of lemmas in hex, counted from one; zeros are the whole synsets."""
    source, target = int(between[:2], 16), int(between[2:], 16)
    return Pointer(
        symbol, _identifier(offset, part=part), source - 1 if source else None, target - 1 if target else None
    )


def _identifier(offset: str, *, part: str) -> str:
    if part not in "nvars" or not offset.isdecimal():
        raise ValueError(f"no synset: {part!r} {offset!r}")
    return ("a" if part == _SATELLITE else part) + offset


def _senses(line: str, *, part: str) -> tuple[tuple[str, str], tuple[str, ...]]:
    """`lemma part synsets count symbol... senses tagged offset...`, the most frequent sense first."""
    fields = line.split()
    offsets = fields[6 + int(fields[3]) :]
    if len(offsets) != int(fields[2]):
        raise ValueError(f"{fields[2]} senses, but {len(offsets)} offsets")
    return (fields[0].replace("_", " "), part), tuple(_identifier(offset, part=part) for offset in offsets)


def _count(line: str) -> tuple[tuple[str, str, int], int]:
    """`lemma%key rank count`, the key's first digit being the part of speech."""
    sense, rank, count = line.split()
    lemma, _, key = sense.rpartition("%")
    return (lemma.replace("_", " "), _PART_OF_SENSE_KEY[key[0]], int(rank)), int(count)
