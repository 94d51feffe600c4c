"""The languages of the joint space: everything that is particular to one is its record, a TOML file in this folder.

A further language is one more file. Nothing else in the project knows a language by its name.
"""

import difflib
from functools import cache
from pathlib import Path

from training.common.errors import InputError
from training.common.settings import build, read_values
from training.languages.record import PARTS, Language

__all__ = ["Language", "known_languages", "read_language"]

_FOLDER = Path(__file__).parent


@cache
def known_languages() -> tuple[str, ...]:
    """The codes of all languages that have a record, in the order of the alphabet."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.toml")))


@cache
def read_language(code: str) -> Language:
    """The record of the language of that ISO 639 code, such as "de".

    Raises `InputError` for a language that has none, and for a record that is not right.
    """
    if code not in known_languages():
        near = difflib.get_close_matches(code.lower(), known_languages(), n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise InputError(
            f"no language {code!r:.40}, expected one of {', '.join(known_languages())}{meant} (a further language is a "
            f"record in {_FOLDER})"
        )
    file = _FOLDER / f"{code}.toml"
    values = read_values(file)
    for name, part in PARTS.items():
        values[name] = build(part, values=values.get(name, {}), source=f"{file}, [{name}]")
    return build(Language, values={"code": code, **values}, source=str(file))
