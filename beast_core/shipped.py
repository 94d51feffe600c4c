"""The models that come with the package, a folder each that has the name of its language; and which model is meant.

Wherever a model is given, a text that is the name of one of these is that language, anything else a path.
"""

import re
from pathlib import Path

from beast_core.model_files import CONFIG_FILE

PRETRAINED = Path(__file__).resolve().parent / "pretrained"
DEFAULT_LANGUAGE = "es"
# The repository has all that it takes to train models of these, and they do not come with the package.
TRAINABLE_LANGUAGES = ("fi", "pl", "ru", "sv")
_LONGEST_HUB_NAME = 96


class UnknownLanguageError(FileNotFoundError):
    """No model of that language comes with the package; the message names those that do."""


def shipped_languages() -> tuple[str, ...]:
    """The languages that a model comes for, in the order of the alphabet; "multilingual" is one for several."""
    return tuple(sorted(file.parent.name for file in PRETRAINED.glob(f"*/{CONFIG_FILE}")))


def model_folder(model: str | Path | None = None, *, language: str | None = None) -> Path:
    """The folder of the model that is meant: a language, a path, or neither, which is the Spanish one of the package.

    Raises `ValueError` if both are given, or a language that a folder here is called by too; `UnknownLanguageError` if
    no model of the language comes with the package; `FileNotFoundError` if there is no such folder; `TypeError` for
    what is no name and no path.
    """
    if language is not None:
        if model is not None:
            raise ValueError(f"got the model {str(model)!r} and the language {language!r}, expected one of them")
        return _folder_of(language)
    if model is None:
        return _folder_of(DEFAULT_LANGUAGE)
    if not isinstance(model, str | Path) or not str(model):
        raise TypeError(
            f"path is {model!r:.60}, expected the path of a model folder, a language that a model comes for, or None "
            "for the Spanish one"
        )
    folder = Path(model).resolve()
    if isinstance(model, str) and model in shipped_languages():
        if folder.is_dir():
            raise ValueError(
                f"{model!r} is a language that a model comes for, and there is a folder {folder} too: say "
                f'language="{model}" for the language, or "./{model}" for the folder'
            )
        return PRETRAINED / model
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        told = "" if str(model) == str(folder) else f" (given: {str(model)!r})"
        raise FileNotFoundError(
            f"no model at {folder}{told}: found {found}, expected a model folder such as ./beast or runs/beast/model, "
            f"or a language that a model comes for: {_known()}{_how_to_train(str(model))}{_how_to_fetch(str(model))}"
        )
    return folder


def looks_like_hub_name(text: str) -> bool:
    """Whether a model on a hub can be called so: `owner/name`, as https://huggingface.co/docs/hub/repositories has it.

    >>> looks_like_hub_name("ana/beast-de"), looks_like_hub_name("runs/beast/model"), looks_like_hub_name("./beast")
    (True, False, False)
    """
    part = r"[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?"
    shaped = re.fullmatch(f"{part}/{part}", text, flags=re.ASCII) and len(text) <= _LONGEST_HUB_NAME
    return bool(shaped) and "--" not in text and ".." not in text and not text.endswith(".git")


def _folder_of(language: str) -> Path:
    if not isinstance(language, str):
        raise TypeError(f"language is {language!r:.60}, expected the name of one: {_known()}")
    if language not in shipped_languages():
        raise UnknownLanguageError(
            f"no model of the language {language!r:.60} comes with the package, expected one of: {_known()}; or give "
            f"the folder of a model{_how_to_train(language)}"
        )
    return PRETRAINED / language


def _known() -> str:
    return ", ".join(shipped_languages()) or "none, so the package is not whole: install it again"


def _how_to_train(name: str) -> str:
    if not re.fullmatch("[a-z]{2,3}", name):
        return ""
    command = "python -m spacy project run train . --vars.language"
    if name in TRAINABLE_LANGUAGES:
        return f"; to train one, in a clone of the repository: {command} {name}"
    return (
        f"; {', '.join(TRAINABLE_LANGUAGES)} can be trained in a clone of the repository, {command} CODE, and its "
        "CONTRIBUTING.md says what another language needs"
    )


def _how_to_fetch(name: str) -> str:
    if not looks_like_hub_name(name):
        return ""
    return f'; of a model on a hub, give the folder that huggingface_hub.snapshot_download("{name}") returns'
