"""Whether things that are used together say the same of themselves."""

from collections.abc import Mapping
from typing import Protocol

from training.common.errors import InputError

# What is of several languages says so, and goes with each of them.
MULTILINGUAL = "multilingual"


class _Placed(Protocol):
    @property
    def language(self) -> str: ...

    @property
    def space(self) -> str: ...


def check_same_origin(things: Mapping[str, _Placed], *, advice: str) -> None:
    """`check_agreement` of the languages and the spaces of things, by their names."""
    for what in ("language", "space"):
        check_agreement(what, said={name: getattr(each, what) for name, each in things.items()}, advice=advice)


def check_agreement(what: str, *, said: Mapping[str, str], advice: str) -> None:
    """Raises `InputError` if two things, by their names, are of different languages or spaces, whichever `what` is.

    "" is one that says nothing of itself.

    >>> check_agreement("language", said={"the model": "de", "the table": "", "another": "multilingual"}, advice="")
    """
    known = {name: value for name, value in said.items() if value not in ("", MULTILINGUAL)}
    if len(set(known.values())) > 1:
        told = ", ".join(f"{name} is of the {what} {value!r}" for name, value in known.items())
        raise InputError(f"{told}: {advice}")
