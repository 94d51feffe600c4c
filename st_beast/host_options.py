"""What a folder of sentence-transformers says of prompts, similarity and truncation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sentence_transformers import SentenceTransformer

from beast_core.model_files import ModelFolderError, read_json

HOST_CONFIG = "config_sentence_transformers.json"
_SIMILARITIES = SentenceTransformer.SUPPORTED_SIMILARITY_FN_NAMES


def is_truncation(value: object) -> bool:
    """Whether vectors can be cut to so many entries; None is not to cut them."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0)


def _are_prompts(value: object) -> bool:
    return isinstance(value, dict) and all(prompt is None or isinstance(prompt, str) for prompt in value.values())


# {option: (what it may be, in words and as a test)}
_OPTIONS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "prompts": ("an object of texts", _are_prompts),
    "default_prompt_name": ("a text or null", lambda value: value is None or isinstance(value, str)),
    "similarity_fn_name": (
        f"one of {', '.join(_SIMILARITIES)}, or null",
        lambda value: value in (None, *_SIMILARITIES),
    ),
    "truncate_dim": ("a whole number above 0, or null", is_truncation),
}
HOST_OPTIONS = tuple(_OPTIONS)


def read_options(folder: Path) -> dict[str, Any]:
    """The `HOST_OPTIONS` that the folder sets; none, if it is not of sentence-transformers.

    Raises `ModelFolderError` for a file that is not theirs.
    """
    file = folder / HOST_CONFIG
    if not file.is_file():
        return {}
    saved = read_json(file)
    if not isinstance(saved, dict):
        raise ModelFolderError(f"{file} holds a {type(saved).__name__}, expected an object; save the model again")
    options = {name: saved[name] for name in HOST_OPTIONS if name in saved}
    for name, value in options.items():
        expected, fits = _OPTIONS[name]
        if not fits(value):
            raise ModelFolderError(f"{file}: {name} is {value!r:.60}, expected {expected}")
    default = options.get("default_prompt_name")
    if default is not None and default not in (known := {"query", "document", *options.get("prompts", {})}):
        raise ModelFolderError(f"{file}: default_prompt_name is {default!r:.60}, expected one of {sorted(known)}")
    return options
