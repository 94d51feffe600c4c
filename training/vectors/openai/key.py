"""The key: read from the environment, held in memory, and never shown in whatever form a server says it back."""

import os
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import quote

from training.vectors.openai.errors import EndpointError

# Letters in a row that give a key away. Fewer help nobody, and are found in words that have nothing to do with it.
_RUN = 6


def read_key(variable: str) -> str:
    """The key in that environment variable; empty where none is named. Raises `EndpointError` if it is no key."""
    key = os.environ.get(variable, "").strip() if variable else ""
    if variable and not key:
        raise EndpointError(
            f"the environment variable {variable} is empty: put the key there, or set key_variable='' for a server "
            "that wants none"
        )
    if not re.fullmatch("[!-~]*", key):  # in a header, anything else is refused by an error that shows it
        raise EndpointError(f"the key in {variable} holds white space or odd letters; copy it anew")
    return key


def hide_key(text: str, *, key: str) -> str:
    """The text in one line, with `[key]` for each word that may show some of the key.

    Those are the words with six letters in a row of the key, as it is or in base64, hexadecimal or percent-encoded,
    and those with stars, as servers shorten keys. An empty key hides nothing. Twice the text takes twice the time.

    >>> hide_key("no: 'sk-012345', sk-****6789,\\n or ...456789 of abcdef", key="sk-0123456789")
    'no: [key] [key] or [key] of abcdef'
    """
    length = min(_RUN, len(key))
    runs = {form[start : start + length] for form in _forms(key) for start in range(len(form) - length + 1)}

    def is_telling(word: str) -> bool:
        word = word.casefold()
        return "***" in word or any(word[start : start + length] in runs for start in range(len(word) - length + 1))

    return " ".join("[key]" if key and is_telling(word) else word for word in text.split())


def _forms(key: str) -> Iterator[str]:
    yield key.casefold()
    yield quote(key, safe="").casefold()
    yield key.encode().hex()
    # In base64, three letters are four; what they are depends on how many came before the key ("Basic" has a user's).
    for before, letters_of_it in ((0, 0), (1, 2), (2, 3)):
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(before) + key.encode())[letters_of_it:].rstrip(b"=").decode().casefold()
