"""Lists of words, as files have them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from beast_core.spelling import WHITE_SPACE, is_blank

_BYTE_ORDER_MARK = "\ufeff"
_SHOWN = 3


class WordList(NamedTuple):
    """The words of a file in its order, each once, and how many lines were left out."""

    words: list[str]
    repeated: int
    blank: int


def read_word_list(path: str | Path) -> WordList:
    """Reads a text in UTF-8 of one word a line. White space around a word goes, that within one stays; lines without a
    word are left out, and words that were there before.

    Raises `OSError` for a file that cannot be read, and `ValueError`, with its line, for what is no UTF-8 or has
    several columns, and for a file without words.
    """
    file, words, blank, repeated = Path(path), dict[str, None](), 0, 0
    if not file.is_file():
        found = "a folder" if file.is_dir() else "nothing"
        raise FileNotFoundError(f"no list of words at {file.resolve()}: found {found}, expected a text of one a line")
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            word = _decoded(line, where=f"{file}, line {number}")
            if is_blank(word):
                blank += 1
            elif word in words:
                repeated += 1
            else:
                words[word] = None
    if not words:
        raise ValueError(f"{file} holds no word, expected a text of one a line")
    return WordList(list(words), repeated, blank)


def refuse_words(words: Sequence[str], *, wrong: Callable[[str], bool], problem: str) -> None:
    """Raises `ValueError` that names the first of the words that are wrong."""
    if found := [word for word in words if wrong(word)]:
        shown = ", ".join(f"{word!r:.60}" for word in found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
        raise ValueError(f"{len(found):,} of {len(words):,} words {problem}: {shown}")


def _decoded(line: bytes, *, where: str) -> str:
    try:
        word = line.decode("utf-8").removeprefix(_BYTE_ORDER_MARK).strip(WHITE_SPACE)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{where}: {line[:40]!r} is not UTF-8 ({error.reason}), expected a text of one word a line; "
            "iconv -f LATIN1 -t UTF-8 converts one in Latin-1"
        ) from error
    if "\t" in word:
        raise ValueError(f"{where}: {word!r:.60} has several columns, expected one word; cut -f 1 keeps the first")
    return word
