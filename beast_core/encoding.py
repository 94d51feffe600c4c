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
from typing import NoReturn

import numpy as np

from beast_core.config import EncoderConfig
from beast_core.spelling import is_plain, lower, normalise_word, normalise_words

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


def refuse_surrogates(words: Sequence[str]) -> NoReturn:
    """Raises `ValueError` that names the first word which has no UTF-8, as there is one."""
    for index, word in enumerate(words):
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            raise ValueError(
                f"the word at index {index}, {word!r:.60}, holds a lone surrogate, which is not Unicode text; "
                "decode the input as UTF-8, or drop it with word.encode(errors='ignore').decode()"
            ) from None
    raise ValueError("a word cannot be encoded as UTF-8")


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
    try:
        text, starts, lengths = join_words(words, config=config)
    except UnicodeEncodeError:
        refuse_surrogates(words)
    places = np.arange(config.window)
    present = places < lengths[:, None]
    padded = np.zeros(present.shape, dtype=np.uint8)
    padded[present] = text[(starts[:, None] + places)[present]]
    return padded, lengths


def join_words(words: Sequence[str], *, config: EncoderConfig) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bytes of all words in one row, `(bytes,)` uint8, and where each begins and how many it has, `(words,)` int64.

    Plain words are spelt and encoded in one go, as one joined text costs far less than a call a word. Raises
    `UnicodeEncodeError` for a lone surrogate.
    """
    text = _SEPARATOR.join(words)
    if is_plain(text):
        spelled = lower(text) if config.lowercase else text
    else:
        words = normalise_words(words, lowercase=config.lowercase, spelling=config.spelling)
        spelled = _SEPARATOR.join(words)
    row = np.frombuffer(spelled.encode(), dtype=np.uint8)
    ends = np.append(np.flatnonzero(row == ord(_SEPARATOR)), len(row))
    starts = np.append(0, ends[:-1] + 1)
    if len(ends) == len(words) and (lengths := ends - starts).max() <= config.window:
        return row, starts, lengths
    # Some word holds the separator, or more bytes than the window.
    encoded = [encode_word(word, config=config) for word in words]
    lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), np.cumsum(lengths) - lengths, lengths


def encode_word(word: str, *, config: EncoderConfig) -> bytes:
    """The bytes of one word, at most as many as the window. Raises `UnicodeEncodeError` for a lone surrogate."""
    if word.isascii() and word.isalnum():
        encoded = (word.lower() if config.lowercase else word).encode()
    else:
        encoded = normalise_word(word, lowercase=config.lowercase, spelling=config.spelling).encode()
    if len(encoded) > config.window:
        tail = config.window // 3
        encoded = encoded[: config.window - tail] + encoded[len(encoded) - tail :]
    return encoded
