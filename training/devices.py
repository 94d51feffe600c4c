"""Which device to train on, and in which precision: a GPU if there is one, a CPU if not."""

import torch


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
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
    return False
