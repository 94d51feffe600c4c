"""Spelling: what is compared when words are compared, and what counts as one word."""

import unicodedata


def normalise(word: str) -> str:
    """The spelling that is compared: lower case, NFC, no white space around."""
    return unicodedata.normalize("NFC", word.strip().lower())


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
