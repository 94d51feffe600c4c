"""The student network: bytes in, unit vectors out."""

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
            self.byte_embedding = nn.Embedding(SYMBOLS, width)
            self.ngram_embedding = nn.Embedding(len(config.ngram_sizes) * config.ngram_buckets, width)
            self.final_norm = nn.RMSNorm(width, eps=NORM_EPSILON)
            self.projection = nn.Linear(width, config.output_width)
        else:
            self.byte_embedding = nn.Embedding(256, width)
            self.projection = nn.Linear(config.window * width, config.output_width)
        self._initialise()

    def _initialise(self) -> None:
        """Small embeddings: sums of several n-gram vectors must start at the scale of one byte vector."""
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=self.config.hidden_width**-0.5)

    def forward(self, word_bytes: Tensor, lengths: Tensor) -> Tensor:
        """`(words, window)` uint8 and `(words,)` int64 -> `(words, output width)` float32, unit length."""
        pool = self._ngram if self.config.family == "ngram" else self._flatten
        pooled = pool(word_bytes, lengths)
        projected = self.projection(pooled.to(self.projection.weight.dtype))
        return functional.normalize(torch.tanh(projected).float(), dim=-1)

    def _ngram(self, word_bytes: Tensor, lengths: Tensor) -> Tensor:
        ids = mark_words(word_bytes, lengths=lengths)
        layout = Layout.of(ids > 0, head_width=self.config.hidden_width // self.config.heads)
        ids = functional.pad(ids, (0, 0, 0, 1))
        rows = layout.gather(ngram_hashes(ids, sizes=self.config.ngram_sizes, buckets=self.config.ngram_buckets))
        ngrams = functional.embedding_bag(rows, self.ngram_embedding.weight, mode="sum")
        hidden = self.byte_embedding(layout.gather(ids)) + ngrams
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
