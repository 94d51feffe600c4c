"""Words in, vectors out: de-duplication, length buckets, a bounded cache."""

import os
import threading
import weakref
from collections.abc import Iterable
from itertools import repeat
from pathlib import Path

import numpy as np
import torch

from beast_core.encoder import BeastEncoder
from beast_core.encoding import check_words, encode_words
from beast_core.storage import read_encoder

DEFAULT_CACHE_SIZE = 50_000

# Larger batches fall out of a core's cache and are slower on a CPU; a GPU wants them large.
_CPU_BATCH_SIZE = 64
_GPU_BATCH_SIZE = 8192

_ENCODERS: "weakref.WeakSet[WordEncoder]" = weakref.WeakSet()


def _after_fork() -> None:
    """In a forked child only the forking thread lives on: a parallel region of torch would wait for the others forever,
    and so would `encode` for a lock that one of them held."""
    torch.set_num_threads(1)
    for encoder in _ENCODERS:
        if encoder._lock.locked():  # the cache may be half written
            encoder._lock = threading.Lock()
            encoder._forget()


if hasattr(os, "register_at_fork"):  # everywhere but on Windows, which cannot fork
    os.register_at_fork(after_in_child=_after_fork)


class WordEncoder:
    """An encoder behind a list of words: `encode(words) -> (words, width)` float32.

    Keeps the vectors of the `cache_size` words that were last new to it (a kilobyte each at width 256; 0 keeps none).
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
        if not isinstance(cache_size, int) or isinstance(cache_size, bool) or cache_size < 0:
            raise ValueError(f"cache_size is {cache_size!r}, expected a whole number of words, 0 or more")
        self.encoder = _moved(encoder.eval(), device)
        self.cache_size = cache_size
        self.device = torch.device(device)
        self._lock = threading.Lock()
        self._forget()
        _ENCODERS.add(self)

    @property
    def width(self) -> int:
        """Entries of a vector."""
        return self.encoder.config.output_width

    def clear_cache(self) -> None:
        """Forgets all vectors."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._rows: dict[str, int] = {}
        self._words: list[str] = []
        self._vectors = np.empty((0, self.width), dtype=np.float32)
        self._oldest = 0

    def encode(self, words: Iterable[str]) -> np.ndarray:
        """One unit vector a word, `(words, width)` float32, in the order given; repeated words are computed once.

        Raises `TypeError` for anything but an ordered collection of strings, `ValueError` for a lone surrogate.
        """
        words = check_words(words)
        with self._lock:
            rows = np.fromiter(map(self._rows.get, words, repeat(-1)), dtype=np.int64, count=len(words))
            unknown = np.flatnonzero(rows < 0)
            if not len(unknown):
                return self._vectors[rows]
            fresh: dict[str, int] = {}
            for index in unknown.tolist():
                rows[index] = fresh.setdefault(words[index], len(fresh))
            known = np.ones(len(words), dtype=bool)
            known[unknown] = False
            vectors = np.empty((len(words), self.width), dtype=np.float32)
            vectors[known] = self._vectors[rows[known]]
            computed = self._compute(list(fresh))
            vectors[unknown] = computed[rows[unknown]]
            self._remember(list(fresh), computed)
        return vectors

    def _compute(self, words: list[str]) -> np.ndarray:
        word_bytes, lengths = map(torch.from_numpy, encode_words(words, config=self.encoder.config))
        order = torch.argsort(lengths)
        vectors = np.empty((len(words), self.width), dtype=np.float32)
        batch_size = _CPU_BATCH_SIZE if self.device.type == "cpu" else _GPU_BATCH_SIZE
        with torch.inference_mode():
            for batch in order.split(batch_size):
                output = self.encoder(word_bytes[batch].to(self.device), lengths[batch].to(self.device))
                vectors[batch.numpy()] = output.cpu().numpy()
        if not np.isfinite(vectors).all():
            broken = words[int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])]
            raise FloatingPointError(f"the encoder gave NaN or infinity for {broken!r:.60}: its weights are broken")
        return vectors

    def _remember(self, words: list[str], vectors: np.ndarray) -> None:
        """Stores the newest words in place of the oldest: a ring over one matrix that grows up to the bound."""
        if not self.cache_size:
            return
        words, vectors = words[-self.cache_size :], vectors[-self.cache_size :]
        needed = min(len(self._words) + len(words), self.cache_size)
        if needed > len(self._vectors):
            grown = np.empty((min(self.cache_size, max(needed, 2 * len(self._vectors))), self.width), dtype=np.float32)
            grown[: len(self._vectors)] = self._vectors
            self._vectors = grown
        for word, vector in zip(words, vectors, strict=True):
            if len(self._words) < self.cache_size:
                row = len(self._words)
                self._words.append(word)
            else:
                row, self._oldest = self._oldest, (self._oldest + 1) % self.cache_size
                self._rows.pop(self._words[row], None)
                self._words[row] = word
            # The vector first: an interrupt between the two lines must not leave a word with another word's vector.
            self._vectors[row] = vector
            self._rows[word] = row

    def __getstate__(self) -> dict[str, object]:
        """Pickles without the cache and the lock."""
        return {"encoder": self.encoder, "device": self.device, "cache_size": self.cache_size}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__init__(**state)


def _moved(encoder: BeastEncoder, device: str | torch.device) -> BeastEncoder:
    try:
        return (encoder if torch.device(device).type == "cpu" else encoder.unpack()).to(device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"device {str(device)!r} cannot be used here: {reason}; expected cpu, cuda, cuda:N or mps"
        ) from error


def load_encoder(
    path: str | Path | None = None, *, device: str | torch.device = "cpu", cache_size: int = DEFAULT_CACHE_SIZE
) -> WordEncoder:
    """The words -> vectors encoder of a model folder; `None` is the Spanish model that ships with the package.

    Reads our own folders and the sentence-transformers folders that `st_beast` and the training write. Raises
    `FileNotFoundError` and `ModelFolderError`; see `read_encoder`.
    """
    return WordEncoder(read_encoder(path, packed=True), device=device, cache_size=cache_size)
