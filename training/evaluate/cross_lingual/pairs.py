"""Which two languages a set is of, which its name says."""

import re

from training.evaluate.sources import SetFile

# Two codes of ISO 639 at the end of the name or before a further part of it: `semeval_en-de`, `muse_de-en_test`.
_PAIR = re.compile(r"(?:^|_)([a-z]{2,3})-([a-z]{2,3})(?=_|$)")


def languages_of(file: SetFile) -> tuple[str, str]:
    """The codes of the first and the second language. Raises `InputError` if the name of the file says none."""
    match = _PAIR.search(file.stem)
    file.require(match, found="no pair of languages in its name", expected="two ISO codes, such as in words_en-de")
    assert match
    return match[1], match[2]
