"""The `flatten` family, the published BEAST: a transformer over the whole window, all positions flattened.

In stock parts it is a BERT model -> CNN with one output position -> Pooling -> Dense(identity, tanh) -> Normalize.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from beast_core.config import EncoderConfig
from beast_core.encoder import BeastEncoder
from beast_core.family import Family
from beast_core.layers import NORM_EPSILON, PostNormBlock, fill, sinusoidal_positions, unfilled
from beast_core.stock import Place, ReadTensor, StockLayout, block_places, module_names

# Folders of this family have always named these settings of the `ngram` family too, as empty: they are written as they
# were, and not read.
_ABSENT = ("ngram_sizes", "ngram_buckets", "projection_width")


@dataclass(frozen=True, kw_only=True)
class FlattenConfig(EncoderConfig):
    """Byte embeddings + sinusoidal positions -> post-norm transformer -> flatten -> linear -> tanh -> L2.

    All `window` positions take part; padding is never attended to.
    """

    family = "flatten"

    @classmethod
    def normalised(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Leaves out what folders say that this family has not."""
        return {name: value for name, value in values.items() if value or name not in _ABSENT}

    def to_dict(self) -> dict[str, Any]:
        """See `EncoderConfig.to_dict`."""
        return super().to_dict() | dict(zip(_ABSENT, ([], [], 0), strict=True))

    def summary(self) -> str:
        """See `EncoderConfig.summary`."""
        return (
            f"byte embeddings and sinusoidal positions, {self.hidden_width} wide, {self.layers_summary()}all "
            f"{self.window} positions flattened into a linear layer, tanh"
        )


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
        positions = sinusoidal_positions(window, width=width).to(word_bytes.device)
        # Normalised without weights of its own, so that a stock BERT, which normalises here, can hold this encoder
        # and the parameter count stays the published one.
        embedded = self.byte_embedding(word_bytes.int())
        hidden = functional.layer_norm(embedded + positions.to(embedded.dtype), (width,), eps=NORM_EPSILON)
        for block in self.blocks:
            hidden = block(hidden, mask)
        return hidden.flatten(1)


_CONVOLUTION = "1_CNN"
_STOCK_BLOCK = {
    "query_key_value": ["attention.self.query", "attention.self.key", "attention.self.value"],
    "attention_output": ["attention.output.dense"],
    "attention_norm": ["attention.output.LayerNorm"],
    "up": ["intermediate.dense"],
    "down": ["output.dense"],
    "feed_forward_norm": ["output.LayerNorm"],
}


@dataclass(frozen=True)
class FlattenStock(StockLayout):
    """Where the weights of a `FlattenEncoder` are in stock parts."""

    config: FlattenConfig

    def folders(self) -> tuple[str, ...]:
        """See `StockLayout.folders`."""
        return module_names("CNN", "Pooling", "Dense", "Normalize")

    def places(self) -> dict[str, list[Place]]:
        """See `StockLayout.places`."""
        return {
            "byte_embedding.weight": [("", "embeddings.word_embeddings.weight")],
            "projection.bias": [(_CONVOLUTION, "convs.0.bias")],
            **block_places(_STOCK_BLOCK, layers=self.config.layers, prefix="encoder.layer", kinds=["weight", "bias"]),
        }

    def to_stock(self, state: Mapping[str, Tensor]) -> dict[Place, Tensor]:
        """See `StockLayout.to_stock`. The kernel is padded to the left, so that it sees the window from its start."""
        weight = state["projection.weight"].unflatten(1, (self.config.window, self.config.hidden_width))
        kernel = functional.pad(weight.transpose(1, 2), (self.config.window - 1, 0))
        return super().to_stock(state) | self._fixed() | {(_CONVOLUTION, "convs.0.weight"): kernel}

    def from_stock(self, read: ReadTensor) -> tuple[dict[str, Tensor], EncoderConfig]:
        """See `StockLayout.from_stock`."""
        trained = [
            place for place, value in self._fixed().items() if not torch.allclose(read(*place), value, atol=1e-6)
        ]
        if trained:
            shown = ", ".join("/".join(filter(None, place)) for place in trained)
            raise ValueError(
                f"{shown} changed in training, but this encoder keeps it fixed; set requires_grad_(False) there when "
                "fine-tuning, or fine-tune what st_beast.load gives, which trains the right weights"
            )
        state, config = super().from_stock(read)
        kernel = read(_CONVOLUTION, "convs.0.weight")[..., self.config.window - 1 :]
        state["projection.weight"] = kernel.transpose(1, 2).flatten(1)
        return state, config

    def _fixed(self) -> dict[Place, Tensor]:
        """What the stock parts hold as weights and this encoder does not train."""
        width, output_width = self.config.hidden_width, self.config.output_width
        return {
            ("", "embeddings.position_embeddings.weight"): sinusoidal_positions(self.config.window, width=width),
            ("", "embeddings.token_type_embeddings.weight"): torch.zeros(1, width),
            ("", "embeddings.LayerNorm.weight"): torch.ones(width),
            ("", "embeddings.LayerNorm.bias"): torch.zeros(width),
            ("3_Dense", "linear.weight"): torch.eye(output_width),
            ("3_Dense", "linear.bias"): torch.zeros(output_width),
        }


FAMILY = Family(
    config=FlattenConfig,
    network=FlattenEncoder,
    stock=FlattenStock,
    presets={
        # `base` and `mini` are the published shapes, parameter for parameter; `asterisk` has the shape of Asterisk* (2
        # causal layers, 2 heads, width 256) on bytes.
        "base": FlattenConfig(layers=16, heads=16),
        "mini": FlattenConfig(layers=8, heads=16),
        "asterisk": FlattenConfig(layers=2, heads=2, causal=True),
    },
)
