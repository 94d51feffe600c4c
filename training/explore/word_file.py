"""The list of words that is explored: UTF-8 text, one a line."""

from pathlib import Path

from training.common.bounds import bounded_lines
from training.common.errors import InputError
from training.common.words import LONGEST_WORD

FEWEST_WORDS = 10


def read_words(path: Path) -> list[str]:
    """The words of a file, each once, without white space around them; names of several words are fine.

    Raises `InputError` for a file that is no such list, and `OSError`.
    """
    words: dict[str, None] = {}
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(bounded_lines(file, longest=4096, name=str(path)), start=1):
                if len(word := line.strip()) > LONGEST_WORD:
                    raise InputError(
                        f"{path}, line {number} has {len(word)} characters, expected at most {LONGEST_WORD}"
                    )
                if word:
                    words[word] = None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 ({error}); save it as UTF-8, one word a line") from error
    if len(words) < FEWEST_WORDS:
        raise InputError(f"{path} has {len(words)} words, expected at least {FEWEST_WORDS}, one a line")
    return list(words)
