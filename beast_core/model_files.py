"""What the files of a model folder are called, and which of them a new model may replace."""

import re
from contextlib import AbstractContextManager
from pathlib import Path

from beast_core.files import replace_folder

CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
MODULES_FILE = "modules.json"

_OURS = {CONFIG_FILE, WEIGHTS_FILE}
# Beside these and its numbered module folders, a folder of sentence-transformers holds nothing.
_STOCK = {
    "README.md",
    "config_sentence_transformers.json",
    MODULES_FILE,
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


def replace_model_folder(path: str | Path) -> AbstractContextManager[Path]:
    """`replace_folder` where a model of ours, or one of sentence-transformers, may be replaced.

    Raises `FileExistsError` if `path` holds anything beyond that and what the new folder holds.
    """
    return replace_folder(path, replaceable=_replaceable(Path(path)))


def _replaceable(folder: Path) -> set[str]:
    if not (folder / MODULES_FILE).is_file():
        return _OURS
    return _OURS | _STOCK | {path.name for path in folder.iterdir() if re.fullmatch(r"\d_[A-Z][A-Za-z]*", path.name)}
