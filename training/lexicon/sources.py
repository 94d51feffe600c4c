"""Where the words of the lexicon come from: what is read from each package, its version and its licence."""

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from training.common.files import digest
from training.resources.downloads import SourceError, download
from training.resources.frequencies import Counts, read_counts, read_frequencies
from training.resources.hunspell import Affixes, read_affixes, read_dictionary
from training.resources.lookups import read_table
from training.resources.multiwordnet import read_words

WORD_ARRAY_URL = "https://registry.npmjs.org/an-array-of-spanish-words/-/an-array-of-spanish-words-2.0.0.tgz"
# Of the archive, as the registry gives it (in base64) under `dist.integrity`.
WORD_ARRAY_SHA512 = (
    "9b34d7623973953e9185059e0695e0cf49ad524475a8dadae99c7af0146c318e"
    "6e7a3a246e5156dddd1ab1c91b76ce6e69c3bfa2dac53e46b67560abeb98339a"
)

LICENCES = {
    "hunspell-es": "GPL-3+, LGPL-3+ or MPL-1.1+, at choice",
    "spacy-lookups-data": "MIT; its lemmas go back to lists under the ODbL 1.0",
    "an-array-of-spanish-words": "MIT",
    "multiwordnet": "CC BY-SA 4.0",
    "wordfreq": "Apache-2.0 code, CC BY-SA 4.0 data",
}

_MODULES = ("multiwordnet", "spacy_lookups_data", "wordfreq")
_DICTIONARY = "usr/share/hunspell/es_ES"


@dataclass(frozen=True)
class Sources:
    """All that a lexicon is made of. Frequencies are on the Zipf scale: log10 of occurrences per billion words.

    `entries`, `affixes`: a Hunspell dictionary; `lemmas`: form -> lemma; `listed`: words without accents;
    `with_senses`: words of a WordNet;
    `frequencies`, `english`: of lower-cased words in Spanish and in English; `counts`: of words in running text.
    """

    entries: list[tuple[str, str]]
    affixes: Affixes
    lemmas: Mapping[str, str]
    listed: frozenset[str]
    with_senses: frozenset[str]
    frequencies: Mapping[str, float]
    english: Mapping[str, float]
    counts: Mapping[str, Counts]
    versions: Mapping[str, str]

    @cached_property
    def offset(self) -> float:
        """What brings `counts` to the scale of `frequencies`: the median difference over the words that have both."""
        shared = self.counts.keys() & self.frequencies.keys()
        return median(self.frequencies[word] - self.counts[word].frequency for word in shared) if shared else 0.0

    def frequency(self, word: str) -> float:
        """Zipf frequency in hundredths, by `counts` where `frequencies` has none; 0 for a word never counted."""
        if (known := self.frequencies.get(word)) is not None:
            return known
        counts = self.counts.get(word)
        return max(round(counts.frequency + self.offset, 2), 0.01) if counts else 0.0


def read_sources(*, debian_root: Path, downloads: Path) -> Sources:
    """Reads every source; what is downloaded is kept in `downloads`.

    Raises `ImportError` without the wheels, `FileNotFoundError` without the Debian package, `SourceError` for a
    download that fails or differs, and `DictionaryError` for a dictionary that cannot be read.
    """
    if missing := [name for name in _MODULES if find_spec(name) is None]:
        raise ImportError(f"not installed: {', '.join(missing)}; pip install '.[teach]'")
    rules, entries = find_dictionary(debian_root)
    archive = download(WORD_ARRAY_URL, sha512=WORD_ARRAY_SHA512, folder=downloads)
    return Sources(
        entries=list(read_dictionary(entries)),
        affixes=read_affixes(rules),
        lemmas=read_table("es", "lemma_lookup"),
        listed=read_word_array(archive),
        with_senses=read_words("spanish"),
        frequencies=read_frequencies("es"),
        english=read_frequencies("en"),
        counts=read_counts("es"),
        versions={
            "hunspell-es": f"sha256 {digest(rules)[:12]} (.aff), {digest(entries)[:12]} (.dic)",
            "spacy-lookups-data": version("spacy-lookups-data"),
            "an-array-of-spanish-words": "2.0.0",
            "multiwordnet": version("multiwordnet"),
            "wordfreq": version("wordfreq"),
        },
    )


def find_dictionary(debian_root: Path) -> tuple[Path, Path]:
    """The `.aff` and `.dic` files of Debian's hunspell-es. Raises `FileNotFoundError` that says how to install it."""
    files = tuple(debian_root / f"{_DICTIONARY}{suffix}" for suffix in (".aff", ".dic"))
    if missing := [str(file) for file in files if not file.is_file()]:
        raise FileNotFoundError(
            f"no Spanish dictionary: {' and '.join(missing)} not found; run `apt-get install hunspell-es`, or unpack "
            "that Debian package anywhere (`dpkg-deb -x FILE.deb FOLDER`) and name the folder with --debian-root"
        )
    return files[0], files[1]


def read_word_array(archive: Path) -> frozenset[str]:
    """The words of an npm package that is one array. Raises `SourceError` if there is none in the archive."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as files:
            member = files.extractfile("package/index.json")
            words = json.load(member) if member else None
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise SourceError(f"{archive} is not an npm package with an index.json ({error})") from error
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise SourceError(f"{archive}: index.json holds {type(words).__name__}, expected an array of words")
    return frozenset(words)
