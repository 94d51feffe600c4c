"""A teacher that is a sentence-transformers model, which embeds each word as a sentence, or within a few."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from training.teach.teachers import Estimate
from training.vectors.sentence_encoder import Options, SentenceEncoder


class SentenceTeacher(SentenceEncoder):
    """See `training.teach.teachers.Teacher`; raises what `SentenceEncoder` raises."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._asked = {
            "templates": list(options.templates),
            "prompt": options.prompt,
            "truncate": options.truncate,
        }

    def identity(self) -> dict[str, Any]:
        """The contents of the model, and how it is asked."""
        return {"model": self.digest(), **self._asked}

    def estimate(self, words: Iterable[str]) -> Estimate | None:
        """None: it costs nothing but time."""
        return None


def open_teacher(options: Options, *, lexicon: Path, folder: Path) -> SentenceTeacher:
    """Loads the model; needs neither the lexicon nor a folder."""
    return SentenceTeacher(options)
