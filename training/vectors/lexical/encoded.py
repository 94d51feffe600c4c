"""Encoded texts, kept on disk: encoding is what takes the time, and a build that was killed should not do it twice."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from beast_core.files import replace_file
from training.common.arrays import read_arrays
from training.common.processes import run_apart
from training.common.rows import pieces

Encode = Callable[[list[str]], np.ndarray]

_PIECE = 8192


class EncodedTexts:
    """What one encoder makes of texts, in `folder`, a file for every list of texts.

    `source` is whatever determines the encoder.
    """

    def __init__(self, folder: Path, *, source: str) -> None:
        self._folder, self.source = folder, source

    def encode(self, texts: list[str], *, name: str, open_encoder: Callable[[], Encode]) -> np.ndarray:
        """What the encoder makes of the texts, `(texts, width)` float16, always as it is read back from the file.

        `open_encoder`, a function of a module, is asked only if the texts were not encoded before, and apart if there
        are many. `name` tells one way to encode from another, and is shown with the progress.
        """
        key = hashlib.sha256("\n".join([self.source, name, *texts]).encode()).hexdigest()[:16]
        file = self._folder / f"{name.replace(' ', '_')}-{key}.npz"
        if not file.is_file():
            write = run_apart if len(texts) > _PIECE else _call  # few texts are not worth a process
            write(_write, texts=texts, file=file, name=name, open_encoder=open_encoder)
        return load_arrays(file)["vectors"]


def _call(function: Callable[..., None], **arguments: Any) -> None:
    function(**arguments)


def _write(*, texts: list[str], file: Path, name: str, open_encoder: Callable[[], Encode]) -> None:
    encode, encoded = open_encoder(), []
    with tqdm(total=len(texts), desc=f"encode {name}", unit="texts", unit_scale=True, mininterval=1.0) as progress:
        for rows in pieces(len(texts), size=_PIECE):
            piece = texts[rows]
            encoded.append(encode(piece).astype(np.float16))
            progress.update(len(piece))
    save_arrays(file, vectors=np.concatenate(encoded))


def save_arrays(path: Path, **arrays: np.ndarray) -> None:
    """Writes arrays to a `.npz` file, whole or not at all."""
    with replace_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type] # numpy's stub takes any array for its option


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Reads what `save_arrays` wrote. Raises `ValueError` for a file that is not whole."""
    try:
        return read_arrays(path)
    except MemoryError:  # says nothing of the file
        raise
    except Exception as error:  # of a damaged file, numpy and zipfile raise whatever they stumble over
        raise ValueError(f"{path} is damaged ({error}); remove it and give the same command again") from error
