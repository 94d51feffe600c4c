"""Networks as programs of `torch.export`, which run where this package is not."""

import torch
from torch import Tensor, nn

from beast_core.network.encoder import BeastEncoder


class _PaddedBytes(nn.Module):
    """A network that takes bytes and -1 after each word, `(words, window)` int32, which is all that a caller has."""

    def __init__(self, network: BeastEncoder) -> None:
        super().__init__()
        self.network = network

    def forward(self, word_bytes: Tensor) -> Tensor:
        """`(words, window)` int32 -> `(words, output width)` float32."""
        lengths = (word_bytes >= 0).sum(dim=1)
        vectors: Tensor = self.network(word_bytes.clamp(min=0).to(torch.uint8), lengths)
        return vectors


def program_of(network: BeastEncoder) -> torch.export.ExportedProgram:
    """The program of a network that is not trained: `(words, window)` int32, the bytes of words and -1 after each, for
    any number of words -> `(words, output width)` float32 of unit length. A table stays in 2 bits if it is."""
    example = torch.full((3, network.config.window), -1, dtype=torch.int32)
    with torch.no_grad():
        return torch.export.export(
            _PaddedBytes(network).eval(), (example,), dynamic_shapes=({0: torch.export.Dim("words", min=0)},)
        )
