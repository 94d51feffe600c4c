"""Weights out of safetensors files. What a file claims is compared with what is expected before any of it is read.

Such a file is 8 bytes that say how long the header is, a JSON header of `{name: {dtype, shape, data_offsets}}`, and the
data: https://github.com/huggingface/safetensors. The library that writes them reads them by mapping the file into
memory, where a file that is truncated or overwritten later takes the process, or the weights, with it. So the data is
read here, into memory of our own.
"""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from beast_core.model_files import CONFIG_FILE, ModelFolderError, missing_file, parse_json

# NumPy has no bfloat16: its 16 bits are the first of a float32.
_DTYPES = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16, "U8": np.uint8}
# Many times what an encoder of the most layers has.
_LONGEST_HEADER = 2**20


class Form(NamedTuple):
    """What a tensor may look like: one of some types, as the format calls them, and a shape."""

    dtypes: tuple[str, ...]
    shape: tuple[int, ...]

    def __str__(self) -> str:
        *others, last = self.dtypes
        return f"{', '.join(others)} or {last} {self.shape}" if others else f"{last} {self.shape}"


def float_form(shape: tuple[int, ...]) -> Form:
    """The form of weights of that shape that were not quantised."""
    return Form(("F32", "F16", "BF16"), shape)


def read_tensors(file: Path, *, expected: Mapping[str, Sequence[Form]], alone: bool = True) -> dict[str, np.ndarray]:
    """The tensors by name, each of one of the forms that are expected of it, in memory of their own; bfloat16 as
    float32.

    Raises `ModelFolderError` if the file is missing or no whole safetensors file, if tensors are missing or of another
    form or, if they should be `alone`, if there are others.
    """
    with _opened(file) as (stream, size):
        begin, header = _read_header(stream, size=size)
        if problems := misfits(header, expected=expected, alone=alone):
            more = f"; and {len(problems) - 8} more" if len(problems) > 8 else ""
            raise ModelFolderError(
                f"the weights in {file} do not fit its {CONFIG_FILE}: "
                f"{'; '.join(problems[:8])}{more}; save or copy the model again"
            )
        return {name: _read_tensor(stream, header[name], begin=begin, size=size) for name in expected}


def read_header(file: Path) -> dict[str, Any]:
    """What a file says of its tensors, `{name: {dtype, shape, data_offsets}}`, of which nothing is checked yet.

    Raises `ModelFolderError` if the file is missing or no safetensors file.
    """
    with _opened(file) as (stream, size):
        return _read_header(stream, size=size)[1]


@contextmanager
def _opened(file: Path) -> Iterator[tuple[BufferedReader, int]]:
    """A file of weights and its size; what goes wrong in reading it is a `ModelFolderError`."""
    if not file.is_file():
        raise missing_file(file)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            yield stream, size
    except ModelFolderError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFolderError(
            f"{file} ({size:,} bytes) is not a whole safetensors file: {error}; "
            "it is truncated, or another format (pickles are never read); save or copy the model again"
        ) from error
    except MemoryError as error:
        raise ModelFolderError(f"{file} ({size:,} bytes) is larger than what memory is left") from error


def _read_header(stream: BufferedReader, *, size: int) -> tuple[int, dict[str, Any]]:
    """Where the data begins, and the header."""
    length = int.from_bytes(stream.read(8), "little")
    if size < 8 or length > min(size - 8, _LONGEST_HEADER):
        raise ValueError(f"its header is said to have {length:,} bytes, expected at most {_LONGEST_HEADER:,}")
    header = parse_json(stream.read(length))
    if not isinstance(header, dict):
        raise ValueError(f"its header is {type(header).__name__}, expected a JSON object")
    header.pop("__metadata__", None)
    return 8 + length, header


def misfits(header: Mapping[str, Any], *, expected: Mapping[str, Sequence[Form]], alone: bool) -> list[str]:
    """What is wrong with a header, one text each: tensors that are missing or of a form that is not expected, and, if
    the expected ones should be `alone`, others."""
    problems = [f"{name} is missing" for name in expected if name not in header]
    if alone:
        problems += [f"{name[:80]} is not part of the encoder" for name in header if name not in expected]
    for name in (name for name in expected if name in header):
        entry = header[name] if isinstance(header[name], dict) else {}
        dtype, shape = entry.get("dtype"), entry.get("shape")
        if not any(dtype in form.dtypes and shape == list(form.shape) for form in expected[name]):
            shown = f"{dtype} {tuple(shape)}" if isinstance(shape, list) else f"{header[name]!r}"
            problems.append(f"{name} is {shown[:80]}, expected {', or '.join(map(str, expected[name]))}")
    return problems


def _read_tensor(stream: BufferedReader, entry: Mapping[str, Any], *, begin: int, size: int) -> np.ndarray:
    dtype, shape = _DTYPES[entry["dtype"]], entry["shape"]
    offsets: Any = entry.get("data_offsets")
    needed = math.prod(shape) * np.dtype(dtype).itemsize
    try:
        start, end = offsets
        whole = start >= 0 and end - start == needed and begin + end <= size
    except (TypeError, ValueError):
        whole = False
    if not whole:
        raise ValueError(f"data is at {offsets!r:.80} of {size - begin:,} bytes, expected {needed:,} bytes")
    stream.seek(begin + start, os.SEEK_SET)
    data = np.empty(shape, dtype=dtype)
    if stream.readinto(data.reshape(-1).view(np.uint8).data) != needed:
        raise ValueError("it became shorter while it was read")
    return (data.astype(np.uint32) << 16).view(np.float32) if entry["dtype"] == "BF16" else data
