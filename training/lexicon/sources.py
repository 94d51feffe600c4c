"""Where the words of a lexicon come from: what is read from each package, its version and its licence."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from statistics import median

from training.common.files import digest
from training.languages import Language, known_languages, read_language
from training.languages.record import HunspellSource, WordArraySource
from training.resources import wikdict
from training.resources.downloads import SourceError, download
from training.resources.frequencies import Counts, read_counts, read_frequencies
from training.resources.hunspell import Affixes, read_affixes, read_dictionary
from training.resources.lemmas import read_lemmas
from training.resources.multiwordnet import read_words

WIKDICT = "dict-freedict (WikDict)"
LICENCES = {
    "spacy-lookups-data": "MIT; its lemmas go back to lists under the ODbL 1.0, CC BY-SA 2.0 or BSD",
    "simplemma": "MIT; lemmas under the ODbL 1.0, CC BY-SA 3.0 and 4.0, CC BY 4.0 where records name it",
    WIKDICT: "CC BY-SA 3.0",
    "multiwordnet": "CC BY-SA 4.0",
    "wordfreq": "Apache-2.0 code, CC BY-SA 4.0 data",
}

# An irregular form is rarely more than six times as frequent as its lemma.
_FORM_EXCESS = 0.8
_LEAST_COUNTED = 1.0  # on the Zipf scale: one in ten


@dataclass(frozen=True, kw_only=True)
class Sources:
    """All that the lexicon of a language is made of. Frequencies are on the Zipf scale.

    `frequencies`, `neighbour`: of lower-cased words in this language and in the record's neighbour; `counts`: of words
    in running text; `lemmas`: by package, pairs of a form and a lemma; `dictionaries`: headwords and translations;
    `synsets`: words of a WordNet; `entries`, `affixes`: a Hunspell dictionary; `listed`: words without accents. Lemmas,
    entries and dictionaries are as they are written.
    """

    language: Language
    frequencies: Mapping[str, float]
    counts: Mapping[str, Counts] = field(default_factory=dict)
    lemmas: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    dictionaries: frozenset[str] = frozenset()
    synsets: frozenset[str] = frozenset()
    entries: Sequence[tuple[str, str]] = ()
    affixes: Affixes = field(default_factory=Affixes)
    listed: frozenset[str] = frozenset()
    neighbour: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    licences: Mapping[str, str] = field(default_factory=lambda: LICENCES)

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

    def is_too_frequent(self, word: str, *, lemma: str) -> bool:
        """Whether a word is too frequent to be but a form of that lemma: "para" is, beside "parir"."""
        return self.frequency(word) > self.frequency(lemma) + _FORM_EXCESS

    def written(self, word: str) -> str | None:
        """How running text mostly has a lower-cased word, or None if nothing can be said.

        That is where far fewer were counted than there are: the tokenizer of the counts has left "DON'T" whole alone.
        """
        counts = self.counts.get(word)
        if counts is None or counts.frequency + self.offset < self.frequency(word) - _LEAST_COUNTED:
            return None
        return counts.written

    @cached_property
    def lemma_of(self) -> Mapping[str, str]:
        """A lemma of each form in a table, as they are written; the last one given."""
        return {form: lemma for table in self.lemmas.values() for form, lemma in table}


def read_sources(language: str, *, debian_root: Path, downloads: Path) -> Sources:
    """Reads what the record of a language names; what is downloaded is kept in `downloads`.

    Raises `InputError` for a language without a record, `ImportError` without the wheels, `FileNotFoundError` without
    the Debian packages, `SourceError` for a download that fails or differs and for a dictionary that is not WikDict's,
    and `DictionaryError` for a Hunspell dictionary that cannot be read.
    """
    record = read_language(language)
    of, net = record.lexicon, record.teacher.multiwordnet
    frequencies = read_frequencies(language)
    # What may be missing comes first, what takes its time later.
    files = find_hunspell(of.hunspell, root=debian_root) if of.hunspell else None
    dictionaries, versions = frozenset[str](), dict[str, str]()
    if "dictionaries" in of.stages:
        dictionaries, versions[WIKDICT] = read_dictionaries(record.teacher.wikdict, debian_root=debian_root)
    lemmas = {package: read_lemmas(language, package=package) for package in of.lemmas}
    synsets = read_words(net) if net else frozenset[str]()
    packages = {*of.lemmas, "wordfreq", "spacy-lookups-data", *(["multiwordnet"] if net else [])}
    versions |= {package: version(package) for package in sorted(packages)}
    licences = dict(LICENCES)
    affixes, entries = Affixes(), list[tuple[str, str]]()
    if of.hunspell and files:
        rules, dictionary = files
        affixes, entries = read_affixes(rules), list(read_dictionary(dictionary))
        versions[of.hunspell.package] = f"sha256 {digest(rules)[:12]} (.aff), {digest(dictionary)[:12]} (.dic)"
        licences[of.hunspell.package] = of.hunspell.licence
    listed = frozenset[str]()
    if of.word_array:
        listed = read_word_array(of.word_array, downloads=downloads)
        versions[of.word_array.package] = of.word_array.version
        licences[of.word_array.package] = of.word_array.licence
    return Sources(
        language=record,
        frequencies=frequencies,
        counts=read_counts(language),
        lemmas=lemmas,
        dictionaries=dictionaries,
        synsets=synsets,
        entries=entries,
        affixes=affixes,
        listed=listed,
        neighbour=read_frequencies(of.neighbour) if of.neighbour else {},
        versions=versions,
        licences=licences,
    )


def find_hunspell(source: HunspellSource, *, root: Path) -> tuple[Path, Path]:
    """The `.aff` and `.dic` files of a Debian package. Raises `FileNotFoundError` that says how to install it."""
    files = tuple(root / f"{source.files}{suffix}" for suffix in (".aff", ".dic"))
    if missing := [str(file) for file in files if not file.is_file()]:
        raise FileNotFoundError(
            f"no dictionary: {' and '.join(missing)} not found; run `apt-get install {source.package}`, or unpack "
            "that Debian package anywhere (`dpkg-deb -x FILE.deb FOLDER`) and name the folder with --debian-root"
        )
    return files[0], files[1]


def read_dictionaries(code: str, *, debian_root: Path) -> tuple[frozenset[str], str]:
    """What WikDict's dictionaries have of a language (ISO 639-3), as it is written, and the digest of their files.

    Read are all that are between languages with a record. Raises as `wikdict.read_entries` does.
    """
    languages = [read_language(known).teacher.wikdict for known in known_languages()]
    files = [file for both in wikdict.find_dictionaries(debian_root, languages=languages).values() for file in both]
    words: set[str] = set()
    for entry in wikdict.read_entries(debian_root, languages=languages):
        words.update(entry.translations.get(code, ()))
        if entry.language == code:
            words.add(entry.headword)
    digests = hashlib.sha256("".join(map(digest, files)).encode()).hexdigest()
    return frozenset(words), f"{len(files) // 2} dictionaries, sha256 {digests[:12]}"


def read_word_array(source: WordArraySource, *, downloads: Path) -> frozenset[str]:
    """The words of an npm package that is one array. Raises `SourceError` if it cannot be had or holds none."""
    name, number = source.package, source.version
    url = f"https://registry.npmjs.org/{name}/-/{name}-{number}.tgz"
    archive = download(url, sha512=source.sha512, folder=downloads)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as files:
            member = files.extractfile("package/index.json")
            words = json.load(member) if member else None
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise SourceError(f"{archive} is not an npm package with an index.json ({error})") from error
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise SourceError(f"{archive}: index.json holds {type(words).__name__}, expected an array of words")
    return frozenset(words)
