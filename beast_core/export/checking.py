"""Whether what was exported computes the vectors that it was made of."""

from collections.abc import Callable, Sequence

import numpy as np

from beast_core.encoding import encode_words
from beast_core.export.description import PADDING
from beast_core.inference import make_encoder
from beast_core.storage import Model

# Where two computations of a word can differ: what is empty, short, long, no letter.
_PROBES = ("", "a", "perro", "Ñandú", "otorrinolaringólogos y más allá", "x" * 24, "ñ" * 13, "\0", "日本語", "👩‍👩‍👧")
_TOLERANCE = 1e-5


def padded_bytes(words: Sequence[str], *, model: Model) -> np.ndarray:
    """What exported models take: the bytes of words and -1 after each, `(words, window)` int32."""
    word_bytes, lengths = encode_words(words, config=model.config)
    return np.where(np.arange(model.config.window) < lengths[:, None], word_bytes, np.int32(PADDING))


def check_vectors(compute: Callable[[np.ndarray], np.ndarray], *, model: Model, kind: str) -> None:
    """Compares what was exported, which takes `padded_bytes` and gives vectors, with the encoder on a few words.

    Raises `ValueError` if they differ: nothing is to be written then.
    """
    expected = make_encoder(model, threads=1).encode(_PROBES)
    differences = np.abs(compute(padded_bytes(_PROBES, model=model)) - expected).max(axis=1)
    worst = int(differences.argmax())  # NaN counts as the largest
    if not differences[worst] <= _TOLERANCE:
        raise ValueError(
            f"the {kind} export of this model gives another vector for {_PROBES[worst]!r}: its entries differ by up to "
            f"{differences[worst]:.2g}, expected at most {_TOLERANCE:g}; what beast_core/export writes has to follow "
            f"the network of the family {model.config.family!r}"
        )
