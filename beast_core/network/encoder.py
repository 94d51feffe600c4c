"""The student network: bytes in, unit vectors out."""

from collections.abc import Callable
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from beast_core.config import EncoderConfig
from beast_core.kernel import Kernel
from beast_core.network.forking import limit_threads_after_fork


def check_finite(vectors: Tensor, *, word: Callable[[int], str]) -> None:
    """Raises `FloatingPointError` if a row has NaN or infinity in it; `word` gives the word of a row, to be named."""
    finite = vectors.sum(dim=1).isfinite()  # a fifth of the time that looking at each number takes
    if not finite.all():
        broken = word(int((~finite).nonzero()[0]))
        raise FloatingPointError(f"the encoder gave NaN or infinity for {broken!r:.60}: its weights are broken")


# The network of each family, by the type of its configuration; `beast_core.network` enters them.
NETWORKS: dict[type[EncoderConfig], "type[BeastEncoder]"] = {}


class BeastEncoder(nn.Module):
    """`(words, bytes)` uint8 and their lengths -> `(words, output width)` float32 of unit length.

    The backbone of a family (see `beast_core.families`), then a linear layer, tanh and L2 normalisation.
    `BeastEncoder(config)` is an encoder of the configuration's family, which is a subclass.

    A word's vector depends on that word alone, never on its neighbours, the batch size or the padding. `encode_words`
    makes the inputs; `WordEncoder` is the class that takes words.

    >>> import torch
    >>> encoder = BeastEncoder(EncoderConfig.preset("mini"))
    >>> sum(parameter.numel() for parameter in encoder.parameters())
    7956736
    >>> encoder(torch.zeros(2, 24, dtype=torch.uint8), torch.tensor([3, 5])).shape
    torch.Size([2, 256])
    """

    byte_embedding: nn.Embedding  # every family has one; its dtype is the one that all layers compute in

    def __new__(cls, config: EncoderConfig) -> "BeastEncoder":
        """An encoder of the configuration's family."""
        return super().__new__(NETWORKS[type(config)])

    def __getnewargs__(self) -> tuple[EncoderConfig]:
        return (self.config,)

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.projection = nn.Linear(self.build_backbone(), config.output_width)
        self.initialise_embeddings()

    def build_backbone(self) -> int:
        """Adds the modules of the backbone; returns how wide the vector is that it gives of a word."""
        raise NotImplementedError

    def initialise_embeddings(self) -> None:
        """Fills the embeddings with random values of the right scale."""
        raise NotImplementedError

    def backbone(self, word_bytes: Tensor, *, lengths: Tensor) -> Tensor:
        """`(words, window)` uint8 and `(words,)` int64 -> one vector a word, `(words, width)`."""
        raise NotImplementedError

    def weights(self, *, packed: bool = False) -> dict[str, Tensor]:
        """All weights by name, on the CPU, as they are read: a table in 2 bits as its values, one that is trained
        quantisation-aware as quantised. With `packed`, a table in 2 bits stays as it is."""
        return {name: value.detach().cpu().contiguous() for name, value in self.state_dict().items()}

    @property
    def is_packed(self) -> bool:
        """Whether a table is in 2 bits an entry, for reading on a CPU."""
        return False

    def pack(self) -> Self:
        """Packs a table into 2 bits an entry, in place, if that loses nothing."""
        return self

    def unpack(self) -> Self:
        """Makes a packed table one that can be trained, in place, of the dtype of the other weights."""
        return self

    def quantisation_aware(self, enabled: bool) -> None:
        """Switches quantisation-aware training on or off: whether a table is read as a compact folder will hold it."""

    def kernel(self) -> Kernel | None:
        """What computes the vectors of this network, as it is now, without torch; None if nothing does."""
        return None

    def forward(self, word_bytes: Tensor, lengths: Tensor) -> Tensor:
        """`(words, window)` uint8 and `(words,)` int64 -> `(words, output width)` float32, unit length.

        Raises `RuntimeError` in training mode if a table is packed: it would stay as it is while the rest learns.
        """
        limit_threads_after_fork()
        pooled = self.backbone(word_bytes, lengths=lengths)
        projected = self.projection(pooled.to(self.byte_embedding.weight.dtype))
        return functional.normalize(torch.tanh(projected).float(), dim=-1)
