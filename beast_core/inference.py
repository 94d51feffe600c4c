"""Words in, vectors out: the interface of all encoders, and the one that needs no torch."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from beast_core.cache import VectorCache
from beast_core.config import EncoderConfig
from beast_core.encoding import check_words, encode_word, join_words, refuse_surrogates
from beast_core.kernel import Kernel, can_compute, make_kernel
from beast_core.needs import needs_torch
from beast_core.storage import Model, read_model
from beast_core.threads import available_threads, in_threads, split

if TYPE_CHECKING:
    import torch

DEFAULT_CACHE_SIZE = 50_000

# Words that a thread takes at a time: enough that taking them costs nothing, few enough that all threads finish
# together.
_WORDS_AT_ONCE = 1024


class WordEncoder(ABC):
    """An encoder behind a list of words: `encode(words) -> (words, width)` float32.

    Safe to use from several threads and after a fork. Nothing is remembered: see `CachedEncoder`.
    """

    @property
    @abstractmethod
    def config(self) -> EncoderConfig:
        """What it computes, of whose words, and in which space."""

    @property
    @abstractmethod
    def model(self) -> Model:
        """Its configuration and weights, as a folder holds them without loss."""

    @property
    def width(self) -> int:
        """Entries of a vector."""
        return self.config.output_width

    @property
    def language(self) -> str:
        """Whose words it knows (ISO 639-1, or "multilingual"); "" if the model does not say."""
        return self.config.language

    @property
    def space(self) -> str:
        """What is equal for models whose vectors may be compared; "" if the model does not say."""
        return self.config.space

    def encode(self, words: Iterable[str]) -> np.ndarray:
        """One unit vector a word, `(words, width)` float32, in the order given; repeated words are computed once.

        Beside the answer, a copy of it if words are repeated, and the words themselves, takes the same memory for any
        number of words.

        Raises `TypeError` for anything but an ordered collection of strings, `ValueError` for a lone surrogate, and
        `FloatingPointError` if a vector is not finite.
        """
        words = check_words(words)
        distinct = list(dict.fromkeys(words))
        vectors = np.empty((len(distinct), self.width), dtype=np.float32)
        try:
            self._encode(distinct, vectors)
        except UnicodeEncodeError:
            refuse_surrogates(words)
        if len(distinct) == len(words):
            return vectors
        places = dict(zip(distinct, range(len(distinct)), strict=True))
        return vectors[np.fromiter(map(places.__getitem__, words), dtype=np.int64, count=len(words))]

    def encode_word(self, word: str) -> np.ndarray:
        """The unit vector of one word, `(width,)` float32, which is what `encode` gives of it. Raises what that
        raises."""
        vector: np.ndarray = self.encode([word])[0]
        return vector

    @abstractmethod
    def _encode(self, words: list[str], vectors: np.ndarray) -> None:
        """Writes the vectors of distinct words."""


class KernelEncoder(WordEncoder):
    """The encoder of a model without layers: a word's vector is the same to the bit, alone, among others and on any
    number of `threads`, which are at most as many as there are cores unless it is said.

    >>> words = load_encoder()
    >>> words.encode(["perro", "gato", "perro"]).shape, words.encode_word("perro").shape
    ((3, 256), (256,))
    """

    def __init__(self, model: Model, *, threads: int | None = None) -> None:
        if threads is not None and (type(threads) is not int or threads < 1):
            raise ValueError(f"threads is {threads!r}, expected a whole number of at least 1, or None for all cores")
        self._model, self.threads = model, threads
        self._kernel = make_kernel(model.config, weights=model.weights)

    @property
    def config(self) -> EncoderConfig:
        """See `WordEncoder.config`."""
        return self._model.config

    @property
    def model(self) -> Model:
        """See `WordEncoder.model`."""
        return self._model

    def encode_word(self, word: str) -> np.ndarray:
        """See `WordEncoder.encode_word`."""
        try:
            vector = self._kernel.encode_word(encode_word(word, config=self._model.config))
        except (UnicodeEncodeError, AttributeError, TypeError):
            refuse_surrogates(check_words([word]))
        if vector[0] != vector[0]:
            _refuse_nan(word)
        return vector

    def _encode(self, words: list[str], vectors: np.ndarray) -> None:
        encode_by_kernel(words, kernel=self._kernel, vectors=vectors, threads=self.threads or available_threads())

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(KernelEncoder, threads=self.threads), (self._model,)


def encode_by_kernel(words: Sequence[str], *, kernel: Kernel, vectors: np.ndarray, threads: int) -> None:
    """Writes the vectors of words, `(words, width)` float32. Raises `UnicodeEncodeError` and `FloatingPointError`."""

    def work(part: slice) -> None:
        text, starts, lengths = join_words(words[part], config=kernel.config)
        broken = kernel.encode(text, starts=starts, lengths=lengths, vectors=vectors[part])
        if broken is not None:
            _refuse_nan(words[part][broken])

    in_threads(work, parts=split(len(words), size=_WORDS_AT_ONCE), threads=threads)


def _refuse_nan(word: str) -> None:
    raise FloatingPointError(f"the encoder gave NaN or infinity for {word!r:.60}: its weights are broken")


class CachedEncoder:
    """A `WordEncoder` that keeps the vectors of the last `size` distinct words that were new (a kilobyte each at width
    256).

    For running text, whose words come again and again. Safe to use from several threads and after a fork.

    >>> cached = CachedEncoder(load_encoder(), size=1000)
    >>> cached.encode(["perro", "gato", "perro"]).shape
    (3, 256)
    """

    def __init__(self, encoder: WordEncoder, *, size: int = DEFAULT_CACHE_SIZE) -> None:
        if not isinstance(encoder, WordEncoder):
            raise TypeError(
                f"expected a WordEncoder, found {type(encoder).__name__}; load_encoder(path) reads a folder"
            )
        self.encoder = encoder
        self._cache = VectorCache(size=size)

    def encode(self, words: Iterable[str]) -> np.ndarray:
        """See `WordEncoder.encode`."""
        words = check_words(words)
        vectors = np.empty((len(words), self.encoder.width), dtype=np.float32)
        missing = self._cache.fill(vectors, keys=words)
        if len(missing):
            unknown = [words[place] for place in missing.tolist()]
            distinct = {word: row for row, word in enumerate(dict.fromkeys(unknown))}
            computed = self.encoder.encode(list(distinct))
            vectors[missing] = computed[[distinct[word] for word in unknown]]
            self._cache.store(list(distinct), vectors=computed)
        return vectors

    def encode_word(self, word: str) -> np.ndarray:
        """See `WordEncoder.encode_word`."""
        vector = self._cache.get(word)
        if vector is None:
            vector = self.encoder.encode_word(word)
            self._cache.store_one(word, vector=vector)
        return vector

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles without what it keeps."""
        return partial(CachedEncoder, size=self._cache.size), (self.encoder,)


