"""What a network does differently while its computation is written down, to be run elsewhere."""

import torch


def is_captured() -> bool:
    """Whether `torch.export`, `torch.compile` or `torch.jit.trace` follows what is computed now.

    They write down operations, not values: no size may depend on how long the words of a batch are, and nothing that is
    computed then may be kept. So the whole window is computed, which gives the same vectors, to rounding.
    """
    return bool(torch.compiler.is_compiling() or torch.jit.is_tracing())  # type: ignore[attr-defined]
