"""Whose work a model is made of, for its card: what is known of the data of its teacher."""

from pathlib import Path
from typing import Annotated

from huggingface_hub import ModelCardData
from pydantic.dataclasses import dataclass

from beast_core.credits import Credits
from training.common.agreement import MULTILINGUAL
from training.common.settings import CHECKED, Filled, FromList, build, read_values
from training.languages import known_languages, read_language

# Of the table in this repository, and of any other that was made by the same teacher.
OWN_CREDITS = Path(__file__).with_name("credits.toml")
# How the identity of that teacher's space begins, whichever languages it was made for.
_OWN_SPACE = "lexical-"
_TAGS = ["word-vectors", "word-embeddings", "static-embeddings", "distillation", "spacy", "sentence-transformers"]


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class TeacherCredits:
    """What a file of credits says: the licence, as model hubs have it, the author, the works, each with its licence;
    what the teacher is, in a few words, and its names on a model hub, if it has some."""

    licence: Filled
    author: str = ""
    credits: Annotated[tuple[str, ...], FromList] = ()
    teacher: str = ""
    base_model: Annotated[tuple[str, ...], FromList] = ()


def teacher_credits(file: Path, *, language: str) -> Credits:
    """The credits in a file, with those of the language's record; of all languages, if it is of several.

    Raises `InputError` for a file that is not right.
    """
    told = build(TeacherCredits, values=read_values(file), source=str(file))
    codes = [language] if language in known_languages() else known_languages() if language == MULTILINGUAL else []
    of_languages = dict.fromkeys(credit for code in codes for credit in read_language(code).credits)
    return Credits(
        licence=told.licence,
        languages=(language,) if language else (),
        author=told.author,
        sources=(*told.credits, *of_languages),
        teacher=told.teacher,
        base_models=told.base_model,
    )


def known_credits(*, space: str, language: str) -> Credits:
    """The credits of a table that this project's own teacher made, as its space says; of others, the language alone."""
    if space.startswith(_OWN_SPACE):
        return teacher_credits(OWN_CREDITS, language=language)
    return Credits(languages=(language,) if language else ())


def card_metadata(credits: Credits) -> ModelCardData:
    """What model hubs read of a card, and `beast_core.credits`: nothing of what is not known."""
    return ModelCardData(
        language=list(credits.languages) or None,
        license=credits.licence or None,
        library_name="beast-vectors",
        pipeline_tag="feature-extraction",
        tags=_TAGS,
        base_model=list(credits.base_models) or None,
        author=credits.author or None,
        teacher=[credits.teacher] if credits.teacher else None,
        credits=list(credits.sources) or None,
    )
