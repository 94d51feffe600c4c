"""The parts of the encoder: positions, byte n-gram hashes, and the two kinds of transformer block."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from beast_core.config import NORM_EPSILON
from beast_core.families.ngram import BEGIN_ID, END_ID, ROTARY_BASE, wrapped_power
from beast_core.network.capturing import is_captured

Table = TypeVar("Table", bound=nn.Embedding)


def unfilled(kind: type[Table], *, rows: int, width: int) -> Table:
    """An embedding without values: `nn.Embedding` draws them at once, and imports torch's compiler on meta devices."""
    table: Table = kind.from_pretrained(torch.empty(rows, width), freeze=False)
    return table


def fill(weight: Tensor, *, scale: float) -> None:
    """Fills a weight with random values of that standard deviation, unless it is on the meta device."""
    if not weight.is_meta:
        nn.init.normal_(weight, std=scale)


def mark_words(word_bytes: Tensor, *, lengths: Tensor) -> Tensor:
    """Ids with a begin and an end marker around each word, zero padded.

    Takes `(words, bytes)` uint8 and `(words,)` int64; returns `(words, longest + 2)` int64, the longest being the
    window where the network is captured.
    """
    longest = word_bytes.shape[1] if is_captured() else int(lengths.max()) if len(lengths) else 0
    ids = functional.pad(word_bytes[:, :longest].long() + 1, (1, 1), value=BEGIN_ID)
    ends = (lengths + 1)[:, None]
    return ids.masked_fill_(torch.arange(longest + 2, device=lengths.device) >= ends, 0).scatter_(1, ends, END_ID)


def ngram_hashes(ids: Tensor, *, sizes: tuple[int, ...], buckets: tuple[int, ...]) -> Tensor:
    """The row of each byte n-gram that ends at each position, in one table of `sum(buckets)` rows.

    An n-gram `c_0 .. c_n-1` hashes to `sum(c_i * HASH_MULTIPLIER**i)` in wrapping 64-bit arithmetic, modulo the largest
    of the `buckets` and then modulo its own size's; positions before the word count as id 0. (The stock model knows one
    number of buckets only: there, a size that has fewer has its rows several times.) All are differences of one running
    sum over the word, which is brought to the n-gram's own powers by dividing: the multiplier is odd, so it has an
    inverse. Takes `(words, positions)` int64; returns `(words, positions, len(sizes))` int64.

    Pagnoni et al. 2024, Byte Latent Transformer, https://arxiv.org/abs/2412.09871; `transformers`, models/blt.
    """
    constants = _hash_constants.__wrapped__ if is_captured() else _hash_constants
    powers, before, scales, offsets = constants(ids.shape[1], sizes=sizes, buckets=buckets, device=ids.device)
    running = functional.pad((ids * powers).cumsum(1), (1, 0))
    earlier = running.index_select(1, before.flatten()).unflatten(1, before.shape)
    rows: Tensor = (running[:, 1:, None] - earlier).mul_(scales).remainder_(most := max(buckets))
    for place, fewer in enumerate(buckets):
        if fewer < most:  # divisions are a quarter of the time that all this takes
            rows[..., place].remainder_(fewer)
    return rows.add_(offsets)


@lru_cache(maxsize=256)
@torch.inference_mode(False)
def _hash_constants(
    positions: int, *, sizes: tuple[int, ...], buckets: tuple[int, ...], device: torch.device
) -> tuple[Tensor, ...]:
    """Powers `(positions,)`; of each n-gram how many positions come before it and what its sum is multiplied by, each
    `(positions, sizes)`; where the rows of each size begin, `(sizes,)`. All int64."""
    starts = [[end - size + 1 for size in sizes] for end in range(positions)]
    return (
        torch.tensor([wrapped_power(position) for position in range(positions)], device=device),
        torch.tensor([[max(0, start) for start in row] for row in starts], device=device),
        torch.tensor([[wrapped_power(-start) for start in row] for row in starts], device=device),
        torch.tensor([0, *accumulate(buckets)][:-1], device=device),
    )


