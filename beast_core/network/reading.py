"""A network's words through the kernel, wherever that computes the same."""

import torch
from torch import Tensor, nn

from beast_core.kernel import Kernel, can_compute, make_kernel
from beast_core.network.encoder import BeastEncoder
from beast_core.threads import in_threads, split

_WORDS_AT_ONCE = 512


class KernelReader:
    """The kernel of a network's weights as they are, made anew when they have changed.

    It is part of a network, but nothing of it is copied or pickled.
    """

    def __init__(self) -> None:
        self._kernel: Kernel | None = None
        self._read: list[tuple[int, object]] = []

    def can_read(self, encoder: BeastEncoder, word_bytes: Tensor, lengths: Tensor) -> bool:
        """Whether the kernel computes what the network would: without layers, on a CPU, in float32, and with nothing
        that is learnt, traced or computed in another way."""
        if encoder.training or not can_compute(encoder.config):
            return False
        modules, tensors = list(encoder.modules()), [*encoder.parameters(), *encoder.buffers()]
        learning = torch.is_grad_enabled() and any(value.requires_grad for value in tensors)
        traced = torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined]
        return not (
            learning
            or traced
            or any(value.device.type != "cpu" for value in (word_bytes, lengths, *tensors))
            or any(value.dtype not in _READ for value in tensors)
            or any(getattr(module, "quantisation_aware", False) is True for module in modules)
            or any(type(getattr(encoder, name)) is not nn.Linear for name in _linear_layers(encoder))
        )

    def read(self, encoder: BeastEncoder, word_bytes: Tensor, lengths: Tensor) -> Tensor:
        """`(words, window)` uint8 and `(words,)` int64 -> `(words, output width)` float32, unit length or NaN."""
        kernel = self._up_to_date(encoder)
        padded, counts = word_bytes.contiguous().numpy(), lengths.long().contiguous().numpy()
        vectors = torch.empty((len(padded), encoder.config.output_width))
        rows = vectors.numpy()

        def work(part: slice) -> None:
            kernel.encode_padded(padded[part], lengths=counts[part], vectors=rows[part])

        in_threads(work, split(len(padded), _WORDS_AT_ONCE), threads=torch.get_num_threads())
        return vectors

    def _up_to_date(self, encoder: BeastEncoder) -> Kernel:
        read = [(value.data_ptr(), _version(value)) for value in (*encoder.parameters(), *encoder.buffers())]
        if self._kernel is None or read != self._read:
            weights = {name: value.numpy() for name, value in encoder.state_dict().items()}
            self._kernel, self._read = make_kernel(encoder.config, weights=weights), read
        return self._kernel

    def __reduce__(self) -> tuple[type["KernelReader"], tuple[()]]:
        return KernelReader, ()


_READ = (torch.float32, torch.uint8)


def _linear_layers(encoder: BeastEncoder) -> list[str]:
    return ["expansion", "projection"] if hasattr(encoder, "expansion") else ["projection"]


def _version(value: Tensor) -> object:
    """What changes with a tensor's values; never equal for one that was made in inference mode, which counts
    nothing."""
    return object() if value.is_inference() else value._version
