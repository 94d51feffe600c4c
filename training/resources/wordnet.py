"""The WordNet 3.0 database: sets of synonyms, what they point to, and how often a word has which sense.

Fellbaum 1998, WordNet: an electronic lexical database; file formats: https://wordnet.princeton.edu/documentation/wndb5wn
(data and index files), senseidx5wn (sense keys), cntlist5wn (counts).
"""

import re
from collections import Counter
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
# Where an adjective may stand, as in `galore(ip)`.
_MARKER = re.compile(r"\((?:a|p|ip)\)$")

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Synset:
    """A set of synonyms: its lemmas, what it points to, and its definition without the examples.

    A pointer is a symbol as in wninput5wn (`@` hypernym, `!` antonym, `&` similar ...) and the identifier of another
    synset; those between two lemmas count as between their synsets.
    """

    lemmas: tuple[str, ...]
    pointers: tuple[tuple[str, str], ...]
    definition: str


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

    def counts(self) -> Counter[str]:
        """How often each synset was met in WordNet's tagged texts: the sum over its lemmas, 0 for one never met."""
        counts: Counter[str] = Counter()
        for (lemma, part, rank), count in self._counts.items():
            synsets = self._senses.get((lemma, part), ())
            if rank <= len(synsets):
                counts[synsets[rank - 1]] += count
        return counts


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
    offset, _, part = fields[:3]
    end = 4 + 2 * int(fields[3], 16)
    lemmas = tuple(_MARKER.sub("", lemma).replace("_", " ") for lemma in fields[4:end:2])
    pointers = [fields[start : start + 4] for start in range(end + 1, end + 1 + 4 * int(fields[end]), 4)]
    return _identifier(offset, part=part), Synset(
        lemmas,
        tuple((symbol, _identifier(target, part=target_part)) for symbol, target, target_part, _ in pointers),
        gloss.strip().partition('; "')[0],
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
