"""The `flatten` family, the published BEAST: a transformer over the whole window, all positions flattened.

The network is in `beast_core.network.flatten`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beast_core.config import EncoderConfig, linear_shapes, setting
from beast_core.family import Family

# Folders of this family have always named these settings of the `ngram` family too, as empty: they are written as they
# were, and not read.
_ABSENT = ("ngram_sizes", "ngram_buckets", "projection_width")

# What the published text leaves open: each choice, and what the description of a model says of it; nothing of what
# models had before there was a choice.
INPUT_NORMS = {"plain": "", "weighted": "normalised with weights, ", "none": "not normalised, "}
ACTIVATIONS = {"gelu": "", "relu": "ReLU"}
PADDINGS = {"masked": "", "attended": "padding attended to", "zeroed": "padding masked and zeroed"}


def _one_of(choices: Mapping[str, str], *, default: str) -> Any:
    """A field that was fixed before format version 6."""
    names = tuple(choices)
    return setting(default, allowed=lambda name: name in choices, expected=f"one of {names}", since=6)


@dataclass(frozen=True, kw_only=True)
class FlattenConfig(EncoderConfig):
    """Byte embeddings + sinusoidal positions -> post-norm transformer -> flatten -> linear -> tanh -> L2.

    All `window` positions take part in the flatten, and those after the word, whose byte is 0, are padding. Three
    settings are what the published text does not say, and what `torch.nn.TransformerEncoder` can be trained with:

    - `input_norm`: whether a LayerNorm comes between the embeddings and the first block: "plain", without weights;
      "weighted", with them; or "none".
    - `activation` of the feed-forward layers: "gelu" or "relu".
    - `padding`: "masked", where no position attends to it; "attended", where all do, as to any byte; or "zeroed", where
      it is masked and what comes of it is zeros before the flatten. The latter is what torch gives of a masked encoder
      when it evaluates (`enable_nested_tensor`), whatever it gave in training.
    """

    family = "flatten"

    input_norm: str = _one_of(INPUT_NORMS, default="plain")
    activation: str = _one_of(ACTIVATIONS, default="gelu")
    padding: str = _one_of(PADDINGS, default="masked")

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
            f"byte embeddings and sinusoidal positions, {self.hidden_width} wide, {INPUT_NORMS[self.input_norm]}"
            f"{self.layers_summary(ACTIVATIONS[self.activation], PADDINGS[self.padding])}all {self.window} positions "
            "flattened into a linear layer, tanh"
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
        if self.input_norm == "weighted":
            shapes |= dict.fromkeys(("input_norm.weight", "input_norm.bias"), (width,))
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
