"""Keys to vectors: computed from the words when they are asked for, those that were last new kept."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from spacy.tokens import Doc

from beast_core import WordEncoder, load_encoder
from beast_core.cache import VectorCache
from beast_core.storage import read_config
from spacy_beast.strings import Strings
from spacy_beast.words import has_vector

# Documents whose words are computed together once the vector of a new one is asked for. Of more, the first are
# forgotten: whoever reads them does not ask for vectors.
_DOCUMENTS = 4096
# After so many documents without a word that is new to the vocab, no more are noted until one has: noting is most of
# what the pipe costs. More than a component before the pipe is given at a time, so that none of those is missed.
_DOCUMENTS_WITHOUT_NEWS = 1024


class Lookup:
    """The vectors of one encoder by key, of at most `cache_size` words at a time. Safe to use from several threads.

    Without an encoder, that in the folder which `find_model` gives is read when it is first needed. `cache` is for
    single look-ups, `known` has the keys in it. Raises `ValueError` for a bad `cache_size`.
    """

    def __init__(
        self, strings: Strings, *, cache_size: int, encoder: WordEncoder | None = None, find_model: Callable[[], Path]
    ) -> None:
        # By key: spaCy's look-ups need no string then.
        self.cache = VectorCache(size=cache_size)
        self.known = self.cache.rows
        self._strings = strings
        self._encoder = encoder
        self._find_model = find_model
        # Keys of documents that were met and not yet looked at. (Not the documents: their memory may be gone.)
        self._expected: deque[np.ndarray] = deque(maxlen=_DOCUMENTS)
        self._vocab_size = self._without_news = 0

    @property
    def encoder(self) -> WordEncoder:
        """Words to vectors. Raises `FileNotFoundError` or `beast_core.ModelFolderError` if it cannot be read."""
        if self._encoder is None:
            self._encoder = load_encoder(self._find_model())
        return self._encoder

    @property
    def width(self) -> int:
        """Entries of a vector; 0 while there is no model that could be read."""
        if self._encoder is not None:
            return self._encoder.width
        try:
            return read_config(self._find_model()).output_width
        except (OSError, ValueError):
            return 0  # of a saved pipeline, weights are about to come; if not, the first look-up says what is wrong

    def expect(self, doc: Doc, *, attr: int) -> None:
        """Says that the vectors of a document's words, by that attribute, may be asked for one by one."""
        if (size := len(doc.vocab)) != self._vocab_size:
            self._vocab_size, self._without_news = size, 0
        if self._without_news < _DOCUMENTS_WITHOUT_NEWS:
            self._without_news += 1
            self._expected.append(doc.to_array(attr))

    def vector(self, key: int | str) -> np.ndarray:
        """`(width,)` float32 of one key or word that is not kept, computed with all new ones that are expected.

        Raises `KeyError` for a key of no known word.
        """
        word = self._strings.word(key)
        self._without_news = 0  # a word that is not kept: it may be one of many
        if self._expected and not isinstance(key, str) and len(new := self._new_expected()) > 1:
            self._compute(new, given={})
            if (vector := self.cache.get(key)) is not None:
                return vector
        if not has_vector(word):
            return np.zeros(self.encoder.width, dtype=np.float32)
        vector = self.encoder.encode_word(word)
        if not isinstance(key, str):
            self.cache.store_one(key, vector=vector)
        return vector

    def _new_expected(self) -> list[int]:
        """The keys of new words of documents, in their order, but no more of them than are kept."""
        new: dict[int, None] = {}
        while self._expected and len(new) < self.cache.size:
            with suppress(IndexError):  # another thread has taken the last one
                for key in self._expected.popleft().tolist():
                    # Words whose strings are gone, as they are at the end of a memory zone, nobody will ask for.
                    if key not in self.known and self._strings.find(key) is not None:
                        new[key] = None
        return list(new)[: self.cache.size]

    def batch(self, keys: list[int], *, given: dict[int, str]) -> np.ndarray:
        """`(keys, width)` float32; `given` has the words of keys that came as words. Raises `KeyError`."""
        vectors = np.empty((len(keys), self.encoder.width), dtype=np.float32)
        if len(missing := self.cache.fill(vectors, keys=keys)):
            unknown = [keys[place] for place in missing.tolist()]
            distinct = {key: row for row, key in enumerate(dict.fromkeys(unknown))}
            vectors[missing] = self._compute(list(distinct), given=given)[[distinct[key] for key in unknown]]
        return vectors

    def _compute(self, keys: list[int], *, given: dict[int, str]) -> np.ndarray:
        """`(keys, width)` of distinct keys, which are kept."""
        words = [given.get(key) or self._strings.word(key) for key in keys]
        rows = [row for row, word in enumerate(words) if has_vector(word)]
        if len(rows) == len(keys):
            vectors = self.encoder.encode(words)
            self.cache.store(keys, vectors=vectors)
            return vectors
        vectors = np.zeros((len(keys), self.encoder.width), dtype=np.float32)
        vectors[rows] = computed = self.encoder.encode([words[row] for row in rows])
        self.cache.store([keys[row] for row in rows], vectors=computed)
        return vectors
