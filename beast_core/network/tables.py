"""Tables of n-gram embeddings, to be trained or packed for reading, and the encoders that have them."""

from collections.abc import Callable
from typing import Any, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from beast_core.config import EncoderConfig
from beast_core.kernel import Kernel
from beast_core.network.capturing import is_captured
from beast_core.network.encoder import BeastEncoder
from beast_core.network.reading import KernelReader
from beast_core.packing import SCALE_BYTES, pack_table, unpack_table
from beast_core.threads import in_threads, split

# An entry counts as large if it exceeds the root mean square of its row by more than this factor. Without it, rounding
# errors would decide for rows whose entries all have one magnitude, and split them.
_ROUNDING_MARGIN = 1 + 1e-5
# Smaller scales count as zero: they are subnormal numbers in float16, which lose precision.
_LEAST_SCALE = 2.0**-14
# Words that a thread takes at a time.
_WORDS_AT_ONCE = 512


def quantise_rows(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of a table in four levels: `(rows, width)` float -> levels `(rows, width)` and scales `(rows, 1)`.

    An entry is read as its level, -1.5, -0.5, 0.5 or 1.5, times the scale of its row, in float32. The sign of an entry
    and whether it is larger than the root mean square of its row choose the level. The scale is the least-squares fit
    of the levels to the entries, rounded to bfloat16: its 8 significant bits leave room in float16's 11 for 1.5 times
    the scale, the offset of a packed row. Rows that were quantised already stay as they are.
    """
    rows = rows.float()
    sizes, width = rows.abs(), rows.shape[1]
    large = sizes > torch.linalg.vector_norm(rows, dim=1, keepdim=True) * (_ROUNDING_MARGIN * width**-0.5)
    # Least squares: the sum of entries times levels over the sum of squared levels.
    products = sizes.sum(dim=1, keepdim=True) / 2 + (sizes * large).sum(dim=1, keepdim=True)
    scales = products / (width / 4 + 2 * large.sum(dim=1, keepdim=True))
    scales = scales.bfloat16().float()
    return (large + 0.5).copysign_(rows), scales * (scales >= _LEAST_SCALE)


class _StraightThroughEstimator(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, rows: Tensor) -> Tensor:
        levels, scales = quantise_rows(rows)
        return levels.mul_(scales)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return gradient


def fake_quantise(rows: Tensor) -> Tensor:
    """The values of rows after `quantise_rows`: `(rows, width)` float -> the same shape, float32.

    The gradient is that of a straight-through estimator: it passes to the rows as if nothing had been quantised. Bengio
    et al. 2013, Estimating or propagating gradients through stochastic neurons, https://arxiv.org/abs/1308.3432.
    """
    values: Tensor = _StraightThroughEstimator.apply(rows)
    return values


class NgramTable(nn.Embedding):
    """The table of n-gram embeddings, to be trained.

    Quantisation-aware training: with `quantisation_aware`, rows are read as a packed table will hold them, so that the
    training makes up for what is lost. Jacob et al. 2017, Quantization and training of neural networks for efficient
    integer-arithmetic-only inference, https://arxiv.org/abs/1712.05877.
    """

    quantisation_aware = False

    def values(self) -> Tensor:
        """`(rows, width)` as it is read."""
        return fake_quantise(self.weight) if self.quantisation_aware else self.weight

    def sum_rows(self, rows: Tensor, *, starts: Tensor) -> Tensor:
        """Sums of rows, of those from each start to the next: `(sums, width)`."""
        if not self.quantisation_aware:
            return functional.embedding_bag(rows, self.weight, starts, mode="sum", sparse=self.sparse)
        distinct, places = rows.unique(return_inverse=True)
        return functional.embedding_bag(places, fake_quantise(self(distinct)), starts, mode="sum")


class PackedTable(nn.Module):
    """A table in 2 bits an entry, `(rows, width / 4 + 4)` uint8: see `beast_core.packing`. At width 256 it has a
    fifteenth of float32's size. The kernel reads it as it is, and so does a network that is captured; to be
    computed with here, it has to be unpacked."""

    weight: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)

    def values(self) -> Tensor:
        """`(rows, width)` float32."""
        return torch.from_numpy(unpack_table(self.weight.numpy()))

    def sum_rows(self, rows: Tensor, *, starts: Tensor) -> Tensor:
        """See `NgramTable.sum_rows`; here all sums are of as many rows, and what is read stays in 2 bits until then."""
        packed = self.weight[rows].unflatten(0, (starts.shape[0], -1))
        scales, offsets = packed[..., -SCALE_BYTES:].contiguous().view(torch.float16).float().unbind(-1)
        shifts = torch.arange(0, 8, 2, dtype=torch.uint8, device=rows.device)
        entries = (packed[..., :-SCALE_BYTES, None] >> shifts & 3).flatten(-2).float()
        sums: Tensor = (scales[:, None] @ entries).squeeze(1) + offsets.sum(dim=1, keepdim=True)
        return sums


def module_of(name: str) -> str:
    """The name of the table that weights of this name are in.

    >>> module_of("ngram_embedding.weight")
    'ngram_embedding'
    """
    return name.removesuffix(".weight")


class TableEncoder(BeastEncoder):
    """An encoder whose `quantised_tables` may be packed, for reading on a CPU. What the kernel cannot do unpacks
    them."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self._reader = KernelReader()

    def _tables(self) -> dict[str, NgramTable | PackedTable]:
        """The tables, packed or not, by the names of their weights."""
        names = self.config.quantised_tables
        return {name: cast(NgramTable | PackedTable, self.get_submodule(module_of(name))) for name in names}

    def forward(self, word_bytes: Tensor, lengths: Tensor) -> Tensor:
        """See `BeastEncoder.forward`. Where nothing is to be learnt, the kernel computes it, if it can."""
        if self.training and self.is_packed:
            raise RuntimeError(
                "this encoder was loaded for reading, its n-gram table in 2 bits, expected one that can be trained: "
                "st_beast.load(path, trainable=True), or encoder.unpack() before the optimiser is made"
            )
        kernel = self.kernel()
        if kernel is None or word_bytes.device.type != "cpu":
            if self.is_packed and torch.jit.is_tracing():  # type: ignore[attr-defined]
                raise RuntimeError(
                    "torch.jit.trace cannot follow an n-gram table in 2 bits, expected one that is unpacked: "
                    "encoder.unpack() before tracing, or torch.export, which can"
                )
            if not is_captured():
                self.unpack()
            return super().forward(word_bytes, lengths)
        vectors = torch.empty((len(word_bytes), self.config.output_width))
        padded, counts, rows = word_bytes.contiguous().numpy(), lengths.contiguous().numpy(), vectors.numpy()

        def work(part: slice) -> None:
            kernel.encode_padded(padded[part], lengths=counts[part], vectors=rows[part])

        in_threads(work, parts=split(len(padded), size=_WORDS_AT_ONCE), threads=torch.get_num_threads())
        return vectors

    def kernel(self) -> Kernel | None:
        """See `BeastEncoder.kernel`."""
        return self._reader.kernel(self)

    def weights(self, *, packed: bool = False) -> dict[str, Tensor]:
        """See `BeastEncoder.weights`."""
        weights = super().weights(packed=packed)
        for name, table in self._tables().items():
            if not (packed and isinstance(table, PackedTable)):
                weights[name] = table.values().detach().cpu()
        return weights

    @property
    def is_packed(self) -> bool:
        """See `BeastEncoder.is_packed`."""
        return any(isinstance(table, PackedTable) for table in self._tables().values())

    def pack(self) -> Self:
        """See `BeastEncoder.pack`."""
        for name, table in self._tables().items():
            if isinstance(table, NgramTable):
                packed = pack_table(table.weight.detach().float().numpy())
                if packed is not None:
                    self.set_submodule(module_of(name), PackedTable(torch.from_numpy(packed)))
        return self

    def unpack(self) -> Self:
        """See `BeastEncoder.unpack`."""
        for name, table in self._tables().items():
            if isinstance(table, PackedTable):
                values = table.values().to(self.byte_embedding.weight.dtype)
                self.set_submodule(module_of(name), NgramTable.from_pretrained(values, freeze=False))
        return self

    def quantisation_aware(self, enabled: bool) -> None:
        """See `BeastEncoder.quantisation_aware`. A packed table is read so in any case."""
        for table in self._tables().values():
            if isinstance(table, NgramTable):
                table.quantisation_aware = enabled

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # What `to`, `cuda`, `bfloat16` and their like call.
        moved = fn(torch.empty(0))
        if self.is_packed and (moved.device.type != "cpu" or moved.dtype != torch.float32):
            self.unpack()
        super()._apply(fn, recurse)
        return self
