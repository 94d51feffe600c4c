"""What can be evaluated: anything on this machine that gives vectors to words.

- `shipped`: the model in the package;
- a BEAST model folder, ours or the sentence-transformers folder of one;
- any other sentence-transformers folder;
- a table of words and vectors, see `training/vectors/files.py`;
- `installed:NAME`: a model that comes as a Python package, see `training/vectors/installed.py`.

Each also as the first entries of its vectors: `shipped@64`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beast_core import load_encoder
from beast_core.model_files import CONFIG_FILE, MODULES_FILE
from beast_core.storage import CONFIG_KEY, SHIPPED_MODEL
from training.common.errors import InputError
from training.common.files import size_on_disk
from training.common.rows import unit_rows
from training.vectors import WordVectors
from training.vectors.files import VECTOR_FILES, is_vector_file, read_vectors
from training.vectors.installed import INSTALLED, find_installed, load_installed
from training.vectors.sentence_encoder import Options, SentenceEncoder

SHIPPED = "shipped"
_EXPECTED = (
    f"expected 'shipped', a model folder, or a table ({VECTOR_FILES}), or {INSTALLED}NAME; name=path gives it a name, "
    "path@64 keeps the first 64 entries of its vectors"
)


@dataclass(frozen=True)
class ModelSource:
    """A model that is known to be there but not loaded yet.

    `given` is what `find_model` found it by. `kind` is 'beast', 'sentence-transformers', 'table' or, whole, the
    'installed:NAME' that was given. Of its vectors the `first_entries` are kept, or all.
    """

    given: str
    name: str
    kind: str
    path: Path
    first_entries: int | None = None

    @property
    def size(self) -> int:
        """Bytes on disk; of a NumPy table without its words."""
        return size_on_disk(self.path)

    @property
    def libraries(self) -> tuple[str, ...]:
        """Modules that it works with but are imported only when it is loaded."""
        if self.kind == "table":
            return ("spacy",) if self.path.is_dir() else ("pandas",)  # pyarrow imports pandas
        return () if self.kind == "beast" else ("sentence_transformers",)

    def load(self) -> WordVectors:
        """Reads the model. Raises `InputError`, or `ModelFolderError` for a BEAST folder."""
        model = self._load_whole()
        if self.first_entries is None:
            return model
        if self.first_entries > model.width:
            raise InputError(
                f"model {self.given!r} is to keep {self.first_entries} entries, but its vectors have {model.width}; "
                f"expected a number from 1 to {model.width} after '@'"
            )
        return FirstEntries(model, width=self.first_entries)

    def _load_whole(self) -> WordVectors:
        if self.kind.startswith(INSTALLED):
            return load_installed(self.kind)
        if self.kind == "sentence-transformers":
            return SentenceEncoder(Options(model=str(self.path.resolve()), device="cpu"))
        return BeastWords(self.path) if self.kind == "beast" else read_vectors(self.path)


def find_model(given: str) -> ModelSource:
    """What `given` is: `shipped`, `installed:NAME` or a path, perhaps `name=` before and `@entries` after it.

    Raises `InputError` if it cannot be evaluated.
    """
    name, target, entries = next((each for each in _readings(given) if _is_there(each[1])), (None, "", None))
    if not target:
        path = Path(given.partition("=")[2] or given).resolve()
        raise InputError(f"model {given!r}: there is nothing at {path}; {_EXPECTED}")
    if name == "":
        raise InputError(f"model {given!r} has no name before '='; {_EXPECTED}")
    if entries is not None and not (entries.isdecimal() and int(entries)):
        raise InputError(f"model {given!r} has {entries!r} after '@', expected how many entries to keep, 1 or more")
    own_name, kind, path = _located(target, given=given)
    if entries is None:
        return ModelSource(given, name or own_name, kind, path)
    return ModelSource(given, name or f"{own_name}@{entries}", kind, path, int(entries))


def _readings(given: str) -> Iterator[tuple[str | None, str, str | None]]:
    """Name, target and entries as `given` may mean them, the plainest first: a path may itself hold `=` and `@`."""
    name, separator, rest = given.partition("=")
    named = [(None, given), (name, rest)] if separator else [(None, given)]
    yield from ((name, target, None) for name, target in named)
    yield from ((name, *target.rpartition("@")[::2]) for name, target in named if "@" in target)


def _is_there(target: str) -> bool:
    if target.startswith(INSTALLED):
        return "@" not in target  # no package is called so: what follows is a number of entries
    return target == SHIPPED or (bool(target) and Path(target).exists())


def _located(target: str, *, given: str) -> tuple[str, str, Path]:
    """The name that it has of itself, its kind and its path."""
    if target.startswith(INSTALLED):
        return target, target, find_installed(target)
    if target == SHIPPED:
        return SHIPPED, "beast", SHIPPED_MODEL
    path = Path(target)
    return path.resolve().name, _kind(path, given=given), path


def _kind(path: Path, *, given: str) -> str:
    if is_vector_file(path):
        return "table"
    if path.is_file():
        raise InputError(f"model {given!r} is a file of an unknown kind, {_EXPECTED}")
    config, modules = path / CONFIG_FILE, path / MODULES_FILE
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


class FirstEntries:
    """The first `width` entries of the vectors of another model, brought to unit length again.

    How a Matryoshka model is used at a smaller width (Kusupati et al. 2022, arXiv 2205.13147).
    """

    def __init__(self, model: WordVectors, *, width: int) -> None:
        self._model, self.width = model, width

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `WordVectors`."""
        vectors, known = self._model.lookup(words)
        return unit_rows(vectors[:, : self.width]), known
