"""The `ngram` family: hashed byte n-grams, a few causal transformer layers or none, the mean over the word.

In stock parts it is a `transformers` BLT model with a zero-layer decoder -> pooling -> Dense(GELU), if there is a
hidden layer -> Dense(tanh) -> Normalize.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from beast_core.config import LONGEST_WINDOW, MOST_LAYERS, EncoderConfig, enumeration, setting
from beast_core.family import Family
from beast_core.layers import (
    NORM_EPSILON,
    SYMBOLS,
    CausalBlock,
    Layout,
    fill,
    mark_words,
    ngram_hashes,
    unfilled,
)
from beast_core.stock import Place, ReadTensor, StockLayout, block_places, module_names
from beast_core.tables import NgramTable, PackedTable, TableEncoder

# Its name among the weights.
NGRAM_TABLE = "ngram_embedding.weight"

# Embeddings of n-grams begin at this share of the scale of those of bytes. Some n-grams, as misspellings make them, are
# in no word of the training and keep their first values for good: those should say next to nothing.
_NGRAM_SHARE = 0.1

_MOST_BUCKETS = 2**24

# BLT ends with an RMSNorm, weight * x / sqrt(mean(x²) + epsilon), but an encoder without layers normalises nothing.
# Beside this epsilon the mean square of embeddings is negligible (it changes a vector by a millionth), so that the norm
# divides by sqrt(epsilon), which a weight of sqrt(epsilon) undoes. With a larger epsilon, what was divided would be too
# small for float16.
LINEAR_NORM_EPSILON = 2.0**22


@dataclass(frozen=True)
class Pooling:
    """How the sum over a word's positions becomes one vector, and what sentence-transformers calls that.

    `pool` takes sums `(words, width)` and numbers of positions `(words,)`; `stock_mode` is a `pooling_mode` of the
    host's `Pooling`.
    """

    pool: Callable[[Tensor, Tensor], Tensor]
    stock_mode: str


POOLINGS: Mapping[str, Pooling] = {
    "mean": Pooling(pool=lambda sums, positions: sums / positions[:, None], stock_mode="mean"),
}


@dataclass(frozen=True, kw_only=True)
class NgramConfig(EncoderConfig):
    """Byte embeddings + hashed byte n-gram embeddings -> causal pre-norm transformer -> pooling over the word's
    positions -> GELU layer -> linear -> tanh -> L2.

    Padding takes no part and costs nothing. With no `layers`, the embeddings are pooled as they are; with a
    `projection_width` of 0, there is no GELU layer. `ngram_buckets` is how many rows n-grams of each of `ngram_sizes`
    share; presets, JSON and TOML may give one number for all sizes.
    """

    family = "ngram"

    layers: int = setting(least=0, most=MOST_LAYERS)
    causal: bool = setting(True)
    ngram_sizes: tuple[int, ...] = setting(())
    ngram_buckets: tuple[int, ...] = setting((), expected="a list of whole numbers, or one for all sizes")
    projection_width: int = setting(0, least=0, most=32_768)
    pooling: str = setting("mean", since=5)

    @classmethod
    def normalised(cls, values: dict[str, object]) -> dict[str, object]:
        """One number of buckets becomes one for each size."""
        buckets, sizes = values.get("ngram_buckets"), values.get("ngram_sizes")
        if type(buckets) is int and isinstance(sizes, (list, tuple)):
            return {**values, "ngram_buckets": [buckets] * len(sizes)}
        return values

    def problems(self) -> list[str]:
        """See `EncoderConfig.problems`."""
        problems = super().problems()
        sizes, buckets = self.ngram_sizes, self.ngram_buckets
        if not self.causal:
            problems.append("causal is False, expected True for the 'ngram' family")
        if not sizes or sorted(set(sizes)) != list(sizes) or sizes[0] < 2:
            problems.append(f"ngram_sizes is {sizes}, expected increasing sizes of at least 2")
        if len(buckets) != len(sizes) or any(number < 1 for number in buckets):
            expected = "a number of at least 1 for each of ngram_sizes, or one for all"
            problems.append(f"ngram_buckets is {buckets}, expected {expected}")
        if len(sizes) > LONGEST_WINDOW or any(size > LONGEST_WINDOW for size in sizes):
            problems.append(f"ngram_sizes is {sizes!r:.200}, expected sizes of at most {LONGEST_WINDOW}")
        if sum(buckets) > _MOST_BUCKETS:
            problems.append(f"ngram_buckets is {buckets!r:.200}, expected at most {_MOST_BUCKETS:,} in all")
        if self.hidden_width % 4:
            problems.append(f"hidden_width is {self.hidden_width}, expected a multiple of 4 for the 'ngram' family")
        if self.pooling not in POOLINGS:
            problems.append(f"pooling is {self.pooling!r}, expected one of {tuple(POOLINGS)}")
        return problems

    @property
    def pooled_width(self) -> int:
        """Entries of the vector that the last linear layer takes."""
        return self.projection_width or self.hidden_width

    @property
    def quantised_tables(self) -> dict[str, tuple[int, int]]:
        """See `EncoderConfig.quantised_tables`."""
        return {NGRAM_TABLE: (sum(self.ngram_buckets), PackedTable.packed_width(self.hidden_width))}

    def summary(self) -> str:
        """See `EncoderConfig.summary`."""
        sizes = enumeration([f"{size}-" for size in self.ngram_sizes])
        buckets = enumeration([f"{number:,}" for number in self.ngram_buckets])
        expansion = f"a GELU layer {self.projection_width:,} wide, " if self.projection_width else ""
        return (
            f"embeddings of bytes and of hashed byte {sizes}grams in {buckets} buckets, {self.hidden_width} wide, "
            f"{self.layers_summary()}the {self.pooling} over the word, {expansion}a linear layer, tanh"
        )


class NgramEncoder(TableEncoder):
    """The network of `NgramConfig`."""

    config: NgramConfig
    ngram_embedding: NgramTable | PackedTable

    def build_backbone(self) -> int:
        """See `BeastEncoder.build_backbone`."""
        config, width = self.config, self.config.hidden_width
        shape = {"width": width, "heads": config.heads, "feed_forward_width": config.feed_forward_width}
        self.blocks = nn.ModuleList(CausalBlock(**shape) for _ in range(config.layers))
        self.byte_embedding = unfilled(nn.Embedding, rows=SYMBOLS, width=width)
        self.ngram_embedding = unfilled(NgramTable, rows=sum(config.ngram_buckets), width=width)
        if config.layers:
            self.final_norm = nn.RMSNorm(width, eps=NORM_EPSILON)
        if config.projection_width:
            self.expansion = nn.Linear(width, config.projection_width)
        return config.pooled_width

    def initialise_embeddings(self) -> None:
        """Bytes so that layers see sums of the scale that they expect, n-grams much smaller."""
        scale = self.config.hidden_width**-0.5
        fill(self.byte_embedding.weight, scale=scale)
        fill(self.ngram_embedding.weight, scale=_NGRAM_SHARE * scale)

    def backbone(self, word_bytes: Tensor, *, lengths: Tensor) -> Tensor:
        """See `BeastEncoder.backbone`."""
        ids, positions = mark_words(word_bytes, lengths=lengths), lengths + 2
        sums = self._transformed_sums(ids) if self.blocks else self._embedding_sums(ids, positions=positions)
        pooled = POOLINGS[self.config.pooling].pool(sums, positions)
        if self.config.projection_width:
            pooled = functional.gelu(self.expansion(pooled.to(self.byte_embedding.weight.dtype)))
        return pooled

    def _embedding_sums(self, ids: Tensor, *, positions: Tensor) -> Tensor:
        """Without layers, order does not matter: all rows of a word are one bag. `(words, width)` float32."""
        starts = functional.pad(positions.cumsum(0)[:-1], (1, 0)) if len(positions) else positions
        rows = ngram_hashes(ids, sizes=self.config.ngram_sizes, buckets=self.config.ngram_buckets)
        # One list of places for both takes a quarter of the time that a mask takes.
        present = ids.flatten().nonzero().squeeze(1)
        letters, rows = ids.flatten().index_select(0, present), rows.flatten(0, 1).index_select(0, present)
        ngrams = self.ngram_embedding.sum_rows(rows.flatten(), starts=starts * rows.shape[1])
        letters = functional.embedding_bag(letters, self.byte_embedding.weight, starts, mode="sum")
        return ngrams.float() + letters.float()

    def _transformed_sums(self, ids: Tensor) -> Tensor:
        """What the layers make of the positions, summed over each word: `(words, width)` float32."""
        layout = Layout.of(ids > 0, head_width=self.config.hidden_width // self.config.heads)
        ids = functional.pad(ids, (0, 0, 0, 1))
        rows = layout.gather(ngram_hashes(ids, sizes=self.config.ngram_sizes, buckets=self.config.ngram_buckets))
        starts = torch.arange(0, rows.numel(), rows.shape[1], device=rows.device)
        ngrams = self.ngram_embedding.sum_rows(rows.flatten(), starts=starts)
        letters: Tensor = self.byte_embedding(layout.gather(ids))
        hidden = letters + ngrams.to(letters.dtype)  # a packed table gives float32 whatever the layers compute in
        for block in self.blocks:
            hidden = block(hidden, layout)
        weight = self.final_norm.weight.float()  # sums are taken in float32, whatever the weights are kept in
        return layout.sum(functional.rms_norm(hidden.float(), weight.shape, weight, NORM_EPSILON))


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
    """Where the weights of an `NgramEncoder` are in stock parts. The stock table has equal sections for all sizes."""

    config: NgramConfig

    def folders(self) -> tuple[str, ...]:
        """See `StockLayout.folders`."""
        return module_names("Pooling", *["Dense"] * len(self._linear()), "Normalize")

    def _linear(self) -> list[str]:
        return ["expansion", "projection"] if self.config.projection_width else ["projection"]

    def places(self) -> dict[str, list[Place]]:
        """See `StockLayout.places`."""
        places = {"byte_embedding.weight": [("", "local_encoder.embed_tokens.weight")], NGRAM_TABLE: [_STOCK_TABLE]}
        if self.config.layers:
            places["final_norm.weight"] = [_STOCK_NORM]
        places |= block_places(_STOCK_BLOCK, layers=self.config.layers, prefix="local_encoder.layers", kinds=["weight"])
        for ours, folder in zip(self._linear(), self.folders()[2:-1], strict=True):
            places |= {f"{ours}.{kind}": [(folder, f"linear.{kind}")] for kind in ("weight", "bias")}
        return places

    def to_stock(self, state: Mapping[str, Tensor]) -> dict[Place, Tensor]:
        """See `StockLayout.to_stock`."""
        tensors = super().to_stock(state)
        tensors[_STOCK_TABLE] = self._repeated(tensors[_STOCK_TABLE])
        if not self.config.layers:
            tensors[_STOCK_NORM] = torch.full((self.config.hidden_width,), LINEAR_NORM_EPSILON**0.5)
        return tensors

    def from_stock(self, read: ReadTensor) -> tuple[dict[str, Tensor], EncoderConfig]:
        """See `StockLayout.from_stock`. Of a row whose copies fine-tuning moved apart, all copies are kept: then all
        sizes have as many buckets."""
        state, _ = super().from_stock(read)
        if not self.config.layers:
            # The weight of the stock model's norm, which fine-tuning moves, belongs to the layer after the pooling.
            following = f"{self._linear()[0]}.weight"
            state[following] = state[following] * (read(*_STOCK_NORM) / LINEAR_NORM_EPSILON**0.5)
        state[NGRAM_TABLE], buckets = self._unrepeated(state[NGRAM_TABLE])
        return state, replace(self.config, ngram_buckets=buckets)

    def _repeated(self, table: Tensor) -> Tensor:
        """The n-gram table with as many rows for each size as the largest has: the others' over and over again."""
        buckets = self.config.ngram_buckets
        repeated = table.new_empty(len(buckets), max(buckets), table.shape[1])
        for section, target in zip(table.split(list(buckets)), repeated, strict=True):
            for rows in target.split(len(section)):
                rows.copy_(section[: len(rows)])
        return repeated.flatten(0, 1)

    def _unrepeated(self, table: Tensor) -> tuple[Tensor, tuple[int, ...]]:
        """The rows that `_repeated` repeated, and the numbers of buckets."""
        buckets, largest = self.config.ngram_buckets, max(self.config.ngram_buckets)
        if len(set(buckets)) == 1 or len(table) != len(buckets) * largest:
            return table, buckets  # nothing was repeated; or of another shape, as whoever looks at that will say
        sections = zip(table.chunk(len(buckets)), buckets, strict=True)
        rows = torch.cat([section[:number] for section, number in sections])
        return (rows, buckets) if self._repeated(rows).equal(table) else (table, (largest,) * len(buckets))


FAMILY = Family(
    config=NgramConfig,
    network=NgramEncoder,
    stock=NgramStock,
    presets={
        # Ours, and the one that ships. There are far fewer trigrams than longer n-grams, so they have fewer buckets.
        # The bucket counts are primes: the hash multiplies by 1,000,000,007, which is 7 modulo 12,500, so that with
        # 12,500 buckets 'ab' and its neighbours collide by construction (tests/test_core/test_layers.py measures it).
        "beast": NgramConfig(
            layers=0,
            heads=4,
            feed_forward_width=512,
            ngram_sizes=(3, 4, 5, 6),
            ngram_buckets=(12_007, 53_003, 53_003, 53_003),
        ),
    },
)
