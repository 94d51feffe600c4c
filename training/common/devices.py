"""Which device to train on, in which precision, and with whose memory: a GPU if there is one, a CPU if not."""

import ctypes
import os
import platform

import torch

from training.common.errors import InputError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}

# Of glibc's malloc.h: when memory that was freed goes back to the system, and how much is asked of it piece by piece.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def choose_device(name: str) -> torch.device:
    """`auto` is the best device here, anything else a torch device name. Raises `ValueError` if it cannot be used."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
        if device.type == "cuda" and device.index is not None:
            torch.cuda.set_device(device)  # accelerate trains on the current one
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"device {name!r} cannot be used here ({reason}); expected auto, cpu, cuda, cuda:N or mps"
        ) from error
    return device


def good_at_bfloat16(device: torch.device) -> bool:
    """Whether matrix products are faster in bfloat16 than in float32: GPUs that have it, CPUs with AMX or AVX-512."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
    return False


def choose_precision(name: str, *, device: torch.device) -> torch.dtype:
    """What matrix products are computed in: `fp32`, `bf16`, or with `auto` bfloat16 where it is the faster of the two.

    Raises `InputError` for anything else.
    """
    if name == "auto":
        return torch.bfloat16 if good_at_bfloat16(device) else torch.float32
    if name not in PRECISIONS:
        raise InputError(f"precision {name!r:.40}, expected auto, {' or '.join(PRECISIONS)}")
    return PRECISIONS[name]


def tune_memory() -> None:
    """Lets this process keep the memory that it frees, and torch use huge pages. To be called before torch allocates.

    A step of training on a CPU allocates the gradient of a large table and frees it again. When the system hands the
    pages out anew each time, it fills them with zeros first, which is a sixth of the time of a step; this is mended
    where the C library is glibc. Huge pages make what is left three in a hundred faster, on Linux; torch reads the
    variable when it first allocates, which its import and those of the hosts do not.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(_MMAP_MAX, 0)
        libc.mallopt(_TRIM_THRESHOLD, -1)  # never
