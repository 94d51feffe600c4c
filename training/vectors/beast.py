"""A BEAST encoder of ours: the shipped one, a model's folder, or the sentence-transformers folder of one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass

from beast_core import load_encoder
from beast_core.model_files import CONFIG_FILE, MODULES_FILE, ModelFolderError, read_json
from beast_core.shipped import model_folder
from beast_core.storage import CONFIG_KEY
from training.common.files import digest
from training.common.settings import CHECKED
from training.vectors import Free, Way


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Options:
    """The model's folder; empty for the shipped one. Raises `ValueError` for anything but text.

    `before` is put before every word: the mark of a language, for a model of several that is told it, see
    `training.distill.joining.marker`.
    """

    model: str = ""
    before: str = ""

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.model) if self.model else model_folder()


class BeastVectors(Free):
    """An encoder without the cache of vectors that would flatter its speed. It knows every word.

    Raises `FileNotFoundError`, and `ModelFolderError` for a folder that holds no model.
    """

    def __init__(self, options: Options) -> None:
        self._path, self._before = options.path, options.before
        self._encoder = load_encoder(self._path)
        self.width = self._encoder.width
        self.language, self.space = self._encoder.language, self._encoder.space

    def identity(self) -> dict[str, Any]:
        """The digest of the folder, not its name, and what is put before words."""
        return {"model": digest(self._path), "before": self._before}

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `training.vectors.WordVectors`."""
        words = [self._before + word for word in words]
        return self._encoder.encode(words), np.ones(len(words), dtype=bool)


def _recognise(path: Path) -> Options | None:
    """A folder with a configuration that is ours or, damaged or not, with no list of modules beside it."""
    config = path / CONFIG_FILE
    ours = config.is_file() and (_is_ours(config) or not (path / MODULES_FILE).is_file())
    return Options(model=str(path.resolve())) if ours else None


def _is_ours(config: Path) -> bool:
    try:
        content = read_json(config)
    except ModelFolderError:
        return False
    return isinstance(content, dict) and CONFIG_KEY in content


WAY = Way(options=Options, open=BeastVectors, recognise=_recognise, path=lambda options: options.path)
