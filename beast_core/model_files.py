"""What the files of a model folder are called, how its JSON is read, and which files a new model may replace."""

import json
import re
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from beast_core.files import replace_folder

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
MODULES_FILE = "modules.json"
CARD_FILE = "README.md"

# A thousand times what such files hold.
_LARGEST_JSON = 2**20
# The card tells of the model, so that a new model does not keep it.
_OURS = {CONFIG_FILE, WEIGHTS_FILE, CARD_FILE}
# Beside these and its numbered module folders, a folder of sentence-transformers holds nothing.
_STOCK = {
    "config_sentence_transformers.json",
    MODULES_FILE,
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


class ModelFolderError(ValueError):
    """A folder that is not a model this version can read; the message names the path, what was found and expected."""


def read_json(file: Path) -> Any:
    """What a JSON file of a model folder says. Raises `ModelFolderError` if it is missing, too large or no JSON."""
    if not file.is_file():
        raise missing_file(file)
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST_JSON + 1)
        if len(content) > _LARGEST_JSON:
            raise ValueError(f"it has {file.stat().st_size:,} bytes, expected at most {_LARGEST_JSON:,}")
        return parse_json(content)
    except (OSError, ValueError) as error:
        raise ModelFolderError(f"{file} cannot be read as JSON: {error}; save or copy the model again") from error


def missing_file(file: Path) -> ModelFolderError:
    """The error to raise for a file that a model folder lacks."""
    return ModelFolderError(
        f"{file} is missing; {file.parent} holds {listing(file.parent)}; save or copy the model again"
    )


def parse_json(content: bytes) -> Any:
    """JSON out of UTF-8. Raises `ValueError`, also for what is nested too deeply to be read."""
    try:
        return json.loads(content.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def listing(folder: Path) -> str:
    """The names of what is in a folder, or the first of them, for a message."""
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") if names else "nothing"


def replace_model_folder(path: str | Path) -> AbstractContextManager[Path]:
    """`replace_folder` where a model of ours, or one of sentence-transformers, may be replaced.

    Raises `FileExistsError` if `path` holds anything beyond that and what the new folder holds.
    """
    return replace_folder(path, replaceable=_replaceable(Path(path)))


def _replaceable(folder: Path) -> set[str]:
    if not (folder / MODULES_FILE).is_file():
        return _OURS
    return _OURS | _STOCK | {path.name for path in folder.iterdir() if re.fullmatch(r"\d_[A-Z][A-Za-z]*", path.name)}
