"""spaCy vectors without a table."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from spacy.strings import StringStore, get_string_id
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Ops, get_current_ops
from thinc.backends import get_array_ops

from beast_core import DEFAULT_CACHE_SIZE, WordEncoder
from beast_core.credits import Credits, read_credits
from beast_core.inference import make_encoder
from beast_core.shipped import DEFAULT_LANGUAGE
from spacy_beast.languages import check_choice, find_model, language_of
from spacy_beast.lookup import Lookup
from spacy_beast.neighbours import KnownWords, check_queries, nearest_words
from spacy_beast.pipeline_files import REGISTERED_NAME, describe_vectors
from spacy_beast.saving import SavedVectors, read_vectors, vectors_from_bytes, vectors_to_bytes, write_vectors
from spacy_beast.strings import Strings
from spacy_beast.weights import same_weights
from spacy_beast.without_table import VectorsWithoutTable
from spacy_beast.words import ATTRIBUTES, attribute_id, has_vector


class BeastVectors(VectorsWithoutTable):
    """What `nlp.vocab.vectors` is after `nlp.add_pipe("beast_vectors")`: every word has a unit vector.

    Used like spaCy's own vectors, by word or by spaCy's 64-bit key of a word:

        nlp.vocab.vectors["perro"]                     # (width,) float32
        nlp.vocab.vectors.get_batch(["perro", "can"])  # (2, width) float32, an array of the current thinc ops
        "perro" in nlp.vocab.vectors                   # True; False only for "" and white space

    Vectors are computed when asked for, on the CPU; those of the `cache_size` words that were last new are kept. The
    model is read when it is first needed, so that loading a saved pipeline, which brings its own weights, never looks
    for `model`. Safe to use from several threads, and in the processes of `nlp.pipe(n_process=2)`: each has its own
    cache.

    `model` is the path of a model folder or a language that a model comes for; `language` is always the latter; with
    neither, the model is the Spanish one. `attr` is the token attribute to embed (`ORTH`, `LOWER` or `NORM`). Raises
    `ValueError` for a bad `attr` or `cache_size`, and if both a model and a language are given.
    """

    def __init__(
        self,
        *,
        strings: StringStore | None = None,
        model: str | Path | None = None,
        language: str | None = None,
        attr: str = "ORTH",
        cache_size: int = DEFAULT_CACHE_SIZE,
    ) -> None:
        super().__init__(strings=strings)
        check_choice(model, language=language)
        self.name: str | None = "beast"
        self.attr = attribute_id(attr)
        self.model = None if model is None else str(model)
        self.language = DEFAULT_LANGUAGE if model is None and language is None else language
        self._find_model = find_model(model, language=self.language)
        self._saved_credits: Credits | None = None
        self._in_config = False
        self._strings = Strings(StringStore() if strings is None else strings)
        self._use(Lookup(self._strings, cache_size=cache_size, find_model=self._find_model))
        self.to_ops(get_current_ops())

    def _use(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._cache, self._known = lookup.cache, lookup.known  # at hand for what is asked of every token
        self._seen = KnownWords()

    @property
    def cache_size(self) -> int:
        """How many words' vectors are kept at most."""
        return self._cache.size

    @property
    def settings(self) -> dict[str, Any]:
        """What the `[nlp.vectors]` section of a configuration says of these vectors."""
        return {
            "@vectors": REGISTERED_NAME,
            "model": self.model,
            "language": self.language,
            "attr": self._attr,
            "cache_size": self.cache_size,
        }

    @property
    def _attr(self) -> str:
        return next(name for name, number in ATTRIBUTES.items() if number == self.attr)

    @property
    def encoder(self) -> WordEncoder:
        """Words to vectors; read from the model folder now if it was not before.

        Raises `FileNotFoundError` or `beast_core.ModelFolderError` if `model` is not a model folder.
        """
        return self._lookup.encoder

    @property
    def credits(self) -> Credits:
        """Whose work the weights are, and under which licence; nothing if there is no such model (any longer)."""
        if self._saved_credits is None:
            try:
                return read_credits(self._find_model())
            except (OSError, ValueError):
                return Credits()
        return self._saved_credits

    @property
    def strings(self) -> StringStore:
        """The store that turns keys into words."""
        return self._strings.latest

    @strings.setter
    def strings(self, store: StringStore) -> None:
        self._strings.use(store)

    @property
    def vectors_length(self) -> int:
        """Entries of a vector; 0 while `model` cannot be found."""
        return self._lookup.width

    @property
    def data(self) -> Any:
        """An empty `(0, width)` array, which tells spaCy the kind of arrays to make."""
        return self._ops.alloc2f(0, self.vectors_length)

    def keys(self) -> list[int]:
        """The keys of all strings with a vector that the pipeline has seen."""
        return [get_string_id(word) for word in self._strings.words()]

    def values(self) -> Iterator[Any]:
        """The vectors of all these strings."""
        return (vector for _, vector in self.items())

    def items(self) -> Iterator[tuple[int, Any]]:
        """The key and the vector of each of these strings; all vectors are kept, until `clear`."""
        words = self._strings.words()
        vectors = self._ops.asarray(self._seen.vectors(words, encoder=self.encoder))
        return zip(map(get_string_id, words), vectors, strict=True)

    def __iter__(self) -> Iterator[int]:
        return iter(self.keys())

    def __contains__(self, key: int | str) -> bool:
        if key in self._known:
            return True
        try:
            return has_vector(self._strings.word(key))
        except KeyError:
            return False

    def __getitem__(self, key: int | str) -> Any:
        vector = self._cache.get(key)
        if vector is None:
            vector = self._lookup.vector(key)
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
        return self._ops.asarray(self._lookup.batch(numbers, given=given)) if numbers else self.data

    def expect(self, doc: Doc) -> None:
        """Says that the vectors of a document's tokens may be asked for one by one: they are then computed together."""
        self._lookup.expect(doc, attr=self.attr)

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
        word shapes: better say which words to choose from. Their vectors are all kept, until `clear`.

            words = ["gato", "can", "mesa"]
            keys, rows, scores = nlp.vocab.vectors.most_similar(doc[1].vector[None], keys=words, n=2)
            [words[row] for row in rows[0]]

        `queries` is `(queries, width)`, of any length, and taken `batch_size` at a time. Returns `(keys, rows, scores)`
        as spaCy's own vectors do, each `(queries, n)`: uint64 keys that `nlp.vocab.strings` knows, int32 places in
        `keys` as given, and float32 cosines to six decimals, highest first unless `sort` is False.

        Raises `ValueError` for queries of another shape or with NaN, and if there are fewer than `n` words.
        """
        vectors_of: Callable[[list[str]], np.ndarray] = self._candidates
        if keys is None:
            words, vectors_of = self._strings.words(), partial(self._seen.vectors, encoder=self.encoder)
        else:
            words = [self._strings.word(key) for key in keys]
        queries = check_queries(queries, width=self.vectors_length)
        rows, scores = nearest_words(queries, words=words, vectors_of=vectors_of, n=n, sort=sort, batch_size=batch_size)
        found = np.array([self._strings.add(words[row]) for row in rows.ravel().tolist()], dtype=np.uint64)
        return self._ops.asarray(found.reshape(rows.shape)), self._ops.asarray(rows), self._ops.asarray(scores)

    def _candidates(self, words: list[str]) -> np.ndarray:
        if len(words) > self.cache_size // 2:
            return self.encoder.encode(words)  # so many would push all others out of the cache
        candidates: np.ndarray = get_array_ops(self.data).to_numpy(self.get_batch(words))
        return candidates

    def clear(self) -> None:
        """Forgets all computed vectors."""
        self._cache.clear()
        self._seen = KnownWords()

    def to_ops(self, ops: Ops) -> None:
        """Gives vectors as arrays of `ops` from now on."""
        self._ops = ops
        self._on_cpu = ops.xp is np

    def __eq__(self, other: object) -> bool:
        """Whether both give every word the same vector."""
        if self is other or not isinstance(other, BeastVectors):
            return self is other
        return self.attr == other.attr and same_weights(self.encoder.model, other=other.encoder.model)

    __hash__ = None  # type: ignore[assignment]

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Writes `path/beast`, a model folder like any other, and `path/vectors.cfg`.

        The `config.cfg` and `meta.json` that a pipeline has just written beside `path` are made to name these vectors.
        """
        describe_vectors(Path(path).parent, settings=self.settings, credits=self.credits)
        write_vectors(Path(path), saved=self._to_save())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Takes over what `to_disk` wrote; changes nothing if nothing of ours is there and nobody says so.

        Raises `ValueError`, `FileNotFoundError` or `beast_core.ModelFolderError` if the configuration of the pipeline
        says that there are such vectors, and they are missing or damaged.
        """
        return self._take_over(read_vectors(Path(path)))

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The weights and the attribute as bytes, the same ones for the same vectors."""
        return vectors_to_bytes(self._to_save())

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Takes over what `to_bytes` gave; unless a configuration names these vectors, an empty table changes nothing.

        Raises `ValueError` for another table of spaCy's own, and `beast_core.ModelFolderError` for damaged bytes.
        """
        return self._take_over(vectors_from_bytes(data, required=self._in_config))

    def _to_save(self) -> SavedVectors:
        return SavedVectors(self.encoder.model, self._attr, self.credits)

    def _take_over(self, saved: SavedVectors | None) -> Self:
        if saved is not None:
            self.attr, self._saved_credits = attribute_id(saved.attr), saved.credits
            encoder, find = make_encoder(saved.model), self._find_model
            self._use(Lookup(self._strings, cache_size=self.cache_size, encoder=encoder, find_model=find))
            self.to_ops(get_current_ops())
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        settings = {key: value for key, value in self.settings.items() if key != "@vectors"}
        # The very stores that the vocab is pickled with, not their content: see `Strings`.
        return _unpickle, (type(self), settings, self.name, self.to_bytes(), self._strings.in_use())


def _unpickle(
    kind: type[BeastVectors], settings: dict[str, Any], name: str | None, data: bytes, stores: list[StringStore]
) -> BeastVectors:
    vectors = kind(strings=stores[0], **settings)
    for store in reversed(stores):
        vectors.strings = store
    vectors.name = name
    return vectors.from_bytes(data)


def create_beast_vectors(
    *,
    model: str | None = None,
    language: str | None = None,
    attr: str = "ORTH",
    cache_size: int = DEFAULT_CACHE_SIZE,
) -> Callable[[Vocab], BeastVectors]:
    """`spacy_beast.BeastVectors.v1`, for the `[nlp.vectors]` section of a configuration; see `BeastVectors`.

        [nlp.vectors]
        @vectors = "spacy_beast.BeastVectors.v1"
        model = null
        language = null
        attr = "ORTH"
        cache_size = 50000

    With neither a model nor a language, the model is that of the pipeline's language. Raises `ValueError` for a bad
    `attr` or `cache_size`, and for both a model and a language. The model is read when first needed: a saved pipeline,
    which has weights of its own, must load on machines that do not have it.
    """
    settings: dict[str, Any] = {"model": model, "language": language, "attr": attr, "cache_size": cache_size}
    BeastVectors(**settings)  # complains now, where the settings are in sight

    def create(vocab: Vocab) -> BeastVectors:
        own = {"language": language_of(vocab.lang)} if model is None and language is None and vocab.lang else {}
        vectors = BeastVectors(strings=vocab.strings, **settings | own)
        vectors._in_config = True
        return vectors

    return create
