"""The network of the `ngram` family."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from beast_core.config import NORM_EPSILON
from beast_core.families.ngram import POOLINGS, SYMBOLS, NgramConfig
from beast_core.network.capturing import is_captured
from beast_core.network.layers import (
    CausalBlock,
    Layout,
    fill,
    mark_words,
    ngram_hashes,
    unfilled,
)
from beast_core.network.tables import NgramTable, TableEncoder

# Embeddings of n-grams begin at this share of the scale of those of bytes. Some n-grams, as misspellings make them, are
# in no word of the training and keep their first values for good: those should say next to nothing.
_NGRAM_SHARE = 0.1


class NgramEncoder(TableEncoder):
    """The network of `NgramConfig`."""

    config: NgramConfig
    ngram_embedding: NgramTable  # unless it is a PackedTable, which only the kernel reads

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
        if self.config.layers:
            sums = self._transformed_sums(ids)
        else:
            sums = self._masked_sums(ids) if is_captured() else self._embedding_sums(ids, positions=positions)
        pooled: Tensor = POOLINGS[self.config.pooling].pool(sums, positions)
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

    def _masked_sums(self, ids: Tensor) -> Tensor:
        """The same of all positions, of which those after the word count for nothing."""
        rows = ngram_hashes(ids, sizes=self.config.ngram_sizes, buckets=self.config.ngram_buckets)
        starts = torch.arange(0, rows.numel(), rows.shape[2], device=rows.device)
        ngrams = self.ngram_embedding.sum_rows(rows.flatten(), starts=starts).unflatten(0, ids.shape)
        embedded: Tensor = ngrams.float() + self.byte_embedding(ids).float()
        return (embedded * (ids > 0)[..., None]).sum(dim=1)

    def _transformed_sums(self, ids: Tensor) -> Tensor:
        """What the layers make of the positions, summed over each word: `(words, width)` float32."""
        layout = Layout.of(ids > 0, head_width=self.config.hidden_width // self.config.heads)
        ids = functional.pad(ids, (0, 0, 0, 1))
        rows = layout.gather(ngram_hashes(ids, sizes=self.config.ngram_sizes, buckets=self.config.ngram_buckets))
        starts = torch.arange(0, rows.numel(), rows.shape[1], device=rows.device)
        ngrams = self.ngram_embedding.sum_rows(rows.flatten(), starts=starts)
        letters: Tensor = self.byte_embedding(layout.gather(ids))
        hidden = letters + ngrams.to(letters.dtype)
        for block in self.blocks:
            hidden = block(hidden, layout)
        weight = self.final_norm.weight.float()  # sums are taken in float32, whatever the weights are kept in
        return layout.sum(functional.rms_norm(hidden.float(), weight.shape, weight, NORM_EPSILON))
