"""The tables of the package spacy-lookups-data (https://github.com/explosion/spacy-lookups-data)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import srsly


def find_tables(language: str) -> dict[str, Path]:
    """The files of a language's tables, by name; none if the package knows nothing of the language.

    Raises `ImportError` if the package is not installed.
    """
    try:
        import spacy_lookups_data  # here, so that what is missing is told in one line
    except ImportError as error:
        raise ImportError("not installed: spacy-lookups-data; pip install '.[teach]'") from error

    tables: Mapping[str, Any] = getattr(spacy_lookups_data, language, {})
    return {name: Path(f"{file}.gz") for name, file in tables.items()}


def read_table(language: str, *, name: str) -> dict[str, Any]:
    """A table of `find_tables`, such as `lexeme_prob`: word -> log-probability."""
    return srsly.read_gzip_json(find_tables(language)[name])