@dataclass(frozen=True)
class Layout:
    """Where the real positions of a padded batch are, so that only those are computed.

    `word` and `position` are `(real positions,)`; `cosine` and `sine` the rotary tables `(real positions, 1, head
    width)`. The last of the `words` is not real: up to an eighth of the positions stand in it, so that batches have few
    distinct sizes. (A matrix product of a new size costs a CPU a compilation, and memory that is never given back.)
    """

    words: int
    positions: int
    word: Tensor
    position: Tensor
    cosine: Tensor
    sine: Tensor

    @classmethod
    def of(cls, present: Tensor, *, head_width: int) -> "Layout":
        """The layout of `(words, positions)` bool; rotary tables of Su et al. 2021, https://arxiv.org/abs/2104.09864."""
        if is_captured():  # all positions, and those that are not real in the last word
            place = torch.arange(present.numel(), device=present.device)
            word, position = place // present.shape[1], place % present.shape[1]
            word = word.where(present.flatten(), present.shape[0])
        else:
            word, position = present.nonzero().unbind(1)
            spare = -len(word) % (1 << max(0, len(word).bit_length() - 4))
            word, position = functional.pad(word, (0, spare), value=len(present)), functional.pad(position, (0, spare))
        exponent = torch.arange(0, head_width, 2, dtype=torch.float32, device=present.device) / head_width
        angle = torch.arange(present.shape[1], device=present.device)[:, None] * ROTARY_BASE**-exponent
        angle = angle.repeat_interleave(2, dim=-1)[position, None]
        return cls(present.shape[0] + 1, present.shape[1], word, position, angle.cos(), angle.sin())

    def gather(self, padded: Tensor) -> Tensor:
        """`(words, positions, ...)` -> `(real positions, ...)`."""
        return padded[self.word, self.position]

    def pad(self, values: Tensor) -> Tensor:
        """`(real positions, ...)` -> `(words, positions, ...)`, zeros elsewhere."""
        padded = values.new_zeros((self.words, self.positions, *values.shape[1:]))
        padded[self.word, self.position] = values
        return padded

    def sum(self, values: Tensor) -> Tensor:
        """`(real positions, width)` -> its sum over each real word, `(words - 1, width)`."""
        return values.new_zeros((self.words, values.shape[1])).index_add_(0, self.word, values)[:-1]

    def rotate(self, values: Tensor) -> Tensor:
        """Rotary embedding of `(real positions, heads, head width)`, neighbouring components paired."""
        turned = torch.stack((-values[..., 1::2], values[..., ::2]), dim=-1).flatten(-2)
        return values * self.cosine.to(values.dtype) + turned * self.sine.to(values.dtype)


def attend(query: Tensor, *, key: Tensor, value: Tensor, mask: Tensor | None = None, training: bool = False) -> Tensor:
    """Scaled dot-product attention, each `(words, heads, positions, head width)`.

    `mask` broadcasts to `(words, heads, positions, positions)`, True = attend; None is causal. A position that may
    attend to nothing gets zeros.
    """
    if not training:
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=mask is None)
    # The fused kernel's backward pass in bfloat16 on a CPU takes five times as long as these products do.
    scores: Tensor = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    if mask is None:
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    weights = scores.masked_fill(~mask, torch.finfo(scores.dtype).min).softmax(dim=-1)
    return weights.masked_fill(~mask, 0) @ value


class CausalBlock(nn.Module):
    """Pre-norm transformer block: RMSNorm, causal rotary attention, RMSNorm, gated SiLU feed-forward; no biases.

    Works on the real positions of a batch only. Attention needs no padding mask: padding comes after a word, and no
    position attends to a later one. The block of Llama (Touvron et al. 2023, https://arxiv.org/abs/2302.13971).
    """

    def __init__(self, *, width: int, heads: int, feed_forward_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.RMSNorm(width, eps=NORM_EPSILON)
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.attention_output = nn.Linear(width, width, bias=False)
        self.feed_forward_norm = nn.RMSNorm(width, eps=NORM_EPSILON)
        self.gate_and_up = nn.Linear(width, 2 * feed_forward_width, bias=False)
        self.down = nn.Linear(feed_forward_width, width, bias=False)

    def forward(self, hidden: Tensor, layout: Layout) -> Tensor:
        """`(real positions, width)` -> `(real positions, width)`."""
        projected = self.query_key_value(self.attention_norm(hidden))
        query, key, value = projected.unflatten(-1, (3, self.heads, -1)).unbind(1)
        padded = layout.pad(torch.stack((layout.rotate(query), layout.rotate(key), value), dim=1))
        query, key, value = padded.permute(2, 0, 3, 1, 4)  # each (words, heads, positions, head width)
        attended = attend(query, key=key, value=value, training=self.training)
        hidden = hidden + self.attention_output(layout.gather(attended.transpose(1, 2)).flatten(1))
        gate, up = self.gate_and_up(self.feed_forward_norm(hidden)).chunk(2, dim=-1)
        fed: Tensor = self.down(functional.silu(gate) * up)
        return hidden + fed


class PostNormBlock(nn.Module):
    """The original transformer encoder block, with biases: attention, LayerNorm, feed-forward, LayerNorm.

    Vaswani et al. 2017 (ReLU), https://arxiv.org/abs/1706.03762; Devlin et al. 2018 (GELU),
    https://arxiv.org/abs/1810.04805.
    """

    def __init__(self, *, width: int, heads: int, feed_forward_width: int, activation: nn.Module) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attention_output = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, eps=NORM_EPSILON)
        self.up = nn.Linear(width, feed_forward_width)
        self.activation = activation
        self.down = nn.Linear(feed_forward_width, width)
        self.feed_forward_norm = nn.LayerNorm(width, eps=NORM_EPSILON)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """`(words, positions, width)` -> the same; `mask` is `(words or 1, 1, positions or 1, positions)`, True =
        attend."""
        projected = self.query_key_value(hidden).unflatten(-1, (3, self.heads, -1))
        query, key, value = projected.permute(2, 0, 3, 1, 4)  # each (words, heads, positions, head width)
        attended = attend(query, key=key, value=value, mask=mask, training=self.training)
        hidden = self.attention_norm(hidden + self.attention_output(attended.transpose(1, 2).flatten(2)))
        fed: Tensor = self.feed_forward_norm(hidden + self.down(self.activation(self.up(hidden))))
        return fed
