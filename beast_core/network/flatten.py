"""The network of the `flatten` family."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from beast_core.config import NORM_EPSILON
from beast_core.families.flatten import FlattenConfig
from beast_core.network.encoder import BeastEncoder
from beast_core.network.layers import PostNormBlock, fill, unfilled
from beast_core.positions import sinusoidal_positions

_ACTIVATIONS: dict[str, type[nn.Module]] = {"gelu": nn.GELU, "relu": nn.ReLU}


class FlattenEncoder(BeastEncoder):
    """The network of `FlattenConfig`."""

    config: FlattenConfig

    def build_backbone(self) -> int:
        """See `BeastEncoder.build_backbone`."""
        config, width = self.config, self.config.hidden_width
        shape = {"width": width, "heads": config.heads, "feed_forward_width": config.feed_forward_width}
        activation = _ACTIVATIONS[config.activation]
        self.blocks = nn.ModuleList(PostNormBlock(**shape, activation=activation()) for _ in range(config.layers))
        self.byte_embedding = unfilled(nn.Embedding, rows=256, width=width)
        if config.input_norm == "weighted":
            self.input_norm = nn.LayerNorm(width, eps=NORM_EPSILON)
        return config.window * width

    def initialise_embeddings(self) -> None:
        """See `BeastEncoder.initialise_embeddings`."""
        fill(self.byte_embedding.weight, scale=self.config.hidden_width**-0.5)

    def backbone(self, word_bytes: Tensor, *, lengths: Tensor) -> Tensor:
        """See `BeastEncoder.backbone`."""
        config = self.config
        present = torch.arange(config.window, device=word_bytes.device) < lengths[:, None]
        mask = self._mask(present)
        hidden = self._embed(word_bytes)
        for block in self.blocks:
            hidden = block(hidden, mask)
        if config.padding == "zeroed":
            hidden = hidden.masked_fill(~present[:, :, None], 0)
        return hidden.flatten(1)

    def _mask(self, present: Tensor) -> Tensor:
        """`(words, window)` bool, True = of the word -> `(words or 1, 1, window or 1, window)`, True = attend."""
        if self.config.padding == "attended":
            present = torch.ones_like(present[:1])
        # The empty word has nothing to attend to: fused attention then gives zeros, here and in the stock folder.
        mask = present[:, None, None, :]
        if self.config.causal:
            position = torch.arange(present.shape[1], device=present.device)
            mask = mask & (position[None, :] <= position[:, None])
        return mask

    def _embed(self, word_bytes: Tensor) -> Tensor:
        """`(words, window)` uint8 -> `(words, window, width)`, what the first block takes."""
        window, width = self.config.window, self.config.hidden_width
        # Computed, not stored: a position table is no parameter, and this one costs nothing beside the blocks.
        positions = torch.from_numpy(sinusoidal_positions(window, width=width)).to(word_bytes.device)
        embedded: Tensor = self.byte_embedding(word_bytes.int())
        embedded = embedded + positions.to(embedded.dtype)
        if self.config.input_norm == "none":
            return embedded
        if self.config.input_norm == "weighted":
            normalised: Tensor = self.input_norm(embedded)
            return normalised
        # Without weights of its own, so that a stock ELECTRA, which normalises here, can hold this encoder and the
        # parameter count stays the published one.
        return functional.layer_norm(embedded, (width,), eps=NORM_EPSILON)
