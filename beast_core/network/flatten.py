"""The network of the `flatten` family."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from beast_core.config import NORM_EPSILON
from beast_core.families.flatten import FlattenConfig
from beast_core.network.encoder import BeastEncoder
from beast_core.network.layers import PostNormBlock, fill, unfilled
from beast_core.positions import sinusoidal_positions


class FlattenEncoder(BeastEncoder):
    """The network of `FlattenConfig`."""

    config: FlattenConfig

    def build_backbone(self) -> int:
        """See `BeastEncoder.build_backbone`."""
        config, width = self.config, self.config.hidden_width
        shape = {"width": width, "heads": config.heads, "feed_forward_width": config.feed_forward_width}
        self.blocks = nn.ModuleList(PostNormBlock(**shape) for _ in range(config.layers))
        self.byte_embedding = unfilled(nn.Embedding, rows=256, width=width)
        return config.window * width

    def initialise_embeddings(self) -> None:
        """See `BeastEncoder.initialise_embeddings`."""
        fill(self.byte_embedding.weight, scale=self.config.hidden_width**-0.5)

    def backbone(self, word_bytes: Tensor, *, lengths: Tensor) -> Tensor:
        """See `BeastEncoder.backbone`."""
        window, width = self.config.window, self.config.hidden_width
        position = torch.arange(window, device=word_bytes.device)
        # The empty word has nothing to attend to: fused attention then gives zeros, here and in the stock folder.
        mask = (position < lengths[:, None])[:, None, None, :]
        if self.config.causal:
            mask = mask & (position[None, :] <= position[:, None])
        # Computed, not stored: a position table is no parameter, and this one costs nothing beside the blocks.
        positions = torch.from_numpy(sinusoidal_positions(window, width=width)).to(word_bytes.device)
        # Normalised without weights of its own, so that a stock BERT, which normalises here, can hold this encoder
        # and the parameter count stays the published one.
        embedded = self.byte_embedding(word_bytes.int())
        hidden = functional.layer_norm(embedded + positions.to(embedded.dtype), (width,), eps=NORM_EPSILON)
        for block in self.blocks:
            hidden = block(hidden, mask)
        return hidden.flatten(1)
