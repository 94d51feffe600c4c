"""The table of n-gram embeddings: to be trained, or in 2 bits an entry."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

# Its name among the weights of an encoder.
NGRAM_TABLE = "ngram_embedding.weight"

# Of a packed row: its scale and its offset, in float16.
_SCALE_BYTES = 4
# How far beyond the root of the mean square an entry is large: entries that are all alike are on one side.
_BEYOND = 1 + 1e-5
# Smaller scales count as zero: float16 has ever fewer bits for them.
_LEAST_SCALE = 2.0**-14
# What is computed of so many rows stays in a core's cache.
_ROWS_AT_ONCE = 2048


def round_rows(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of a table as four values each: `(rows, width)` float -> levels `(rows, width)` and scales `(rows, 1)`.

    An entry becomes its level, -1.5, -0.5, 0.5 or 1.5, times the row's scale, in float32. The levels part at zero and
    at the root of the row's mean square; the scale is then the one of least squares, as a bfloat16, so that float16
    holds three halves of it too. Rounding what was rounded changes nothing.
    """
    rows = rows.float()
    sizes, width = rows.abs(), rows.shape[1]
    large = sizes > torch.linalg.vector_norm(rows, dim=1, keepdim=True) * (_BEYOND * width**-0.5)
    # Entries times levels over levels times levels, summed over the row.
    products = sizes.sum(dim=1, keepdim=True) / 2 + (sizes * large).sum(dim=1, keepdim=True)
    scales = products / (width / 4 + 2 * large.sum(dim=1, keepdim=True))
    scales = scales.bfloat16().float()
    return (large + 0.5).copysign_(rows), scales * (scales >= _LEAST_SCALE)


class _Rounded(torch.autograd.Function):
    """`round_rows`, whose gradient goes to what was rounded as it is."""

    @staticmethod
    def forward(context: Any, rows: Tensor) -> Tensor:
        levels, scales = round_rows(rows)
        return levels.mul_(scales)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return gradient


class NgramTable(nn.Embedding):
    """The table of n-gram embeddings, to be trained.

    While it is `rounded`, it is read as `PackedTable` will have it, and the gradient goes to what was rounded, so that
    the training makes up for it. Jacob et al. 2017, Quantization and training of neural networks for efficient
    integer-arithmetic-only inference, https://arxiv.org/abs/1712.05877; Bengio et al. 2013, Estimating or propagating
    gradients through stochastic neurons, https://arxiv.org/abs/1308.3432.
    """

    rounded = False

    def values(self) -> Tensor:
        """`(rows, width)` as it is read."""
        return _Rounded.apply(self.weight) if self.rounded else self.weight

    def sum_rows(self, rows: Tensor, *, starts: Tensor) -> Tensor:
        """Sums of rows, of those from each start to the next: `(sums, width)`."""
        if not self.rounded:
            return functional.embedding_bag(rows, self.weight, starts, mode="sum")
        distinct, places = rows.unique(return_inverse=True)
        return functional.embedding_bag(places, _Rounded.apply(self(distinct)), starts, mode="sum")


class PackedTable(nn.Module):
    """A table of 2 bits an entry, which a CPU reads as it is: faster, and at width 256 a fifteenth of float32's memory.

    Its `weight` is `(rows, width / 4 + 4)` uint8: of each row the entries, four a byte, then a float16 scale and a
    float16 offset, as FBGEMM has them: Khudia et al. 2021, https://arxiv.org/abs/2101.05615; `torch`,
    aten/src/ATen/native/quantized/cpu/qembeddingbag_prepack.cpp.
    """

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)

    @staticmethod
    def packed_width(width: int) -> int:
        """Bytes of a row of so many entries, a multiple of four."""
        return width // 4 + _SCALE_BYTES

    @staticmethod
    def scales(weight: Tensor) -> Tensor:
        """The scale and the offset of each row, `(rows, 2)` float16."""
        return weight[:, -_SCALE_BYTES:].contiguous().view(torch.float16)

    @staticmethod
    def pack(table: Tensor) -> Tensor:
        """`(rows, width)` float -> what `weight` is, of the rows as `round_rows` has them."""
        levels, scales = round_rows(table)
        levels = levels.where(scales > 0, 0.5)  # a row of zeros has no signs
        fours = (levels + 1.5).to(torch.uint8).unflatten(1, (-1, 4))
        entries = (fours << torch.arange(0, 8, 2, dtype=torch.uint8)).sum(dim=2, dtype=torch.uint8)
        return torch.cat([entries, torch.cat([scales, -1.5 * scales], dim=1).half().view(torch.uint8)], dim=1)

    @classmethod
    def without_loss(cls, table: Tensor) -> "PackedTable | None":
        """`(rows, width)` float32, if its values are the very same when packed; None if not."""
        parts = []
        for rows in table.split(_ROWS_AT_ONCE):
            part = cls(cls.pack(rows))
            if not part.values().equal(rows):
                return None
            parts.append(part.weight)
        return cls(torch.cat(parts))

    def values(self) -> Tensor:
        """`(rows, width)` float32."""
        return torch.ops.quantized.embedding_bag_2bit_unpack(self.weight)

    def sum_rows(self, rows: Tensor, *, starts: Tensor) -> Tensor:
        """Sums of rows, of those from each start to the next: `(sums, width)` float32."""
        return torch.ops.quantized.embedding_bag_2bit_rowwise_offsets(self.weight, rows, starts, mode=0)
