"""Which model a pipeline takes: of its language, of another one, or of a folder."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from beast_core import UnknownLanguageError, shipped_languages
from beast_core.shipped import TRAINABLE_LANGUAGES, model_folder

# What spaCy calls a pipeline for any language, and the core a model for several.
_ANY, _SEVERAL = "xx", "multilingual"


def language_of(pipeline_language: str) -> str:
    """What the core calls the language of a pipeline."""
    return _SEVERAL if pipeline_language == _ANY else pipeline_language


def check_choice(model: object, *, language: object) -> None:
    """Raises `TypeError` or `ValueError` if this says no model, or two."""
    if not isinstance(model, str | Path | None):
        raise TypeError(f"model is {model!r:.60}, expected the path of a model folder, a language, or None")
    if not isinstance(language, str | None):
        raise TypeError(f"language is {language!r:.60}, expected a language that a model comes for, or None")
    if model is not None and language is not None:
        raise ValueError(f"model is {str(model)!r} and language is {language!r}, expected one of them")


def find_model(model: str | Path | None, *, language: str | None) -> Callable[[], Path]:
    """What finds the folder of a model when it is needed; a relative path is relative to where it is named, now."""
    # Of what is no folder here, a language that could be trained is kept as it is, for an error that says so.
    is_language = model in shipped_languages() or (model in TRAINABLE_LANGUAGES and not Path(model).exists())
    if model is not None and not is_language:
        model = Path(model).absolute()
    return partial(_found, model, language=language)


def _found(model: str | Path | None, *, language: str | None) -> Path:
    try:
        return model_folder(model, language=language)
    except UnknownLanguageError as error:
        example = next(iter(shipped_languages()), "es")
        raise UnknownLanguageError(
            f'{error}. In a pipeline, say which model it takes: nlp.add_pipe("beast_vectors", config={{"model": '
            f'"{example}"}}), or the path of a folder; under [nlp.vectors] in a configuration, model = "{example}"'
        ) from error
