"""The `ngram` family in stock parts: a `transformers` BLT model with a zero-layer decoder -> pooling -> Dense(GELU), if
there is a hidden layer -> Dense(tanh) -> Normalize."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from beast_core.config import EncoderConfig
from beast_core.families.ngram import NGRAM_TABLE, NgramConfig
from beast_core.stock.layout import Place, ReadArray, StockLayout, block_places, module_names

# BLT ends with an RMSNorm, weight * x / sqrt(mean(x²) + epsilon), but an encoder without layers normalises nothing.
# Beside this epsilon the mean square of embeddings is negligible (it changes a vector by a millionth), so that the norm
# divides by sqrt(epsilon), which a weight of sqrt(epsilon) undoes. With a larger epsilon, what was divided would be too
# small for float16.
LINEAR_NORM_EPSILON = 2.0**22

_STOCK_TABLE = ("", "encoder_hash_tok_embedding.weight")
_STOCK_NORM = ("", "local_decoder.norm.weight")
_STOCK_BLOCK = {
    "attention_norm": ["input_layernorm"],
    "query_key_value": ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    "attention_output": ["self_attn.o_proj"],
    "feed_forward_norm": ["post_attention_layernorm"],
    "gate_and_up": ["mlp.gate_proj", "mlp.up_proj"],
    "down": ["mlp.down_proj"],
}


@dataclass(frozen=True)
class NgramStock(StockLayout):
    """Where the weights of the `ngram` family are in stock parts. The stock table has equal sections for all sizes."""

    config: NgramConfig

    def folders(self) -> tuple[str, ...]:
        """See `StockLayout.folders`."""
        return module_names("Pooling", *["Dense"] * len(self.config.linear_layers), "Normalize")

    def places(self) -> dict[str, list[Place]]:
        """See `StockLayout.places`."""
        places = {"byte_embedding.weight": [("", "local_encoder.embed_tokens.weight")], NGRAM_TABLE: [_STOCK_TABLE]}
        if self.config.layers:
            places["final_norm.weight"] = [_STOCK_NORM]
        places |= block_places(_STOCK_BLOCK, layers=self.config.layers, prefix="local_encoder.layers", kinds=["weight"])
        for ours, folder in zip(self.config.linear_layers, self.folders()[2:-1], strict=True):
            places |= {f"{ours}.{kind}": [(folder, f"linear.{kind}")] for kind in ("weight", "bias")}
        return places

    def to_stock(self, state: Mapping[str, np.ndarray]) -> dict[Place, np.ndarray]:
        """See `StockLayout.to_stock`."""
        tensors = super().to_stock(state)
        tensors[_STOCK_TABLE] = self._repeated(tensors[_STOCK_TABLE])
        if not self.config.layers:
            tensors[_STOCK_NORM] = np.full(self.config.hidden_width, LINEAR_NORM_EPSILON**0.5, dtype=np.float32)
        return tensors

    def from_stock(self, read: ReadArray) -> tuple[dict[str, np.ndarray], EncoderConfig]:
        """See `StockLayout.from_stock`. Of a row whose copies fine-tuning moved apart, all copies are kept: then all
        sizes have as many buckets."""
        state, _ = super().from_stock(read)
        if not self.config.layers:
            # The weight of the stock model's norm, which fine-tuning moves, belongs to the layer after the pooling.
            following = f"{self.config.linear_layers[0]}.weight"
            state[following] = state[following] * (read(*_STOCK_NORM) / LINEAR_NORM_EPSILON**0.5)
        state[NGRAM_TABLE], buckets = self._unrepeated(state[NGRAM_TABLE])
        return state, replace(self.config, ngram_buckets=buckets)

    def _repeated(self, table: np.ndarray) -> np.ndarray:
        """The n-gram table with as many rows for each size as the largest has: the others' over and over again."""
        buckets = self.config.ngram_buckets
        sections = np.split(table, list(accumulate(buckets))[:-1])
        return np.concatenate([np.resize(section, (max(buckets), table.shape[1])) for section in sections])

    def _unrepeated(self, table: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
        """The rows that `_repeated` repeated, and the numbers of buckets."""
        buckets, largest = self.config.ngram_buckets, max(self.config.ngram_buckets)
        if len(set(buckets)) == 1 or len(table) != len(buckets) * largest:
            return table, buckets  # nothing was repeated; or of another shape, as whoever looks at that will say
        sections = zip(np.split(table, len(buckets)), buckets, strict=True)
        rows = np.concatenate([section[:number] for section, number in sections])
        same = np.array_equal(self._repeated(rows), table)
        return (rows, buckets) if same else (table, (largest,) * len(buckets))
