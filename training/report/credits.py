"""Whose work a model is made of, for its card: what is known of the data of its teacher."""

from pathlib import Path
from typing import Annotated

from pydantic.dataclasses import dataclass

from beast_core.credits import Credits
from training.common.settings import CHECKED, Filled, FromList, build, read_values
from training.languages import known_languages, read_language

# Of the table in this repository, and of any other that was made by the same teacher.
OWN_CREDITS = Path(__file__).with_name("credits.toml")


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class TeacherCredits:
    """What a file of credits says: the licence, as model hubs have it, the author, and the works, each with its
    licence."""

    licence: Filled
    author: str = ""
    credits: Annotated[tuple[str, ...], FromList] = ()


def teacher_credits(file: Path, *, language: str) -> Credits:
    """The credits in a file, with those of the language's record; of all languages, if it is of several.

    Raises `InputError` for a file that is not right.
    """
    told = build(TeacherCredits, values=read_values(file), source=str(file))
    codes = [language] if language in known_languages() else known_languages() if language == "multilingual" else []
    of_languages = dict.fromkeys(credit for code in codes for credit in read_language(code).credits)
    return Credits(
        licence=told.licence,
        languages=(language,) if language else (),
        author=told.author,
        sources=(*told.credits, *of_languages),
    )
