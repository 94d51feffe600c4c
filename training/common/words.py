"""Words and their frequencies: what is one word, what is compared when words are compared, and what is no word."""

import unicodedata
from collections.abc import Sequence

import numpy as np

# Letters of a word. No encoder looks at more of one, no dictionary has one of half as many, and to put endless
# combining marks in order takes time that grows with the square of their number.
LONGEST_WORD = 192
MOST_FREQUENT = 9.0  # on the Zipf scale, a word that is all words


def normalise(word: str) -> str:
    """The spelling that is compared: lower case, NFC, no white space around. What is too long for a word stays."""
    return compose(word.strip().lower()) if len(word) <= LONGEST_WORD else word


def compose(word: str) -> str:
    """The word in NFC, so that a letter with its mark is one; what is too long for a word stays."""
    return unicodedata.normalize("NFC", word) if len(word) <= LONGEST_WORD else word


def check_frequencies(frequencies: np.ndarray, *, words: Sequence[str], name: str) -> None:
    """Raises `ValueError` unless all `frequencies` `(words,)` of `name` are on the Zipf scale: of 0 to 9, not NaN."""
    wrong = np.flatnonzero(~((frequencies >= 0) & (frequencies <= MOST_FREQUENT)))
    if len(wrong):
        raise ValueError(
            f"{name}: the frequency of {words[wrong[0]]!r:.60} is {frequencies[wrong[0]]:g}, expected a Zipf "
            f"frequency from 0 to {MOST_FREQUENT:.0f}: log10 of occurrences per billion words"
        )


def is_single(word: str) -> bool:
    """Whether it is one word: neither empty nor several, joined by white space or `_`."""
    return bool(word) and not any(letter.isspace() or letter == "_" for letter in word)


def without_accents(word: str, *, keep: str = "") -> str:
    """The word without combining marks; letters of `keep`, such as ñ, stay as they are.

    >>> without_accents("añádelo", keep="ñ")
    'añadelo'
    """
    for place, letter in enumerate(keep):
        word = word.replace(letter, chr(place))  # control characters, which no word holds
    bare = "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
    for place, letter in enumerate(keep):
        bare = bare.replace(chr(place), letter)
    return bare
