"""The `ngram` family without layers, computed without torch: by a compiled library, by NumPy where there is none.

Both give the same vectors as the network of `beast_core.network.ngram`, and a word the same one to the bit, alone or
among others.
"""

import os
from collections.abc import Mapping
from typing import TypeGuard

import numpy as np

from beast_core.config import EncoderConfig
from beast_core.families.ngram import NgramConfig
from beast_core.kernel.compiled import CompiledKernel, library
from beast_core.kernel.interface import Kernel
from beast_core.kernel.plain import PlainKernel

__all__ = ["CompiledKernel", "Kernel", "can_compute", "make_kernel", "path_in_use"]

# Which path to take: "numpy" takes that one even where there is a library.
_CHOICE = "BEAST_KERNEL"


def can_compute(config: EncoderConfig) -> TypeGuard[NgramConfig]:
    """Whether models of a configuration need no network."""
    return isinstance(config, NgramConfig) and not config.layers and config.pooling == "mean"


def path_in_use() -> tuple[type[Kernel], str]:
    """The kernel that is used here, and why not the compiled one, if it is another."""
    chosen = os.environ.get(_CHOICE, "")
    if chosen not in {"", "numpy"}:
        raise ValueError(f"{_CHOICE} is {chosen!r} in the environment, expected 'numpy' or nothing")
    if chosen:
        return PlainKernel, f"{_CHOICE} asks for it"
    _, problem = library()
    return (PlainKernel, problem) if problem else (CompiledKernel, "")


def make_kernel(config: EncoderConfig, *, weights: Mapping[str, np.ndarray]) -> Kernel:
    """The kernel of a model that `can_compute` is true of, with its weights as a folder has them.

    Raises `ValueError` if weights are missing, or are not of the shapes and types that the configuration says.
    """
    if not can_compute(config):
        raise ValueError(f"the kernel computes the 'ngram' family without layers, found {config.summary()}")
    return path_in_use()[0](config, weights=weights)
