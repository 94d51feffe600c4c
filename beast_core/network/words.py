"""Words in, vectors out, through a network: in batches of like length, on any device."""

import numpy as np
import torch
from torch import Tensor

from beast_core.config import EncoderConfig
from beast_core.encoding import encode_words
from beast_core.inference import WordEncoder, encode_by_kernel
from beast_core.network.encoder import BeastEncoder, check_finite
from beast_core.network.folders import network_of, stored
from beast_core.network.forking import limit_threads_after_fork
from beast_core.storage import Model

# Words that are encoded and sorted by length together: enough that batches have little padding and a GPU has work, few
# enough that all but the answer takes a few megabytes, however many words there are.
_WORDS_AT_ONCE = 16_384
_GPU_BATCH_SIZE = 8192
# What a batch computes between two layers should stay in a core's cache.
_CPU_BATCH_SIZE = 1024
_CPU_BATCH_SIZE_WITH_LAYERS = 128

_DTYPES = (None, torch.float32, torch.bfloat16)


class NetworkEncoder(WordEncoder):
    """The encoder of a network, with its weights as they are at each call. Takes the network over: moves it, and sets
    it to evaluate."""

    def __init__(self, network: BeastEncoder, *, device: str | torch.device = "cpu") -> None:
        if not isinstance(network, BeastEncoder):
            raise TypeError(
                f"expected a BeastEncoder, found {type(network).__name__}; load_encoder(path) reads a folder"
            )
        self.network = _moved(network.eval(), device)
        self.device = torch.device(device)
        on_cpu = _CPU_BATCH_SIZE_WITH_LAYERS if network.config.layers else _CPU_BATCH_SIZE
        self._batch_size = on_cpu if self.device.type == "cpu" else _GPU_BATCH_SIZE

    @property
    def config(self) -> EncoderConfig:
        """See `WordEncoder.config`."""
        return self.network.config

    @property
    def model(self) -> Model:
        """See `WordEncoder.model`."""
        return stored(self.network, compact=None, where="cannot save the model")

    def _encode(self, words: list[str], vectors: np.ndarray) -> None:
        with torch.inference_mode():
            kernel = self.network.kernel()
        if kernel is not None:
            encode_by_kernel(words, kernel=kernel, vectors=vectors, threads=torch.get_num_threads())
            return
        limit_threads_after_fork()
        for start in range(0, len(words), _WORDS_AT_ONCE):
            vectors[start : start + _WORDS_AT_ONCE] = self._some(words[start : start + _WORDS_AT_ONCE])

    def _some(self, words: list[str]) -> np.ndarray:
        word_bytes, lengths = map(torch.from_numpy, encode_words(words, config=self.config))
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
        vectors: Tensor = self.network(word_bytes.to(self.device), lengths.to(self.device))
        return vectors.cpu()


def load_network(model: Model, *, device: str | torch.device, dtype: torch.dtype | None) -> NetworkEncoder:
    """The encoder of a model on a device, computing in a type. Raises `ValueError` for other dtypes and devices."""
    if dtype not in _DTYPES:
        raise ValueError(f"dtype is {dtype!r}, expected torch.float32 or torch.bfloat16")
    return NetworkEncoder(network_of(model).to(dtype or torch.float32), device=device)


def _moved(encoder: BeastEncoder, device: str | torch.device) -> BeastEncoder:
    try:
        return encoder.to(device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"device {str(device)!r} cannot be used here: {reason}; expected cpu, cuda, cuda:N or mps"
        ) from error
