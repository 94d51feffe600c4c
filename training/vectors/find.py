"""What can be evaluated and timed: anything on this machine that gives vectors to words.

- `shipped`: the Spanish model in the package; a language that a model comes for, such as `de`: that one;
- a path that one of `training.vectors.WAYS` recognises: a BEAST model's folder, ours or the sentence-transformers
  folder of one; any other sentence-transformers folder; a table of words and vectors, see `training/vectors/files.py`;
- `installed:NAME`: a model that comes as a Python package, such as `installed:universal-sentence-encoder`;
- the settings of a teacher, such as `training/configs/teachers/table.toml`: any way, with any options.

Each also as the first entries of its vectors: `shipped@64`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beast_core.shipped import model_folder, shipped_languages
from training.common.errors import InputError
from training.common.files import size_on_disk
from training.common.rows import unit_rows
from training.common.settings import read_values
from training.vectors import WAYS, PlacedVectors, Way, find_way, read_options
from training.vectors.files import VECTOR_FILES

SHIPPED = "shipped"
INSTALLED = "installed:"
_SETTINGS = ".toml"
_EXPECTED = (
    f"expected 'shipped', a language that a model comes for, a model folder, or a table ({VECTOR_FILES}), or "
    f"{INSTALLED}NAME, or a teacher's settings ({_SETTINGS}); name=path gives it a name, path@64 keeps the first 64 "
    "entries of its vectors"
)


@dataclass(frozen=True)
class ModelSource:
    """A model that is known to be there but not loaded yet.

    `given` is what `find_model` found it by. `way` is one of `training.vectors.WAYS`, with its `options`. Of the
    vectors the `first_entries` are kept, or all.
    """

    given: str
    name: str
    way: str
    options: Any
    path: Path
    first_entries: int | None = None

    @property
    def kind(self) -> str:
        """The way's name as people write it; of what is installed, `installed:` before it."""
        return (INSTALLED if find_way(self.way).installed else "") + self.way.replace("_", "-")

    @property
    def size(self) -> int:
        """Bytes on disk; of a NumPy table without its words."""
        return size_on_disk(self.path)

    @property
    def libraries(self) -> tuple[str, ...]:
        """Modules that it works with but are imported only when it is loaded."""
        return find_way(self.way).libraries(self.options)

    def load(self) -> PlacedVectors:
        """Reads the model. Raises `InputError`, or `ModelFolderError` for a BEAST folder."""
        open_vectors = find_way(self.way).open
        assert open_vectors  # `find_model` has seen to it
        model = open_vectors(self.options)
        if self.first_entries is None:
            return model
        if self.first_entries > model.width:
            raise InputError(
                f"model {self.given!r} is to keep {self.first_entries} entries, but its vectors have {model.width}; "
                f"expected a number from 1 to {model.width} after '@'"
            )
        return FirstEntries(model, width=self.first_entries)


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
    try:
        way, options, path = _located(target, given=given)
    except InputError:
        raise
    except (ValueError, ImportError) as error:
        raise InputError(f"model {given!r}: {error}") from error
    is_name = target in (SHIPPED, *shipped_languages()) or target.startswith(INSTALLED)
    own_name = target if is_name else Path(target).resolve().name
    if entries is None:
        return ModelSource(given, name or own_name, way, options, path)
    return ModelSource(given, name or f"{own_name}@{entries}", way, options, path, int(entries))


def _readings(given: str) -> Iterator[tuple[str | None, str, str | None]]:
    """Name, target and entries as `given` may mean them, the plainest first: a path may itself hold `=` and `@`."""
    name, separator, rest = given.partition("=")
    named = [(None, given), (name, rest)] if separator else [(None, given)]
    yield from ((name, target, None) for name, target in named)
    yield from ((name, *target.rpartition("@")[::2]) for name, target in named if "@" in target)


def _is_there(target: str) -> bool:
    if target.startswith(INSTALLED):
        return "@" not in target  # no package is called so: what follows is a number of entries
    return target == SHIPPED or target in shipped_languages() or (bool(target) and Path(target).exists())


def _located(target: str, *, given: str) -> tuple[str, Any, Path]:
    """The way, its options and where it lies."""
    if target == SHIPPED:
        name, options = "beast", read_options("beast", options={})
    elif target in shipped_languages():
        name, options = "beast", read_options("beast", options={"model": str(model_folder(target))})
    elif target.startswith(INSTALLED):
        name = target.removeprefix(INSTALLED).replace("-", "_")
        if name not in (installed := [each for each, way in _ways() if way.installed]):
            known = " or ".join(INSTALLED + each.replace("_", "-") for each in installed)
            raise InputError(f"model {given!r} is unknown, expected {known}")
        options = find_way(name).options()
    elif target.endswith(_SETTINGS):
        return _from_settings(Path(target), given=given)
    else:
        path = Path(target)
        name, options = _recognised(path, given=given)
        return name, options, path
    return name, options, _path(name, options)


def _path(name: str, options: Any) -> Path:
    path = find_way(name).path
    assert path
    return path(options)


def _ways() -> Iterator[tuple[str, Way[Any]]]:
    """All whose packages are there."""
    for name in WAYS:
        try:
            yield name, find_way(name)
        except ValueError:
            continue


def _recognised(path: Path, *, given: str) -> tuple[str, Any]:
    for name, way in _ways():
        if (options := way.recognise(path)) is not None:
            return name, options
    if path.is_file():
        raise InputError(f"model {given!r} is a file of an unknown kind, {_EXPECTED}")
    names = sorted(entry.name for entry in path.iterdir())[:8]
    found = f"a folder without config.json and modules.json (it holds {names})"
    raise InputError(f"model {given!r} is {found}; {_EXPECTED}")


def _from_settings(file: Path, *, given: str) -> tuple[str, Any, Path]:
    values = read_values(file)
    name, given_options = values.get("teacher", ""), values.get("options", {})
    if not isinstance(given_options, dict):
        raise InputError(f"model {given!r}: options is {given_options!r}, expected a table")
    options = read_options(name, options=given_options)
    if find_way(name).open is None:
        raise InputError(
            f"model {given!r}: {name} is paid for, or made for a word list: teach a table with python -m "
            f"training.teach {file}, and give that table"
        )
    return name, options, _path(name, options)


class FirstEntries:
    """The first `width` entries of the vectors of another model, brought to unit length again.

    How a Matryoshka model is used at a smaller width (Kusupati et al. 2022, arXiv 2205.13147).
    """

    def __init__(self, model: PlacedVectors, *, width: int) -> None:
        self._model, self.width = model, width
        self.language, self.space = model.language, model.space

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `WordVectors`."""
        vectors, known = self._model.lookup(words)
        return unit_rows(vectors[:, : self.width]), known
