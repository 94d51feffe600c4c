"""spaCy vectors without a table: keys to words, words to vectors. Importing this module costs next to nothing."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from spacy.strings import StringStore, get_string_id
from spacy.tokens import Doc
from thinc.api import Ops, get_current_ops
from thinc.backends import get_array_ops

from spacy_beast.saving import REGISTERED_NAME, SavedVectors
from spacy_beast.words import ATTRIBUTES, attribute_id, has_vector, nearest

if TYPE_CHECKING:
    from spacy.vocab import Vocab

    from beast_core import BeastEncoder, WordEncoder
    from beast_core.cache import VectorCache

# As in beast_core, which is not imported for it here: that would load torch into every process that uses spaCy.
DEFAULT_CACHE_SIZE = 50_000


class BeastVectors(SavedVectors):
    """What `nlp.vocab.vectors` is after `nlp.add_pipe("beast_vectors")`: every word has a unit vector.

    Used like spaCy's own vectors, by word or by spaCy's 64-bit key of a word:

        nlp.vocab.vectors["perro"]                     # (width,) float32
        nlp.vocab.vectors.get_batch(["perro", "can"])  # (2, width) float32, an array of the current thinc ops
        "perro" in nlp.vocab.vectors                   # True; False only for "" and white space

    Vectors are computed when asked for, on the CPU; those of the `cache_size` words that were last new are kept. The
    model is read when it is first needed, so that loading a saved pipeline, which brings its own weights, never looks
    for `model`. Safe to use from several threads, and in the processes of `nlp.pipe(n_process=2)`: each has its own
    cache, and one thread where processes are forked.

    `model` is the path of a model folder, or `None` for the model that comes with the package; `attr` the token
    attribute to embed (`ORTH`, `LOWER` or `NORM`). Raises `ValueError` for a bad `attr` or `cache_size`.
    """

    mode = "beast"
    n_keys = -1  # "no fixed number"; at 0, spaCy warns of empty vectors
    size = 1  # not 0, or spaCy would take `doc.tensor` for the vectors; asked at every look-up
    is_full = False

    def __init__(
        self,
        *,
        strings: StringStore | None = None,
        model: str | Path | None = None,
        attr: str = "ORTH",
        cache_size: int = DEFAULT_CACHE_SIZE,
    ) -> None:
        from beast_core.cache import VectorCache  # now, and not in a forked child: it prepares torch for forks

        super().__init__(strings=strings)
        self._keep_in(VectorCache(size=cache_size))
        if not isinstance(model, str | Path | None):
            raise TypeError(f"model is {model!r:.60}, expected the path of a model folder, or None")
        self.name: str | None = "beast"
        self.attr = attribute_id(attr)
        self.model = None if model is None else str(model)
        self._model_folder = None if model is None else Path(model).absolute()
        self._stores = [StringStore() if strings is None else strings]
        self._words: WordEncoder | None = None
        self._blank: set[int] = set()  # keys of white space that was met: they have no vector to wait for
        self.to_ops(get_current_ops())

    def _keep_in(self, cache: "VectorCache") -> None:
        # By key: spaCy's look-ups need no string then. `_known` for those that are made for every token.
        self._cache, self._known = cache, cache.rows

    @property
    def cache_size(self) -> int:
        """How many words' vectors are kept at most."""
        return self._cache.size

    @property
    def settings(self) -> dict[str, Any]:
        """What the `[nlp.vectors]` section of a configuration says of these vectors."""
        attr = next(name for name, number in ATTRIBUTES.items() if number == self.attr)
        return {"@vectors": REGISTERED_NAME, "model": self.model, "attr": attr, "cache_size": self.cache_size}

    def load(self) -> "WordEncoder":
        """The encoder, read now if it was not before.

        Raises `FileNotFoundError` or `beast_core.ModelFolderError` if `model` is not a model folder.
        """
        if self._words is None:
            from beast_core import load_encoder

            # A second cache, by word, would only cost memory.
            self._words = load_encoder(self._model_folder, cache_size=0)
        return self._words

    @property
    def strings(self) -> StringStore:
        """The store that turns keys into words."""
        return self._stores[0]

    @strings.setter
    def strings(self, store: StringStore) -> None:
        # Earlier stores stay as fallbacks: an unpickled vocab first gives its vectors a store, then replaces it by the
        # one that they were pickled with, and does not tell them (spacy.vocab.unpickle_vocab).
        self._stores = [store, *(known for known in self._stores if known is not store)]

    @property
    def shape(self) -> tuple[int, int]:
        """`(1, width)`: without a table there is no number of rows. The width is 0 while `model` cannot be found."""
        if self._words is not None:
            return 1, self._words.width
        from beast_core.storage import SHIPPED_MODEL, read_config

        try:
            return 1, read_config(self._model_folder or SHIPPED_MODEL).output_width
        except (OSError, ValueError):
            return 1, 0  # for a saved pipeline, weights are about to come; if not, the first look-up says what is wrong

    @property
    def vectors_length(self) -> int:
        """Entries of a vector."""
        return self.shape[1]

    @property
    def data(self) -> Any:
        """An empty `(0, width)` array, which tells spaCy the kind of arrays to make."""
        return self._ops.alloc2f(0, self.vectors_length)

    @property
    def key2row(self) -> dict[int, int]:
        """Always empty: no word has a row."""
        return {}

    def __len__(self) -> int:
        return 1

    def keys(self) -> list[int]:
        """The keys of all strings with a vector that the pipeline has seen."""
        return [get_string_id(word) for word in self._seen()]

    def __iter__(self) -> Iterator[int]:
        return iter(self.keys())

    def __contains__(self, key: int | str) -> bool:
        if key in self._known:
            return True
        try:
            return has_vector(self._word(key))
        except KeyError:
            return False

    def __getitem__(self, key: int | str) -> Any:
        vector = self._cache.get(key)
        if vector is None:
            return self.get_batch([key])[0]
        return vector if self._on_cpu else self._ops.asarray(vector)

    def get_batch(self, keys: Iterable[int | str]) -> Any:
        """`(keys, width)` float32; zeros for white space. Raises `KeyError` for a key of no known string."""
        given: dict[int, str] = {}
        if hasattr(keys, "dtype"):
            numbers = get_array_ops(keys).to_numpy(keys).tolist()
        else:
            listed = list(keys)
            given = {get_string_id(key): key for key in listed if isinstance(key, str)}
            numbers = [get_string_id(key) for key in listed]
        if not numbers:
            return self.data
        vectors = np.empty((len(numbers), self.load().width), dtype=np.float32)
        if len(missing := self._cache.fill(vectors, keys=numbers)):
            unknown = [numbers[place] for place in missing.tolist()]
            distinct = {key: row for row, key in enumerate(dict.fromkeys(unknown))}
            vectors[missing] = self._compute(list(distinct), given=given)[[distinct[key] for key in unknown]]
        return self._ops.asarray(vectors)

    def unknown(self, doc: Doc) -> list[int]:
        """The keys of the document's tokens whose vectors would have to be computed."""
        keys = doc.to_array(self.attr).tolist()
        if all(map(self._known.__contains__, keys)):
            return []
        return [key for key in keys if key not in self._known and key not in self._blank]

    def prefetch(self, keys: Iterable[int]) -> None:
        """Computes the vectors of unknown keys at once, many times as fast as one by one; nothing if none are kept."""
        if self.cache_size:
            self._compute(list(dict.fromkeys(keys)), given={})

    def _compute(self, keys: list[int], *, given: dict[int, str]) -> np.ndarray:
        """`(keys, width)` of distinct keys, which are kept; `given` has the words of keys that came as words."""
        cache, encoder = self._cache, self.load()  # in this order: another thread may be taking over other weights
        words = [given.get(key) or self._word(key) for key in keys]
        rows = [row for row, word in enumerate(words) if has_vector(word)]
        vectors = np.zeros((len(keys), encoder.width), dtype=np.float32)
        if rows:
            vectors[rows] = computed = encoder.encode([words[row] for row in rows])
            cache.store([keys[row] for row in rows], vectors=computed)
        if len(rows) < len(keys):
            self._blank.update(key for key, word in zip(keys, words, strict=True) if not has_vector(word))
        return vectors

    def _word(self, key: int | str) -> str:
        if isinstance(key, str):
            return key
        for store in self._stores:
            if key in store:
                return store[key]
        raise KeyError(f"no string is known for the key {key}; pass the word, or call nlp.vocab.strings.add(word)")

    def _seen(self) -> list[str]:
        return [word for word in dict.fromkeys(word for store in self._stores for word in store) if has_vector(word)]

    def most_similar(
        self,
        queries: Any,
        *,
        batch_size: int = 1024,
        n: int = 1,
        sort: bool = True,
        keys: Iterable[int | str] | None = None,
    ) -> tuple[Any, Any, Any]:
        """The `n` words nearest to each query by cosine, among `keys`: words, or spaCy's keys of words.

        Without `keys`, among all strings the pipeline has seen, which are its words and also its tags, affixes and
        word shapes: better say which words to choose from.

            words = ["gato", "can", "mesa"]
            keys, rows, scores = nlp.vocab.vectors.most_similar(doc[1].vector[None], keys=words, n=2)
            [words[row] for row in rows[0]]

        `queries` is `(queries, width)`, of any length, and taken `batch_size` at a time. Returns `(keys, rows, scores)`
        as spaCy's own vectors do, each `(queries, n)`: uint64 keys that `nlp.vocab.strings` knows, int32 places in
        `keys` as given, and float32 cosines, highest first unless `sort` is False.

        Raises `ValueError` for queries of another shape or with NaN, and if there are fewer than `n` words.
        """
        words = self._seen() if keys is None else [self._word(key) for key in keys]
        places = np.array([place for place, word in enumerate(words) if has_vector(word)], dtype=np.int32)
        queries = get_array_ops(queries).to_numpy(queries).astype(np.float32)
        if queries.ndim != 2 or queries.shape[1] != self.vectors_length or not np.isfinite(queries).all():
            raise ValueError(
                f"queries have shape {queries.shape}, expected (queries, {self.vectors_length}) without NaN; "
                "for a single vector pass vector[None]"
            )
        if not 1 <= n <= len(places):
            raise ValueError(f"n is {n}, expected 1 to {len(places)}, the number of words there are to choose from")
        candidates = get_array_ops(self.data).to_numpy(self.get_batch([words[place] for place in places]))
        best = np.zeros((len(queries), n), dtype=np.int64)
        scores = np.zeros((len(queries), n), dtype=np.float32)
        for start in range(0, len(queries), batch_size):
            batch = slice(start, start + batch_size)
            best[batch], scores[batch] = nearest(queries[batch], candidates=candidates, n=n, sort=sort)
        rows = places[best]
        known = {row: self.strings.add(words[row]) for row in set(rows.ravel().tolist())}
        found = np.array([known[row] for row in rows.ravel().tolist()], dtype=np.uint64).reshape(rows.shape)
        return self._ops.asarray(found), self._ops.asarray(rows), self._ops.asarray(scores)

    def add(self, key: int | str, *, vector: Any = None, row: int | None = None) -> int:
        """Warns and returns -1: vectors are computed, none can be set."""
        if key in self:  # the retokenizer sets vectors of merged white space, which need no warning
            warnings.warn("BEAST computes vectors from the words themselves: the one given is not kept", stacklevel=2)
        return -1

    def clear(self) -> None:
        """Forgets all computed vectors."""
        self._cache.clear()

    def to_ops(self, ops: Ops) -> None:
        """Gives vectors as arrays of `ops` from now on."""
        self._ops = ops
        self._on_cpu = ops.xp is np

    def __eq__(self, other: object) -> bool:
        """Whether both give every word the same vector."""
        if self is other or not isinstance(other, BeastVectors):
            return self is other
        ours, theirs = self.load().encoder, other.load().encoder
        if self.attr != other.attr or ours.config != theirs.config:
            return False
        weights = theirs.weights()
        return all(value.equal(weights[name]) for name, value in ours.weights().items())

    __hash__ = None

    def take(self, encoder: "BeastEncoder", *, attr: str) -> "BeastVectors":
        """Computes with this encoder from now on, of that attribute of a token."""
        from beast_core import WordEncoder
        from beast_core.cache import VectorCache

        self.attr = attribute_id(attr)
        self._words = WordEncoder(encoder, cache_size=0)
        self._keep_in(VectorCache(size=self.cache_size))
        self.to_ops(get_current_ops())
        return self


def create_beast_vectors(
    *, model: str | None = None, attr: str = "ORTH", cache_size: int = DEFAULT_CACHE_SIZE
) -> Callable[["Vocab"], BeastVectors]:
    """`spacy_beast.BeastVectors.v1`, for the `[nlp.vectors]` section of a configuration; see `BeastVectors`.

        [nlp.vectors]
        @vectors = "spacy_beast.BeastVectors.v1"
        model = null
        attr = "ORTH"
        cache_size = 50000

    Raises `ValueError` for a bad `attr` or `cache_size`. `model` is read when first needed: a saved pipeline, which
    has weights of its own, must load on machines that do not have it.
    """
    BeastVectors(model=model, attr=attr, cache_size=cache_size)  # complains now, where the settings are in sight

    def create(vocab: "Vocab") -> BeastVectors:
        return BeastVectors(strings=vocab.strings, model=model, attr=attr, cache_size=cache_size)

    return create
