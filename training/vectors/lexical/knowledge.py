"""All that packages know of the words of all languages beside their spelling, put together by word.

`SOURCES` are what can be left out, to see what each adds.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
from scipy import sparse

from training.common.files import digest
from training.common.rows import unit_rows
from training.languages import Language, known_languages, read_language
from training.resources import moby, universal_encoder
from training.resources.english_encoder import EnglishEncoder, find_model
from training.resources.frequencies import find_frequencies, read_frequencies
from training.resources.lookups import find_tables
from training.resources.multiwordnet import find_dumps
from training.resources.universal_encoder import UniversalEncoder
from training.resources.wikdict import find_dictionaries
from training.resources.wordnet import find_files
from training.vectors.lexical.encoded import Encode, EncodedTexts
from training.vectors.lexical.graph import neighbours, row_shares
from training.vectors.lexical.profiled import Profiles, WordGraph
from training.vectors.lexical.profiles import SenseTable, mean_rows, of_definitions, of_lemmas, of_translations
from training.vectors.lexical.senses import PIVOTS, label, read_joint_senses
from training.vectors.lexical.spellings import Spellings

SOURCES = ("wikdict", "translations", "english", "moby", "definitions", "synonyms", "antonyms")

_ENGLISH_TEMPLATES = ("{}", "{}.")
_HYPERNYMS = 0.5  # against 1 for synonyms


def find_packages(sources: Collection[str] = SOURCES, *, debian_root: Path) -> tuple[list[Path], list[Path]]:
    """The files of Debian's packages, of WordNet and of dictionaries, of which there are none without WikDict.

    Raises `FileNotFoundError` that names all packages to install at once.
    """
    wordnet, dictionaries, problems = list[Path](), list[Path](), list[str]()
    try:
        wordnet += find_files(debian_root)
    except FileNotFoundError as error:
        problems.append(str(error))
    if "wikdict" in sources:
        codes = [read_language(code).teacher.wikdict for code in known_languages()]
        try:
            found = find_dictionaries(debian_root, languages=[*codes, *PIVOTS])
            dictionaries += [file for both in found.values() for file in both]
        except FileNotFoundError as error:
            problems.append(str(error))
    if problems:
        raise FileNotFoundError("; ".join(problems))
    return wordnet, dictionaries


class Knowledge:
    """The packages, checked to be there, and what comes of them, for all languages that have a record.

    Words as frequent as `leading_frequency` (Zipf) lead the others, see `SenseTable`; `debian_root` is `/`, or where
    Debian's packages were unpacked; `downloads` is where the package from npm is kept; `folder` is where encoded texts
    are. `digest` is of all that is read. Raises `FileNotFoundError`, `ImportError` and `ValueError` that name the
    package to install.
    """

    def __init__(
        self, sources: Collection[str], *, leading_frequency: float, debian_root: Path, downloads: Path, folder: Path
    ) -> None:
        self._sources, self._debian_root, self._leading = sources, debian_root, leading_frequency
        self.languages = tuple(map(read_language, known_languages()))
        wordnet, dictionaries = find_packages(sources, debian_root=debian_root)  # before anything is downloaded
        # In this order: their digest is the identity of the space.
        packaged = [*wordnet, *self._dumps(), *self._lists(), *dictionaries]
        self._moby = moby.download_moby(downloads) if "moby" in sources else None
        encoders: dict[str, tuple[Path, ...]] = {"universal": universal_encoder.find_files()}
        encoders |= {"english": (find_model(),)} if "english" in sources else {}
        encoders |= {"moby": (self._moby,)} if self._moby else {}
        told, dtype = {name: _told(files) for name, files in encoders.items()}, universal_encoder.fast_dtype()
        self._texts = {name: EncodedTexts(folder, source=f"{source} {dtype}") for name, source in told.items()}
        # Not the precision, on which only last digits depend: the spaces of two machines may be compared.
        self.digest = _told(
            packaged, *told.values(), *((each.code, each.alphabet, each.teacher) for each in self.languages)
        )

    def _dumps(self) -> tuple[Path, ...]:
        return find_dumps([each.teacher.multiwordnet for each in self.languages if each.teacher.multiwordnet])

    def _lists(self) -> Iterator[Path]:
        """How frequent words are and, where that matters, how they are written."""
        for language in self.languages:
            yield find_frequencies(language.code)
            if language.teacher.written:
                yield from find_tables(language.code).values()

    def encode(self, words: list[str], *, language: Language) -> np.ndarray:
        """The encoder's vectors of words as they are written, `(words, 512)` float16: unit length, mean over templates.

        Zeros for a language that it does not know.
        """
        if not language.teacher.encoded:
            return np.zeros((len(words), UniversalEncoder.width), dtype=np.float16)
        return _mean(language.teacher.templates, words)

    def encode_once(self, words: list[str], *, language: Language) -> np.ndarray:
        """The same, kept on disk."""
        if not language.teacher.encoded:
            return self.encode(words, language=language)
        templates = language.teacher.templates
        name = f"words {language.code} {' '.join(templates)}".replace("{}", "_")
        return self._texts["universal"].encode(words, name=name, open_encoder=partial(_open_templates, templates))

    def profiles(self) -> tuple[dict[str, Profiles], WordGraph]:
        """Everything but the spelling, by language, in their order in the graph.

        Takes a quarter of an hour the first time, then minutes: encoded texts are kept.
        """
        table, own = self._senses()
        lemmas = self._texts["universal"].encode(
            table.lemmas, name="English lemmas", open_encoder=partial(_open_templates, _ENGLISH_TEMPLATES)
        )
        encoded = np.any(own, axis=1)
        centres = table.centres(own, encoded=encoded, lemma_vectors=lemmas)
        own[~encoded] = mean_rows(row_shares(sparse.csr_array(table.members.T))[~encoded], rows=centres)
        weights = table.weights(own, lemma_vectors=lemmas)
        parts = {}
        if "translations" in self._sources:
            parts["translations"] = of_translations(weights, table=table, centres=centres, lemma_vectors=lemmas)
        del centres, lemmas
        parts |= self._parts(table, weights)
        profiles, start = {}, 0
        for code, words in self._by_language(table.words).items():
            rows = slice(start, start := start + len(words))
            profiles[code] = Profiles(words, own[rows], {name: part[rows] for name, part in parts.items()})
        return profiles, WordGraph(self._near(table, weights), self._opposite(table, weights))

    def _senses(self) -> tuple[SenseTable, np.ndarray]:
        """The senses of all languages, and their words' own vectors, `(words, 512)` float16."""
        wikdict = "wikdict" in self._sources
        joint = read_joint_senses(self.languages, debian_root=self._debian_root, wikdict=wikdict)
        table = SenseTable.of(joint.senses, leading=self._frequent())
        words = self._by_language(table.words)
        own = [
            self.encode_once(Spellings(language, written=joint.written).of(words[language.code]), language=language)
            for language in self.languages
        ]
        return table, np.concatenate(own)

    def _frequent(self) -> set[str]:
        """The labels of the words of all languages that lead."""
        frequent = set()
        for language in self.languages:  # one list at a time: each is half a million words
            frequencies = read_frequencies(language.code)
            frequent |= {label(language.code, word=word) for word, zipf in frequencies.items() if zipf >= self._leading}
        return frequent

    def _parts(self, table: SenseTable, weights: sparse.csr_array) -> dict[str, np.ndarray]:
        """What the definitions and the English encoders say of all words."""
        parts = {}
        if "definitions" in self._sources:
            definitions = [text for text in table.definitions if text]
            vectors = self._texts["universal"].encode(definitions, name="definitions", open_encoder=_open_definitions)
            parts["definitions"] = of_definitions(weights, table=table, vectors=vectors)
        encoders: dict[str, Callable[[], Encode]] = {"english": _open_english} if "english" in self._sources else {}
        encoders |= {"moby": partial(_open_moby, self._moby)} if self._moby else {}
        for name, open_encoder in encoders.items():
            vectors = self._texts[name].encode(table.lemmas, name=f"lemmas {name}", open_encoder=open_encoder)
            parts[name] = of_lemmas(weights, table=table, vectors=vectors)
        return parts

    def _by_language(self, labels: list[str]) -> dict[str, list[str]]:
        """The words of sorted labels by language, in their order, which is also that of `languages`."""
        words: dict[str, list[str]] = {language.code: [] for language in self.languages}
        for each in labels:
            code, _, word = each.partition(":")
            words[code].append(word)
        return words

    def _near(self, table: SenseTable, weights: sparse.csr_array) -> sparse.csr_array:
        size = len(table.words)
        near = sparse.csr_array((size, size), dtype=np.float32)
        if "synonyms" in self._sources:
            near += neighbours(weights, influence=table.influence)
            near += _HYPERNYMS * neighbours(weights, links=table.links, influence=table.influence)
        return row_shares(near)

    def _opposite(self, table: SenseTable, weights: sparse.csr_array) -> sparse.csr_array:
        if "antonyms" not in self._sources:
            return sparse.csr_array((len(table.words),) * 2, dtype=np.float32)
        return neighbours(weights, links=table.opposites, influence=table.influence)


# The encoders, each opened where it is used: in a process of its own if there is much to encode.


@cache
def _universal() -> UniversalEncoder:
    return UniversalEncoder()


def _open_templates(templates: tuple[str, ...]) -> Encode:
    return partial(_mean, templates)


def _open_definitions() -> Encode:
    return _universal().encode


def _open_english() -> Encode:
    return EnglishEncoder().encode


def _open_moby(archive: Path) -> Encode:
    """The English thesaurus's vectors of lemmas, zeros for a lemma that is not in it."""
    terms, vectors = moby.embed_terms(moby.read_entries(archive))
    rows = {term: row for row, term in enumerate(terms)}
    vectors = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), dtype=vectors.dtype)])  # at -1
    return lambda lemmas: vectors[[rows.get(lemma, -1) for lemma in lemmas]]


def _mean(templates: tuple[str, ...], words: list[str]) -> np.ndarray:
    vectors = [_universal().encode([template.format(word) for word in words]) for template in templates]
    return unit_rows(np.sum(vectors, axis=0)).astype(np.float16)


def _told(files: Iterable[Path], *more: object) -> str:
    """One digest of files and whatever else determines what is made of them."""
    told = [*map(digest, files), *map(str, more)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
