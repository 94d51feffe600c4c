"""What counts of words in running text say: what is a name, a loan, and a word of another language."""

import re
from collections.abc import Iterator

import numpy as np

from training.lexicon.sources import Sources

# Names, and acronyms of three letters and more, are written with capitals nearly always. Below these frequencies ever
# more of them are no names after all, or acronyms that few know.
_CAPITALISED = 0.8
_NAME_FREQUENCY = 1.5
_ACRONYM_FREQUENCY = 3.0
_ROMAN_NUMBER = re.compile("[ivxlcdm]+")

# A word ten times as frequent in the neighbour's language is one of that language. A mistake is no tenth as frequent
# there as it is here. Rare ones may be, by chance, and what is one letter off a word a hundred times as frequent is
# that word misspelt more often than a loan.
_EXCESS = 1.0
_LOAN_FREQUENCY = 2.0
_MISSPELT_EXCESS = 2.0


def is_neighbours(word: str, *, sources: Sources) -> bool:
    """Whether a word is one of the neighbour's language."""
    return sources.neighbour.get(word, -np.inf) > sources.frequency(word) + _EXCESS


def is_loan(word: str, *, sources: Sources) -> bool:
    """Whether texts of both languages have a word, and it is no misspelt one: a loan or a name, if it is not known."""
    frequency = sources.frequency(word)
    if frequency < _LOAN_FREQUENCY or sources.neighbour.get(word, -np.inf) < frequency - _EXCESS:
        return False
    near = one_edit_away(word, letters=sources.language.alphabet)
    return max(map(sources.frequency, near)) < frequency + _MISSPELT_EXCESS


def one_edit_away(word: str, *, letters: str) -> Iterator[str]:
    """What a word becomes by losing a letter, swapping two, or having one of `letters` put in or in place of another.

    The edits of Damerau (1964), A technique for computer detection and correction of spelling errors,
    https://doi.org/10.1145/363958.363994. Some come twice.

    >>> sorted(set(one_edit_away("hoi", letters="y")))
    ['hi', 'hio', 'ho', 'hoiy', 'hoy', 'hoyi', 'hyi', 'hyoi', 'ohi', 'oi', 'yhoi', 'yoi']
    """
    for place in range(len(word) + 1):
        before, after = word[:place], word[place:]
        yield from (before + letter + after for letter in letters)
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in letters)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]


def is_name(word: str, *, sources: Sources) -> bool:
    """Whether a word, as it is written in running text, is a name or an acronym."""
    counts = sources.counts.get(word)
    if counts is None or counts.capitalised + counts.capitals < _CAPITALISED or is_neighbours(word, sources=sources):
        return False
    if counts.capitalised >= counts.capitals:
        return sources.frequency(word) >= _NAME_FREQUENCY
    acronym = len(word) > 2 and not _ROMAN_NUMBER.fullmatch(word)
    return acronym and sources.frequency(word) >= _ACRONYM_FREQUENCY
