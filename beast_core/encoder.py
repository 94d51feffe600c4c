"""The student network: bytes in, unit vectors out."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from beast_core.config import EncoderConfig
from beast_core.layers import (
    NORM_EPSILON,
    SYMBOLS,
    CausalBlock,
    Layout,
    PostNormBlock,
    mark_words,
    ngram_hashes,
    sinusoidal_positions,
)
from beast_core.tables import NGRAM_TABLE, NgramTable, PackedTable

# Of the scale of the byte embeddings, at the start.
_NGRAM_SHARE = 0.1


class BeastEncoder(nn.Module):
    """`(words, bytes)` uint8 and their lengths -> `(words, output width)` float32 of unit length.

    A word's vector depends on that word alone, never on its neighbours, the batch size or the padding. `encode_words`
    makes the inputs; `WordEncoder` is the class that takes words.

    >>> import torch
    >>> encoder = BeastEncoder(EncoderConfig.preset("mini"))
    >>> sum(parameter.numel() for parameter in encoder.parameters())
    7956736
    >>> encoder(torch.zeros(2, 24, dtype=torch.uint8), torch.tensor([3, 5])).shape
    torch.Size([2, 256])
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        width = config.hidden_width
        shape = {"width": width, "heads": config.heads, "feed_forward_width": config.feed_forward_width}
        block = CausalBlock if config.family == "ngram" else PostNormBlock
        self.blocks = nn.ModuleList(block(**shape) for _ in range(config.layers))
        if config.family == "ngram":
            self.byte_embedding = _embedding(SYMBOLS, width=width)
            self.ngram_embedding = _embedding(sum(config.ngram_buckets), width=width, kind=NgramTable)
            if config.layers:
                self.final_norm = nn.RMSNorm(width, eps=NORM_EPSILON)
            if config.projection_width:
                self.expansion = nn.Linear(width, config.projection_width)
            self.projection = nn.Linear(config.projection_width or width, config.output_width)
        else:
            self.byte_embedding = _embedding(256, width=width)
            self.projection = nn.Linear(config.window * width, config.output_width)
        self._initialise()

    def _initialise(self) -> None:
        """Small embeddings, so that layers see sums of the scale they expect; n-grams nearly nothing, as those that no
        word of the training had, as misspellings bring them, should say nearly nothing to the end."""
        scale = self.config.hidden_width**-0.5
        for name, module in self.named_modules():
            if isinstance(module, nn.Embedding) and not module.weight.is_meta:
                nn.init.normal_(module.weight, std=_NGRAM_SHARE * scale if name == "ngram_embedding" else scale)

    def weights(self) -> dict[str, Tensor]:
        """All weights by name, on the CPU, the n-gram table as it is read: if packed, unpacked; if rounded, rounded."""
        weights = {name: value.detach().cpu().contiguous() for name, value in self.state_dict().items()}
        if NGRAM_TABLE in weights:
            weights[NGRAM_TABLE] = self.ngram_embedding.values().detach().cpu()
        return weights

    @property
    def is_packed(self) -> bool:
        """Whether the n-gram table is a `PackedTable`, for reading on a CPU. Moved elsewhere, it is unpacked."""
        return isinstance(getattr(self, "ngram_embedding", None), PackedTable)

    def read_rounded(self, rounded: bool) -> None:
        """Whether the n-gram table is read as a compact folder will have it, from now on; nothing without a table.

        A packed table is read so in any case.
        """
        if isinstance(table := getattr(self, "ngram_embedding", None), NgramTable):
            table.rounded = rounded

    def pack(self) -> "BeastEncoder":
        """Makes a table that was rounded a packed one, in place; leaves one alone that would lose by it."""
        table = getattr(self, "ngram_embedding", None)
        packed = PackedTable.without_loss(table.weight.detach()) if isinstance(table, NgramTable) else None
        if packed is not None:
            self.ngram_embedding = packed
        return self

    def unpack(self) -> "BeastEncoder":
        """Makes a packed table one that can be trained, in place, of the dtype of the other weights."""
        if self.is_packed:
            table = self.ngram_embedding.values().to(self.byte_embedding.weight.dtype)
            self.ngram_embedding = NgramTable.from_pretrained(table, freeze=False)
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "BeastEncoder":
        # What `to`, `cuda` and their like call.
        if self.is_packed and fn(torch.empty(0)).device.type != "cpu":
            self.unpack()
        return super()._apply(fn, recurse)

    def forward(self, word_bytes: Tensor, lengths: Tensor) -> Tensor:
        """`(words, window)` uint8 and `(words,)` int64 -> `(words, output width)` float32, unit length.

        Raises `RuntimeError` in training mode if the table is packed: it would stay as it is while the rest learns.
        """
        if self.training and self.is_packed:
            raise RuntimeError(
                "this encoder was loaded for reading, its n-gram table in 2 bits, expected one that can be trained: "
                "st_beast.load(path, trainable=True), or encoder.unpack() before the optimizer is made"
            )
        if self.config.family == "flatten":
            pooled = self._flatten(word_bytes, lengths)
        else:
            pooled = self._transformed(word_bytes, lengths) if self.blocks else self._averaged(word_bytes, lengths)
        if self.config.projection_width:
            pooled = functional.gelu(self.expansion(pooled.to(self.expansion.weight.dtype)))
        projected = self.projection(pooled.to(self.projection.weight.dtype))
        return functional.normalize(torch.tanh(projected).float(), dim=-1)

    def _averaged(self, word_bytes: Tensor, lengths: Tensor) -> Tensor:
        """The mean over a word's positions needs no positions: all its rows are one bag."""
        ids, positions = mark_words(word_bytes, lengths=lengths), lengths + 2
        starts = functional.pad(positions.cumsum(0)[:-1], (1, 0)) if len(positions) else positions
        rows = ngram_hashes(ids, sizes=self.config.ngram_sizes, buckets=self.config.ngram_buckets)
        # One list of places for both takes a quarter of the time that a mask takes.
        present = ids.flatten().nonzero().squeeze(1)
        letters, rows = ids.flatten().index_select(0, present), rows.flatten(0, 1).index_select(0, present)
        ngrams = self.ngram_embedding.sum_rows(rows.flatten(), starts=starts * rows.shape[1])
        letters = functional.embedding_bag(letters, self.byte_embedding.weight, starts, mode="sum")
        return (ngrams.float() + letters.float()) / positions[:, None]

    def _transformed(self, word_bytes: Tensor, lengths: Tensor) -> Tensor:
        ids = mark_words(word_bytes, lengths=lengths)
        layout = Layout.of(ids > 0, head_width=self.config.hidden_width // self.config.heads)
        ids = functional.pad(ids, (0, 0, 0, 1))
        rows = layout.gather(ngram_hashes(ids, sizes=self.config.ngram_sizes, buckets=self.config.ngram_buckets))
        starts = torch.arange(0, rows.numel(), rows.shape[1], device=rows.device)
        ngrams = self.ngram_embedding.sum_rows(rows.flatten(), starts=starts)
        letters = self.byte_embedding(layout.gather(ids))
        hidden = letters + ngrams.to(letters.dtype)  # a packed table gives float32 whatever the layers compute in
        for block in self.blocks:
            hidden = block(hidden, layout)
        weight = self.final_norm.weight.float()  # means are taken in float32, whatever the weights are kept in
        normed = functional.rms_norm(hidden.float(), weight.shape, weight, NORM_EPSILON)
        return layout.mean(normed, lengths=lengths + 2)

    def _flatten(self, word_bytes: Tensor, lengths: Tensor) -> Tensor:
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


def _embedding(rows: int, *, width: int, kind: type[nn.Embedding] = nn.Embedding) -> nn.Embedding:
    """Not filled: `nn.Embedding` does that at once, and on the meta device imports torch's compiler for it."""
    return kind.from_pretrained(torch.empty(rows, width), freeze=False)
