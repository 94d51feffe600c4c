"""The published architecture written plainly, in float32 over the whole window: what `mini` and `base` must beat.

Of `beast_core` it takes the weights, the bytes of the words and the table of positions, and nothing that computes.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, normalize

from beast_core import PRESETS, BeastEncoder, encode_words
from beast_core.config import NORM_EPSILON
from beast_core.positions import sinusoidal_positions

_BATCH_SIZE = 256


class NaiveEncoder:
    """A `BeastEncoder` of the shape of `mini` and `base`, computed step by step. Raises `ValueError` for another."""

    def __init__(self, encoder: BeastEncoder) -> None:
        config = self.config = encoder.config
        switches = ("causal", "input_norm", "activation", "padding")
        found = [getattr(config, name, None) for name in switches]
        if found != [getattr(PRESETS["mini"], name) for name in switches]:
            raise ValueError(f"expected an encoder as the presets 'mini' and 'base' have it, found {config.summary()}")
        self.weights = encoder.weights()

    @torch.inference_mode()
    def encode(self, words: Sequence[str]) -> np.ndarray:
        """`(words, output width)` float32."""
        batches = [words[start : start + _BATCH_SIZE] for start in range(0, len(words), _BATCH_SIZE)]
        encoded = [map(torch.from_numpy, encode_words(batch, config=self.config)) for batch in batches]
        return torch.cat([self._vectors(*each) for each in encoded]).numpy()

    def _vectors(self, word_bytes: Tensor, lengths: Tensor) -> Tensor:
        window, width = self.config.window, self.config.hidden_width
        embedded = self.weights["byte_embedding.weight"][word_bytes.long()] + torch.from_numpy(
            sinusoidal_positions(window, width=width)
        )
        hidden = layer_norm(embedded, (width,), eps=NORM_EPSILON)
        padding = torch.arange(window) >= lengths[:, None]
        for layer in range(self.config.layers):
            hidden = self._block(hidden, padding[:, None, None, :], prefix=f"blocks.{layer}.")
        return normalize(torch.tanh(self._linear(hidden.flatten(1), "projection")), dim=-1)

    def _block(self, hidden: Tensor, padding: Tensor, *, prefix: str) -> Tensor:
        split = self._linear(hidden, f"{prefix}query_key_value").unflatten(-1, (3, self.config.heads, -1))
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each (words, heads, positions, head width)
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        attended = scores.masked_fill(padding, -torch.inf).softmax(dim=-1) @ value
        attended = self._linear(attended.transpose(1, 2).flatten(2), f"{prefix}attention_output")
        hidden = self._norm(hidden + attended, f"{prefix}attention_norm")
        widened = gelu(self._linear(hidden, f"{prefix}up"))
        return self._norm(hidden + self._linear(widened, f"{prefix}down"), f"{prefix}feed_forward_norm")

    def _linear(self, values: Tensor, name: str) -> Tensor:
        return values @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]

    def _norm(self, values: Tensor, name: str) -> Tensor:
        return layer_norm(
            values, values.shape[-1:], self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], NORM_EPSILON
        )
