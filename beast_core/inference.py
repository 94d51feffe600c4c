"""Words in, vectors out: each distinct word once, in batches of like length, with a bounded cache."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from beast_core.cache import VectorCache
from beast_core.encoder import BeastEncoder, check_finite
from beast_core.encoding import check_words, encode_words
from beast_core.forking import limit_threads_after_fork
from beast_core.storage import read_encoder

DEFAULT_CACHE_SIZE = 50_000

# Words that are encoded and sorted by length together: enough that batches have little padding and a GPU has work, few
# enough that all but the answer takes a few megabytes, however many words there are.
_WORDS_AT_ONCE = 16_384
_GPU_BATCH_SIZE = 8192
# What a batch computes between two layers should stay in a core's cache.
_CPU_BATCH_SIZE = 1024
_CPU_BATCH_SIZE_WITH_LAYERS = 128

_DTYPES = (torch.float32, torch.bfloat16)


class WordEncoder:
    """An encoder behind a list of words: `encode(words) -> (words, width)` float32.

    Keeps the vectors of the last `cache_size` words that it computed (a kilobyte each at width 256; 0 keeps none).
    Safe to use from several threads and after a fork. Takes the encoder over: moves it, and sets it to evaluate.

    >>> words = load_encoder()
    >>> words.encode(["perro", "gato", "perro"]).shape
    (3, 256)
    """

    def __init__(
        self, encoder: BeastEncoder, *, device: str | torch.device = "cpu", cache_size: int = DEFAULT_CACHE_SIZE
    ) -> None:
        if not isinstance(encoder, BeastEncoder):
            raise TypeError(
                f"expected a BeastEncoder, found {type(encoder).__name__}; load_encoder(path) reads a folder"
            )
        self._cache = VectorCache(size=cache_size)
        self.encoder = _moved(encoder.eval(), device)
        self.device = torch.device(device)
        on_cpu = _CPU_BATCH_SIZE_WITH_LAYERS if encoder.config.layers else _CPU_BATCH_SIZE
        self._batch_size = on_cpu if self.device.type == "cpu" else _GPU_BATCH_SIZE

    @property
    def width(self) -> int:
        """Entries of a vector."""
        return self.encoder.config.output_width

    @property
    def language(self) -> str:
        """Whose words it knows (ISO 639-1, or "multilingual"); "" if the model does not say."""
        return self.encoder.config.language

    @property
    def space(self) -> str:
        """What is equal for models whose vectors may be compared; "" if the model does not say."""
        return self.encoder.config.space

    @property
    def cache_size(self) -> int:
        """How many words' vectors are kept at most."""
        return self._cache.size

    def clear_cache(self) -> None:
        """Forgets all vectors."""
        self._cache.clear()

    def encode(self, words: Iterable[str]) -> np.ndarray:
        """One unit vector a word, `(words, width)` float32, in the order given; repeated words are computed once.

        Beside the answer, a copy of it if words are repeated, and the words themselves, takes the same memory for any
        number of words.

        Raises `TypeError` for anything but an ordered collection of strings, `ValueError` for a lone surrogate.
        """
        words = check_words(words)
        distinct = list(dict.fromkeys(words))
        vectors = np.empty((len(distinct), self.width), dtype=np.float32)
        for start in range(0, len(distinct), _WORDS_AT_ONCE):
            self._encode(distinct[start : start + _WORDS_AT_ONCE], vectors[start : start + _WORDS_AT_ONCE])
        if len(distinct) == len(words):
            return vectors
        places = dict(zip(distinct, range(len(distinct)), strict=True))
        return vectors[np.fromiter(map(places.__getitem__, words), dtype=np.int64, count=len(words))]

    def _encode(self, words: list[str], vectors: np.ndarray) -> None:
        missing = self._cache.fill(vectors, keys=words)
        if not len(missing):
            return
        fresh = words if len(missing) == len(words) else [words[place] for place in missing.tolist()]
        computed = self._compute(fresh)
        vectors[missing] = computed
        self._cache.store(fresh, vectors=computed)

    def _compute(self, words: list[str]) -> np.ndarray:
        limit_threads_after_fork()
        word_bytes, lengths = map(torch.from_numpy, encode_words(words, config=self.encoder.config))
        with torch.inference_mode():
            if len(words) <= self._batch_size:
                vectors = self._compute_batch(word_bytes, lengths)
            else:
                vectors = torch.empty((len(words), self.width), dtype=torch.float32, device="cpu")
                for batch in torch.argsort(lengths).split(self._batch_size):
                    vectors[batch] = self._compute_batch(word_bytes[batch], lengths[batch])
        check_finite(vectors, word=words.__getitem__)
        return vectors.numpy()

    def _compute_batch(self, word_bytes: Tensor, lengths: Tensor) -> Tensor:
        vectors: Tensor = self.encoder(word_bytes.to(self.device), lengths.to(self.device))
        return vectors.cpu()

    def __getstate__(self) -> dict[str, object]:
        """Pickles without the cache."""
        return {"encoder": self.encoder, "device": self.device, "cache_size": self.cache_size}

    def __setstate__(self, state: dict[str, Any]) -> None:
        WordEncoder.__init__(self, **state)


def _moved(encoder: BeastEncoder, device: str | torch.device) -> BeastEncoder:
    try:
        return encoder.to(device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"device {str(device)!r} cannot be used here: {reason}; expected cpu, cuda, cuda:N or mps"
        ) from error


def load_encoder(
    path: str | Path | None = None,
    *,
    language: str | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
    cache_size: int = DEFAULT_CACHE_SIZE,
) -> WordEncoder:
    """The words -> vectors encoder of a model folder, or of a language that a model comes for.

        load_encoder("de")               # a language; language="de" where there is a folder ./de too
        load_encoder("runs/beast/model") # any other text is a path, as is Path("de")
        load_encoder()                   # Spanish

    `beast_core.shipped_languages()` says which languages there are. Reads our own folders and the sentence-transformers
    folders that `st_beast` and the training write. With a `dtype` of `torch.bfloat16`, layers compute in that: twice as
    fast and more on processors with AMX, slower on those without. Vectors are still float32. The shipped model gains
    little by it.

    Raises what `read_encoder` raises, and `ValueError` for other dtypes.
    """
    if dtype not in _DTYPES:
        raise ValueError(f"dtype is {dtype!r}, expected torch.float32 or torch.bfloat16")
    encoder = read_encoder(path, language=language, packed=True)
    return WordEncoder(encoder.to(dtype), device=device, cache_size=cache_size)