def load_encoder(
    path: str | Path | None = None,
    *,
    language: str | None = None,
    device: "str | torch.device" = "cpu",
    dtype: "torch.dtype | None" = None,
    threads: int | None = None,
) -> WordEncoder:
    """The words -> vectors encoder of a model folder, or of a language that a model comes for.

        load_encoder("de")               # a language; language="de" where there is a folder ./de too
        load_encoder("runs/beast/model") # any other text is a path, as is Path("de")
        load_encoder()                   # Spanish

    `beast_core.shipped_languages()` says which languages there are. Reads our own folders and the sentence-transformers
    folders that `st_beast` and the training write. Models without layers, as those that ship are, need no torch, and
    take at most so many `threads`, of many words at a time; None is as many as there are cores, or as OMP_NUM_THREADS
    says. Models with layers, and another `device` or `dtype`, do: with `torch.bfloat16`, layers compute in that, twice
    as fast and more on processors with AMX, slower on those without. Vectors are float32 in any case.

    Raises what `beast_core.storage.read_model` raises, `ValueError` for other dtypes and devices, and `ImportError`
    where torch is needed and missing.
    """
    return make_encoder(read_model(path, language=language), device=device, dtype=dtype, threads=threads)


def make_encoder(
    model: Model,
    *,
    device: "str | torch.device" = "cpu",
    dtype: "torch.dtype | None" = None,
    threads: int | None = None,
) -> WordEncoder:
    """The encoder of a model that was read; see `load_encoder`."""
    if can_compute(model.config) and str(device) == "cpu" and dtype is None:
        return KernelEncoder(model, threads=threads)
    with needs_torch("a model with layers, another device than the CPU and another type than float32"):
        from beast_core.network.words import load_network
    return load_network(model, device=device, dtype=dtype)
