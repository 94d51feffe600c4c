"""NumPy archives (`.npz`), read only if they hold what they promise: sizes are compared before anything is read."""

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from training.common.bounds import check_memory
from training.common.rows import pieces

_PIECE = 2**20  # bytes


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of plain numbers in an archive, by name.

    Raises `OSError`, `zipfile.BadZipFile` and, for an array that is not as large as its header says, of other entries
    than numbers, or larger than the memory that is free, `ValueError`.
    """
    with zipfile.ZipFile(path) as archive:
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        check_memory(sum(member.file_size for member in members.values()), name=str(path))
        arrays = {}
        for name, member in members.items():
            with archive.open(member) as file:
                shape, fortran, dtype = _header(file)
                size, expected = member.file_size - file.tell(), math.prod(shape) * dtype.itemsize
                if dtype.hasobject or size != expected:
                    raise ValueError(
                        f"{path}: the array {name!r} says it is {dtype} {shape}, and {size:,} bytes of it are there"
                    )
                content = np.empty(size, dtype=np.uint8)
                for piece in pieces(size, size=_PIECE):
                    content[piece] = np.frombuffer(file.read(_PIECE), dtype=np.uint8)
                arrays[name] = content.view(dtype).reshape(shape, order="F" if fortran else "C")
    return arrays


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"an array of format {version}, expected 1.0 or 2.0")
    return npy.read_array_header_1_0(file) if version == (1, 0) else npy.read_array_header_2_0(file)
