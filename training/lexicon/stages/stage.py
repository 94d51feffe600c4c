"""What a stage is."""

from typing import Protocol

from training.lexicon.sources import Sources
from training.lexicon.word_list import WordList


class Stage(Protocol):
    """A function that adds what one source has."""

    def __call__(self, words: WordList, *, sources: Sources) -> None:
        """Adds words and their lemmas to `words`, and counts them there."""
