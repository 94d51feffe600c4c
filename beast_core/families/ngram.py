"""The `ngram` family: hashed byte n-grams, a few causal transformer layers or none, the mean over the word.

The network is in `beast_core.network.ngram`; without layers, `beast_core.kernel` computes the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from beast_core.config import LONGEST_WINDOW, MOST_LAYERS, EncoderConfig, enumeration, linear_shapes, setting
from beast_core.family import Family
from beast_core.packing import packed_width

# Ids of the bytes of a word: 0 pads, a byte is its value + 1, then the two markers.
BEGIN_ID = 257
END_ID = 258
SYMBOLS = 259

# Multiplier of the Byte Latent Transformer's first hash function: kept, so that a stock `transformers` BLT model can
# hold our weights and compute the same vectors. See `beast_core.network.layers.ngram_hashes`.
HASH_MULTIPLIER = 1_000_000_007
# Of the rotary positions of its layers, kept for the same reason.
ROTARY_BASE = 500_000.0

# Its name among the weights.
NGRAM_TABLE = "ngram_embedding.weight"

_MOST_BUCKETS = 2**24


def wrapped_power(exponent: int) -> int:
    """The multiplier to that power, which may be negative, modulo 2**64, as a signed number."""
    power = pow(HASH_MULTIPLIER, exponent, 1 << 64)
    return power - (power >> 63 << 64)


@dataclass(frozen=True)
class Pooling:
    """How the sum over a word's positions becomes one vector, and what sentence-transformers calls that.

    `pool` takes sums `(words, width)` and numbers of positions `(words,)`, arrays or tensors; `stock_mode` is a
    `pooling_mode` of the host's `Pooling`.
    """

    pool: Callable[[Any, Any], Any]
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
    def linear_layers(self) -> tuple[str, ...]:
        """The names of the linear layers after the pooling, in their order."""
        return ("expansion", "projection") if self.projection_width else ("projection",)

    @property
    def pooled_width(self) -> int:
        """Entries of the vector that the last linear layer takes."""
        return self.projection_width or self.hidden_width

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `EncoderConfig.weight_shapes`."""
        width, inner = self.hidden_width, self.feed_forward_width
        block = {
            "attention_norm": (width,),
            "query_key_value": (3 * width, width),
            "attention_output": (width, width),
            "feed_forward_norm": (width,),
            "gate_and_up": (2 * inner, width),
            "down": (width, inner),
        }
        shapes: dict[str, tuple[int, ...]] = {
            f"blocks.{layer}.{name}.weight": shape for layer in range(self.layers) for name, shape in block.items()
        }
        shapes |= {"byte_embedding.weight": (SYMBOLS, width), NGRAM_TABLE: (sum(self.ngram_buckets), width)}
        if self.layers:
            shapes["final_norm.weight"] = (width,)
        if self.projection_width:
            shapes |= linear_shapes("expansion", inputs=width, outputs=self.projection_width)
        return shapes | linear_shapes("projection", inputs=self.pooled_width, outputs=self.output_width)

    @property
    def quantised_tables(self) -> dict[str, tuple[int, int]]:
        """See `EncoderConfig.quantised_tables`."""
        return {NGRAM_TABLE: (sum(self.ngram_buckets), packed_width(self.hidden_width))}

    def summary(self) -> str:
        """See `EncoderConfig.summary`."""
        sizes = enumeration([f"{size}-" for size in self.ngram_sizes])
        buckets = enumeration([f"{number:,}" for number in self.ngram_buckets])
        expansion = f"a GELU layer {self.projection_width:,} wide, " if self.projection_width else ""
        return (
            f"embeddings of bytes and of hashed byte {sizes}grams in {buckets} buckets, {self.hidden_width} wide, "
            f"{self.layers_summary()}the {self.pooling} over the word, {expansion}a linear layer, tanh"
        )


FAMILY = Family(
    config=NgramConfig,
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
