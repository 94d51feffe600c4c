"""A network's words through the kernel, wherever that computes the same."""

import torch
from torch import Tensor, nn

from beast_core.kernel import Kernel, can_compute, make_kernel
from beast_core.network.capturing import is_captured
from beast_core.network.encoder import BeastEncoder

_READ = (torch.float32, torch.uint8)


class KernelReader:
    """The kernel of a network's weights as they are, made anew when they have changed.

    It is part of a network, but nothing of it is copied or pickled.
    """

    def __init__(self) -> None:
        self._kernel: Kernel | None = None
        self._read: list[tuple[int, object]] = []

    def kernel(self, encoder: BeastEncoder) -> Kernel | None:
        """The kernel that computes what the network would; None if there is none: with layers, elsewhere than on a CPU,
        in another type than float32, and for whatever is learnt, traced or computed in another way."""
        if encoder.training or not can_compute(encoder.config):
            return None
        tensors = [*encoder.parameters(), *encoder.buffers()]
        learning = torch.is_grad_enabled() and any(value.requires_grad for value in tensors)
        if (
            learning
            or is_captured()
            or any(value.device.type != "cpu" or value.dtype not in _READ for value in tensors)
            or any(getattr(module, "quantisation_aware", False) is True for module in encoder.modules())
            or any(type(getattr(encoder, name)) is not nn.Linear for name in encoder.config.linear_layers)
        ):
            return None
        read = [(value.data_ptr(), _version(value)) for value in tensors]
        if self._kernel is None or read != self._read:
            weights = {name: value.numpy() for name, value in encoder.state_dict().items()}
            self._kernel, self._read = make_kernel(encoder.config, weights=weights), read
        return self._kernel

    def __reduce__(self) -> tuple[type["KernelReader"], tuple[()]]:
        return KernelReader, ()


def _version(value: Tensor) -> object:
    """What changes with a tensor's values; never equal for one of inference mode, which counts nothing."""
    return object() if value.is_inference() else value._version
