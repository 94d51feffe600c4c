"""The `flatten` family in stock parts: an ELECTRA model -> CNN with one output position -> Pooling -> Dense(identity,
tanh) -> Normalize."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from beast_core.config import EncoderConfig
from beast_core.families.flatten import FlattenConfig
from beast_core.positions import sinusoidal_positions
from beast_core.stock.layout import Place, ReadArray, StockLayout, block_places, module_names

_CONVOLUTION = "1_CNN"
_INPUT_NORM = "embeddings.LayerNorm"
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
    """Where the weights of the `flatten` family are in stock parts."""

    config: FlattenConfig

    def __post_init__(self) -> None:
        if foreign := [f"{name} is {getattr(self.config, name)!r}, {why}" for name, why in self._foreign().items()]:
            raise ValueError(
                f"stock parts cannot hold this encoder: {'; '.join(foreign)}; keep it in a folder of ours "
                "(beast_core.write_model), which load_encoder, st_beast.load and spaCy read"
            )

    def _foreign(self) -> dict[str, str]:
        """The settings that stock parts have not, and why."""
        foreign = {}
        if self.config.input_norm == "none":
            foreign["input_norm"] = "and a stock BERT always normalises its embeddings"
        if self.config.padding == "zeroed":
            foreign["padding"] = "and a stock BERT keeps what comes of padding"
        return foreign

    def folders(self) -> tuple[str, ...]:
        """See `StockLayout.folders`."""
        return module_names("CNN", "Pooling", "Dense", "Normalize")

    def places(self) -> dict[str, list[Place]]:
        """See `StockLayout.places`."""
        places = {
            "byte_embedding.weight": [("", "embeddings.word_embeddings.weight")],
            "projection.bias": [(_CONVOLUTION, "convs.0.bias")],
            **block_places(_STOCK_BLOCK, layers=self.config.layers, prefix="encoder.layer", kinds=["weight", "bias"]),
        }
        if self.config.input_norm == "weighted":
            places |= {f"input_norm.{kind}": [("", f"{_INPUT_NORM}.{kind}")] for kind in ("weight", "bias")}
        return places

    def to_stock(self, state: Mapping[str, np.ndarray]) -> dict[Place, np.ndarray]:
        """See `StockLayout.to_stock`. The kernel is padded to the left, so that it sees the window from its start."""
        weight = state["projection.weight"].reshape(-1, self.config.window, self.config.hidden_width)
        kernel = np.pad(weight.transpose(0, 2, 1), ((0, 0), (0, 0), (self.config.window - 1, 0)))
        return super().to_stock(state) | self._fixed() | {(_CONVOLUTION, "convs.0.weight"): kernel}

    def from_stock(self, read: ReadArray) -> tuple[dict[str, np.ndarray], EncoderConfig]:
        """See `StockLayout.from_stock`."""
        trained = [place for place, value in self._fixed().items() if not np.allclose(read(*place), value, atol=1e-6)]
        if trained:
            shown = ", ".join("/".join(filter(None, place)) for place in trained)
            raise ValueError(
                f"{shown} changed in training, but this encoder keeps it fixed; set requires_grad_(False) there when "
                "fine-tuning, or fine-tune what st_beast.load gives, which trains the right weights"
            )
        state, config = super().from_stock(read)
        kernel = read(_CONVOLUTION, "convs.0.weight")[..., self.config.window - 1 :]
        state["projection.weight"] = kernel.transpose(0, 2, 1).reshape(len(kernel), -1)
        return state, config

    def _fixed(self) -> dict[Place, np.ndarray]:
        """What the stock parts hold as weights and this encoder does not train."""
        width, output_width = self.config.hidden_width, self.config.output_width
        fixed = {
            ("", "embeddings.position_embeddings.weight"): sinusoidal_positions(self.config.window, width=width),
            ("", "embeddings.token_type_embeddings.weight"): np.zeros((1, width), dtype=np.float32),
            ("3_Dense", "linear.weight"): np.eye(output_width, dtype=np.float32),
            ("3_Dense", "linear.bias"): np.zeros(output_width, dtype=np.float32),
        }
        if self.config.input_norm == "plain":
            fixed["", f"{_INPUT_NORM}.weight"] = np.ones(width, dtype=np.float32)
            fixed["", f"{_INPUT_NORM}.bias"] = np.zeros(width, dtype=np.float32)
        return fixed
