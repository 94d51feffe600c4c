"""What can be evaluated: anything on this machine that gives vectors to words.

- `shipped`: the model in the package;
- a BEAST model folder, ours or the sentence-transformers folder of one;
- any other sentence-transformers folder;
- a table of words and vectors, see `training/vector_files.py`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beast_core import load_encoder
from beast_core.storage import CONFIG_FILE, CONFIG_KEY, SHIPPED_MODEL
from training.evalsets import InputError
from training.teachers.sentence_transformers import Options, SentenceTeacher
from training.vector_files import VECTOR_FILES, WordVectors, is_vector_file, read_vectors

SHIPPED = "shipped"
_EXPECTED = f"expected 'shipped', a model folder, or a table ({VECTOR_FILES}); name=path gives it a name"


@dataclass(frozen=True)
class ModelSource:
    """A model that is known to be there but not loaded yet. `kind` is 'beast', 'sentence-transformers' or 'table'."""

    name: str
    kind: str
    path: Path

    @property
    def size(self) -> int:
        """Bytes on disk; of a NumPy table without its words."""
        files = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return sum(file.stat().st_size for file in files if file.is_file())

    def load(self) -> WordVectors:
        """Reads the model. Raises `InputError`, or `ModelFolderError` for a BEAST folder."""
        if self.kind == "sentence-transformers":
            return SentenceTeacher(Options(model=str(self.path.resolve()), device="cpu"))
        return BeastWords(self.path) if self.kind == "beast" else read_vectors(self.path)


def find_model(given: str) -> ModelSource:
    """What `given` is: `shipped`, a path, or `name=` before either. Raises `InputError` if it cannot be evaluated."""
    name, separator, rest = given.partition("=")
    named = bool(separator) and not Path(given).exists()
    target = rest if named else given
    path = SHIPPED_MODEL if target == SHIPPED else Path(target)
    name = name if named else (SHIPPED if target == SHIPPED else path.resolve().name)
    if not name:
        raise InputError(f"model {given!r} has no name before '='; {_EXPECTED}")
    return ModelSource(name, _kind(path, given=given), path)


def _kind(path: Path, *, given: str) -> str:
    if is_vector_file(path):
        return "table"
    if path.is_file():
        raise InputError(f"model {given!r} is a file of an unknown kind, {_EXPECTED}")
    if not path.is_dir():
        raise InputError(f"model {given!r}: there is nothing at {path.resolve()}; {_EXPECTED}")
    config, modules = path / CONFIG_FILE, path / "modules.json"
    if modules.is_file() and not (config.is_file() and _is_beast(config)):
        return "sentence-transformers"
    if config.is_file():
        return "beast"
    names = sorted(entry.name for entry in path.iterdir())[:8]
    found = f"a folder without {config.name} and {modules.name} (it holds {names})"
    raise InputError(f"model {given!r} is {found}; {_EXPECTED}")


def _is_beast(config: Path) -> bool:
    try:
        return CONFIG_KEY in json.loads(config.read_text(encoding="utf-8"))
    except (ValueError, TypeError):
        return False


class BeastWords:
    """A BEAST encoder, without the cache of vectors that would flatter its speed. It knows every word."""

    def __init__(self, path: Path) -> None:
        self._encoder = load_encoder(path, cache_size=0)
        self.width = self._encoder.width

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `WordVectors`."""
        return self._encoder.encode(words), np.ones(len(words), dtype=bool)
