"""Words to bytes: the only place that knows UTF-8 and the window.

The rules, for every string:

- **Spelling**: see `beast_core.spelling`.
- **Over-long words**: of a word longer than the window, the first two thirds and the last third of the window are
  kept (16 + 8 of 24 bytes), so that addresses, compounds and hashtags with a common beginning stay apart. Words with
  the same head and tail share a vector. A multi-byte letter may be cut; its bytes are still bytes.
- **Empty strings**, and those of which spelling leaves nothing, are zero bytes and have a vector here; the spaCy
  adapter, where a token may be only white space, calls them vectorless (`is_blank`).
- **NUL, digits, emoji, any script**: bytes like any others. `"a"` and `"a\\0"` are two words.
- **Lone surrogates** are not Unicode text and have no UTF-8: `ValueError`.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from beast_core.config import EncoderConfig
from beast_core.spelling import is_plain, lower, normalise_words

_SEPARATOR = "\n"


def check_words(words: object) -> list[str]:
    """A list of the words given, or a `TypeError` that says what was given instead.

    Lists, tuples, arrays, generators and other ordered iterables of `str` are fine. A single string (it would be taken
    for its letters), bytes, and sets and mappings (they have no order to give vectors in) are refused.

    >>> check_words(("sol", "mar"))
    ['sol', 'mar']
    """
    if isinstance(words, np.ndarray):
        words = words.tolist()  # a plain str if it has no dimensions
    if isinstance(words, (str, bytes, bytearray, set, frozenset, Mapping)) or not isinstance(words, Iterable):
        shown = f"{words!r:.40}"
        raise TypeError(f"expected a list of words (str), found {type(words).__name__} {shown}; pass ['word', ...]")
    listed = list(words)
    if not set(map(type, listed)) <= {str}:
        for index, word in enumerate(listed):
            if not isinstance(word, str):
                found = f"{type(word).__name__} at index {index}: {word!r:.40}"
                raise TypeError(f"expected every word to be str, found {found}")
    return listed


def encode_words(words: Sequence[str], *, config: EncoderConfig) -> tuple[np.ndarray, np.ndarray]:
    """UTF-8 bytes of each word, zero padded, and their number.

    Returns `(words, window)` uint8 and `(words,)` int64. Raises `ValueError` for a lone surrogate, `TypeError` for a
    single string. (`check_words` looks at words from outside; here they are taken as they come.)

    >>> word_bytes, lengths = encode_words(["sí"], config=EncoderConfig.preset("beast", window=4))
    >>> word_bytes.tolist(), lengths.tolist()
    ([[115, 195, 173, 0]], [3])
    """
    if isinstance(words, str):
        raise TypeError(f"expected a list of words, found the string {words!r:.40}; pass [word]")
    encoded = _utf8(words, config=config)
    window = config.window
    lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    tail = window // 3
    for index in np.flatnonzero(lengths > window).tolist():
        word = encoded[index]
        encoded[index] = word[: window - tail] + word[len(word) - tail :]
    packed = np.array(encoded, dtype=f"S{window}").view(np.uint8).reshape(len(encoded), window)
    return packed, np.minimum(lengths, window)


def _utf8(words: Sequence[str], *, config: EncoderConfig) -> list[bytes]:
    """Spells and encodes all words, plain ones in one go: one joined text costs far less than a call a word."""
    text = _SEPARATOR.join(words)
    if is_plain(text):
        encoded = (lower(text) if config.lowercase else text).encode().split(_SEPARATOR.encode())
        if len(encoded) == len(words):  # no word holds the separator
            return encoded
    spelled = normalise_words(words, lowercase=config.lowercase, spelling=config.spelling)
    try:
        return [word.encode() for word in spelled]
    except UnicodeEncodeError:
        for index, word in enumerate(words):
            if any("\ud800" <= letter <= "\udfff" for letter in word):
                raise ValueError(
                    f"the word at index {index}, {word!r:.60}, holds a lone surrogate, which is not Unicode text; "
                    "decode the input as UTF-8, or drop it with word.encode(errors='ignore').decode()"
                ) from None
        raise
