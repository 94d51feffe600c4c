"""Hunspell dictionaries: every form that the entries of a `.dic` file take by the rules of its `.aff` file.

The part of the format that dictionaries of word forms use is read (hunspell(5)): suffixes, suffixes upon suffixes,
prefixes across both, conditions, flags of one letter. What would forbid or hide forms (`NEEDAFFIX`, `FORBIDDENWORD`,
`CIRCUMFIX`, numbered flags and so on) is refused, not ignored: the forms would be wrong.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

# These steer suggestions and say nothing of which forms there are.
_HARMLESS = {"TRY", "REP", "MAP", "KEY", "NAME", "HOME", "VERSION", "LANG", "NOSUGGEST", "WORDCHARS", "BREAK", "PHONE"}


class DictionaryError(ValueError):
    """A Hunspell file that cannot be read; the message names the file, the line and what was expected."""


class Form(NamedTuple):
    """A form, the word it is an inflection of, and the flag of the suffix that made it ("" for none)."""

    word: str
    lemma: str
    flag: str


class _Rule(NamedTuple):
    strip: str
    add: str
    condition: re.Pattern[str]
    flags: str


@dataclass
class Affixes:
    """The rules of an `.aff` file by flag, and the flags whose rules go together with those of the other kind."""

    prefixes: dict[str, list[_Rule]] = field(default_factory=dict)
    suffixes: dict[str, list[_Rule]] = field(default_factory=dict)
    crossing: set[str] = field(default_factory=set)


def read_affixes(path: Path) -> Affixes:
    """Reads an `.aff` file. Raises `FileNotFoundError`, and `DictionaryError` for one that is cut or unsupported."""
    affixes, expected = Affixes(), {}
    for number, line in enumerate(_lines(path), start=1):
        parts = line.split()
        if (
            not parts
            or parts[0].startswith("#")
            or parts[0] in _HARMLESS
            or parts in (["SET", "UTF-8"], ["FLAG", "UTF-8"])
        ):
            continue
        kind = {"PFX": affixes.prefixes, "SFX": affixes.suffixes}.get(parts[0])
        if kind is None:
            raise DictionaryError(
                f"{path}:{number}: {line.strip()!r} is not supported, expected PFX and SFX rules in UTF-8"
            )
        try:
            if parts[1] in expected:
                kind[parts[1]].append(_rule(parts, suffix=parts[0] == "SFX"))
            else:
                kind[parts[1]], expected[parts[1]] = [], int(parts[3])
                affixes.crossing.update(parts[1] if parts[2] == "Y" else "")
        except (LookupError, ValueError, re.error) as error:
            raise DictionaryError(f"{path}:{number}: cannot read the rule {line.strip()!r} ({error})") from error
    for flag, rules in (affixes.prefixes | affixes.suffixes).items():
        if len(rules) != expected[flag]:
            raise DictionaryError(
                f"{path}: flag {flag} has {len(rules)} rules, expected {expected[flag]}: is it whole?"
            )
    return affixes


def _rule(parts: list[str], *, suffix: bool) -> _Rule:
    _, _, strip, add, *rest = parts
    add, _, flags = add.partition("/")
    condition = rest[0] if rest else "."
    pattern = re.compile(f"(?:{condition})$" if suffix else f"(?:{condition})")
    return _Rule("" if strip == "0" else strip, "" if add == "0" else add, pattern, flags)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DictionaryError(f"{path} is not UTF-8 ({error})") from error


def read_dictionary(path: Path) -> Iterator[tuple[str, str]]:
    """Stem and flags of each entry of a `.dic` file. Raises `DictionaryError` if it does not begin with a count."""
    count, *entries = _lines(path) or [""]
    if not count.strip().isdecimal():
        raise DictionaryError(f"{path}:1: found {count[:40]!r}, expected the number of entries")
    for entry in entries:
        stem, _, flags = entry.partition("\t")[0].strip().partition("/")
        if stem:
            yield stem, flags


def expand(stem: str, *, flags: str, affixes: Affixes, derivations: str = "") -> Iterator[Form]:
    """Every form of an entry, the stem among them; some may come twice.

    A suffix inflects the word it is put on, unless its flag is one of `derivations`: then the form is a word of its
    own, and what is put on it inflects that one. A prefix makes new words of a stem and of its forms.

    >>> rules = Affixes(suffixes={"S": [_Rule("", "s", re.compile("[aeo]$"), "")]})
    >>> [form.word for form in expand("casa", flags="S", affixes=rules)]
    ['casa', 'casas']
    """
    plain = Form(stem, stem, "")
    suffixed = list(_suffixed(plain, flags=flags, affixes=affixes, derivations=derivations))
    yield plain
    yield from suffixed
    crossing = [form for form in suffixed if form.flag in affixes.crossing]
    for flag in flags:
        for rule in affixes.prefixes.get(flag, ()):
            for form in [plain, *(crossing if flag in affixes.crossing else ())]:
                if (word := _prefixed(form.word, rule)) and (lemma := _prefixed(form.lemma, rule)):
                    yield Form(word, lemma, form.flag)


def _suffixed(form: Form, *, flags: str, affixes: Affixes, derivations: str, again: bool = True) -> Iterator[Form]:
    """A suffix may say which are put on it, and those have no more upon them: the format stops at two."""
    for flag in flags:
        for strip, add, condition, more in affixes.suffixes.get(flag, ()):
            if form.word.endswith(strip) and condition.search(form.word):
                word = form.word[: len(form.word) - len(strip)] + add
                made = Form(word, word if flag in derivations else form.lemma, flag)
                yield made
                if again:
                    yield from _suffixed(made, flags=more, affixes=affixes, derivations=derivations, again=False)


def _prefixed(word: str, rule: _Rule) -> str:
    fits = word.startswith(rule.strip) and rule.condition.match(word)
    return rule.add + word[len(rule.strip) :] if fits else ""
