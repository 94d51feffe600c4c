"""The `flatten` family, the published BEAST: a transformer over the whole window, all positions flattened.

The network is in `beast_core.network.flatten`.
"""

from dataclasses import dataclass
from typing import Any

from beast_core.config import EncoderConfig, linear_shapes
from beast_core.family import Family

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

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `EncoderConfig.weight_shapes`."""
        width, inner = self.hidden_width, self.feed_forward_width
        block = {
            **linear_shapes("query_key_value", inputs=width, outputs=3 * width),
            **linear_shapes("attention_output", inputs=width, outputs=width),
            **dict.fromkeys(("attention_norm.weight", "attention_norm.bias"), (width,)),
            **linear_shapes("up", inputs=width, outputs=inner),
            **linear_shapes("down", inputs=inner, outputs=width),
            **dict.fromkeys(("feed_forward_norm.weight", "feed_forward_norm.bias"), (width,)),
        }
        shapes: dict[str, tuple[int, ...]] = {
            f"blocks.{layer}.{name}": shape for layer in range(self.layers) for name, shape in block.items()
        }
        shapes["byte_embedding.weight"] = (256, width)
        return shapes | linear_shapes("projection", inputs=self.window * width, outputs=self.output_width)


FAMILY = Family(
    config=FlattenConfig,
    presets={
        # `base` and `mini` are the published shapes, parameter for parameter; `asterisk` has the shape of Asterisk* (2
        # causal layers, 2 heads, width 256) on bytes.
        "base": FlattenConfig(layers=16, heads=16),
        "mini": FlattenConfig(layers=8, heads=16),
        "asterisk": FlattenConfig(layers=2, heads=2, causal=True),
    },
)
