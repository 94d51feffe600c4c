"""Encoded texts, kept on disk: encoding is what takes the time, and a build that was killed should not do it twice."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

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

        `open_encoder` is asked only if the texts were not encoded before. `name` tells one way to encode from another,
        and is shown with the progress.
        """
        key = hashlib.sha256("\n".join([self.source, name, *texts]).encode()).hexdigest()[:16]
        file = self._folder / f"{name.replace(' ', '_')}-{key}.npy"
        if not file.is_file():
            candidate = file.with_name(f".{file.name}.new")
            try:
                with candidate.open("wb") as opened:
                    np.save(opened, _encode(texts, name=name, encode=open_encoder()))
                candidate.replace(file)
            finally:
                candidate.unlink(missing_ok=True)
        return np.load(file, allow_pickle=False)


def _encode(texts: list[str], *, name: str, encode: Encode) -> np.ndarray:
    pieces = []
    with tqdm(total=len(texts), desc=f"encode {name}", unit="texts", unit_scale=True, mininterval=1.0) as progress:
        for start in range(0, len(texts), _PIECE):
            piece = texts[start : start + _PIECE]
            pieces.append(encode(piece).astype(np.float16))
            progress.update(len(piece))
    return np.concatenate(pieces)
