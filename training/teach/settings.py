"""The settings of a teacher's table."""

from dataclasses import field, fields
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from training.common.settings import CHECKED, Count
from training.languages import read_language
from training.table import LEVELS, Storage
from training.vectors import find_way, read_options


@dataclass(frozen=True, kw_only=True, config={**CHECKED, "validate_default": True})
class TeachSettings:
    """Everything but the word list that determines a table. Raises `ValueError` listing every problem at once."""

    teacher: str  # one of training.vectors.WAYS
    options: dict[str, Any] = field(default_factory=dict)  # the fields of that teacher's Options
    language: str = ""  # of the words (ISO 639-1), for the table; a teacher that knows it need not be told
    words: Annotated[int, Field(ge=0)] = 0  # teach only so many, the first of the list; 0 teaches all
    described: bool = False  # of the words after these, teach those that the teacher knows by more than their spelling
    width: Count = 256  # wider vectors are reduced to it
    fit_words: Count = 30_000  # the mean and the principal components are those of the most frequent words
    centre: bool = True  # take the mean off
    storage: Storage = "int8"
    # Entries in int8 take 2 * levels + 1 values: fewer make a smaller, coarser table.
    levels: Annotated[int, Field(ge=1, le=127)] = LEVELS
    shard_words: Count = 20_000  # a killed run loses at most what it knew of so many

    @field_validator("options")
    @classmethod
    def _check_options(cls, options: dict[str, Any], others: ValidationInfo) -> dict[str, Any]:
        if "teacher" in others.data:
            read_options(others.data["teacher"], options=options)
        return options

    @field_validator("language")
    @classmethod
    def _check_language(cls, language: str) -> str:
        return read_language(language).code if language else ""

    @field_validator("fit_words")
    @classmethod
    def _check_fit_words(cls, words: int, others: ValidationInfo) -> int:
        width = others.data.get("width", 1)
        if words < width:
            raise ValueError(f"fit_words is {words}, should be {width} or more (width)")
        return words


def in_language(values: dict[str, Any], *, language: str) -> dict[str, Any]:
    """The values of settings for words of that language, of which a teacher is told that has an option for it."""
    asked = {each.name for each in fields(find_way(values.get("teacher", "")).options)}
    told = {"options": {**values.get("options", {}), "language": language}} if "language" in asked else {}
    return {**values, **told, "language": language}
