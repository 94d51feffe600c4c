"""Keys to vectors: computed from the words when they are asked for, those that were last new kept."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from beast_core import WordEncoder, load_encoder
from beast_core.cache import VectorCache
from beast_core.storage import read_config
from spacy_beast.strings import Strings
from spacy_beast.words import has_vector

# Words that are computed anew together, once the cache has dropped one of them: the time of one look-up hardly depends
# on how many there are.
_WORDS_READ_AHEAD = 256


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
        self._blank: set[int] = set()  # keys of white space that was met: they have no vector to wait for
        self._together: dict[int, list[int]] = {}  # key -> the keys that were wanted with it

    @property
    def encoder(self) -> WordEncoder:
        """Words to vectors. Raises `FileNotFoundError` or `beast_core.ModelFolderError` if it cannot be read."""
        if self._encoder is None:
            # A second cache, by word, would only cost memory.
            self._encoder = load_encoder(self._find_model(), cache_size=0)
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

    def batch(self, keys: list[int], *, given: dict[int, str]) -> np.ndarray:
        """`(keys, width)` float32; `given` has the words of keys that came as words. Raises `KeyError`."""
        vectors = np.empty((len(keys), self.encoder.width), dtype=np.float32)
        if len(missing := self.cache.fill(vectors, keys=keys)):
            unknown = [keys[place] for place in missing.tolist()]
            distinct = {key: row for row, key in enumerate(dict.fromkeys(unknown))}
            vectors[missing] = self._compute(list(distinct), given=given)[[distinct[key] for key in unknown]]
        return vectors

    def unknown(self, keys: list[int]) -> list[int]:
        """The keys whose vectors would have to be computed."""
        if all(map(self.known.__contains__, keys)):
            return []
        return [key for key in keys if key not in self.known and key not in self._blank]

    def prefetch(self, keys: Iterable[int]) -> None:
        """Computes the vectors of unknown keys at once, many times as fast as one by one; nothing if none are kept.

        Of more than are kept, the rest is left to `again`.
        """
        if not (size := self.cache.size):
            return
        distinct = list(dict.fromkeys(keys))
        if len(self._together) > 4 * size:
            self._together = {}
        for start in range(0, len(distinct), _WORDS_READ_AHEAD):
            together = distinct[start : start + _WORDS_READ_AHEAD]
            self._together.update(dict.fromkeys(together, together))
        self._compute(distinct[:size], given={})

    def again(self, key: int | str) -> np.ndarray | None:
        """The vector of a key that was prefetched and dropped since, computed with those that were wanted with it."""
        if isinstance(key, str) or (together := self._together.get(key)) is None:
            return None
        # Those whose strings are gone, as they are at the end of a memory zone, nobody will ask for.
        missing = [key for key in together if key not in self.known and self._strings.find(key) is not None]
        self._compute(missing[-self.cache.size :], given={})
        return self.cache.get(key)

    def _compute(self, keys: list[int], *, given: dict[int, str]) -> np.ndarray:
        """`(keys, width)` of distinct keys, which are kept."""
        words = [given.get(key) or self._strings.word(key) for key in keys]
        rows = [row for row, word in enumerate(words) if has_vector(word)]
        vectors = np.zeros((len(keys), self.encoder.width), dtype=np.float32)
        if rows:
            vectors[rows] = computed = self.encoder.encode([words[row] for row in rows])
            self.cache.store([keys[row] for row in rows], vectors=computed)
        if len(rows) < len(keys):
            self._blank.update(key for key, word in zip(keys, words, strict=True) if not has_vector(word))
        return vectors
