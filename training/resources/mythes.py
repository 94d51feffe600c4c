"""Thesauri in the format of MyThes, which LibreOffice uses: words, their senses and the synonyms in each.

The format (https://github.com/hunspell/mythes/blob/master/data_layout.readme): the first line names the encoding; then
for each word `word|senses` and that many lines `(part of speech)|synonym|synonym...`, with notes in brackets. Debian's
packages are mythes-es, mythes-fr, mythes-it, mythes-pt-pt and so on, their files in /usr/share/mythes.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

_NOTE = re.compile(r"\s*(\([^()]*\)|\[[^\[\]]*\])")
# "(antonym)", "(antònim)", and with an accent that was broken on its way into the Spanish file.
_ANTONYM = re.compile(r"\(ant\S*n[iy]m", re.IGNORECASE)


def read_thesaurus(path: str | Path) -> Iterator[tuple[str, list[str]]]:
    """Each sense of a thesaurus: the word and the synonyms in it, spelled as in the file.

    Antonyms and the word itself are left out, notes stripped; wider and related terms count as synonyms. Raises
    `FileNotFoundError`, and `ValueError` for a file of another format.
    """
    file = Path(path)
    if not file.is_file():
        raise FileNotFoundError(f"no thesaurus at {file}: apt-get install mythes-es, or another language's package")
    with file.open("rb") as first:
        encoding = first.readline().decode("ascii", errors="replace").strip()
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise ValueError(
            f"{file} begins with {encoding!r:.40}, expected the name of its encoding: is it a MyThes .dat file?"
        ) from None
    try:
        yield from _read_senses(file, encoding=encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not in the encoding {encoding} that its first line names: {error}") from error


def _read_senses(file: Path, *, encoding: str) -> Iterator[tuple[str, list[str]]]:
    with file.open(encoding=encoding) as opened:
        lines = enumerate(opened, start=1)
        next(lines)
        for number, line in lines:
            if not line.strip():
                continue
            head, separator, count = line.rpartition("|")
            if not separator or not count.strip().isdecimal():
                raise ValueError(f"{file}, line {number}: {line.strip()!r:.60}, expected 'word|number of senses'")
            word = _without_notes(head)
            for _ in range(int(count)):
                number, line = next(lines, (number, ""))
                _, separator, synonyms = line.partition("|")
                if not separator:
                    raise ValueError(
                        f"{file}, line {number}: {line.strip()!r:.60}, expected a sense of {head!r} that begins with "
                        "'(part of speech)|' or '-|'"
                    )
                yield word, _synonyms(synonyms, of=word)


def _synonyms(line: str, *, of: str) -> list[str]:
    wanted = (_without_notes(synonym) for synonym in line.split("|") if not _ANTONYM.search(synonym))
    return [synonym for synonym in dict.fromkeys(wanted) if synonym and synonym != of]


def _without_notes(text: str) -> str:
    while (shorter := _NOTE.sub("", text)) != text:  # a note may stand in a note
        text = shorter
    return text.strip()
