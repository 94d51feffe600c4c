"""What counts of words in running text say: what is a name, a loan, and a word of another language."""

import re

import numpy as np

from training.lexicon.sources import Sources

# Names, and acronyms of three letters and more, are written with capitals nearly always. Below these frequencies ever
# more of them are no names after all, or acronyms that few know.
_CAPITALISED = 0.8
_NAME_FREQUENCY = 1.5
_ACRONYM_FREQUENCY = 3.0
_ROMAN_NUMBER = re.compile("[ivxlcdm]+")

# A word ten times as frequent in the neighbour's language is one of that language. A mistake is no tenth as frequent
# there as it is here; rare ones that are by chance are no loans.
_EXCESS = 1.0
_LOAN_FREQUENCY = 2.0


def is_neighbours(word: str, *, sources: Sources) -> bool:
    """Whether a word is one of the neighbour's language."""
    return sources.neighbour.get(word, -np.inf) > sources.frequency(word) + _EXCESS


def is_loan(word: str, *, sources: Sources) -> bool:
    """Whether texts of both languages have a word: a loan or a foreign name, if the language's own words are known."""
    frequency = sources.frequency(word)
    return frequency >= _LOAN_FREQUENCY and sources.neighbour.get(word, -np.inf) >= frequency - _EXCESS


def is_name(word: str, *, sources: Sources) -> bool:
    """Whether a word, as it is written in running text, is a name or an acronym."""
    counts = sources.counts.get(word)
    if counts is None or counts.capitalised + counts.capitals < _CAPITALISED or is_neighbours(word, sources=sources):
        return False
    if counts.capitalised >= counts.capitals:
        return sources.frequency(word) >= _NAME_FREQUENCY
    acronym = len(word) > 2 and not _ROMAN_NUMBER.fullmatch(word)
    return acronym and sources.frequency(word) >= _ACRONYM_FREQUENCY
