"""Folder <-> model. Two kinds of folder are read, one is written:

- ours: `config.json` + `model.safetensors`, compact (2-bit n-gram table with a scale and an offset a row, the rest
  float16) or full;
- a stock sentence-transformers folder that `st_beast` wrote (`modules.json`; our configuration rides in `config.json`).

Nothing is unpickled and nothing is fetched.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from beast_core.config import EncoderConfig
from beast_core.model_files import (
    CONFIG_FILE,
    MODULES_FILE,
    WEIGHTS_FILE,
    ModelFolderError,
    listing,
    read_json,
    replace_model_folder,
)
from beast_core.packing import pack_table, row_scales
from beast_core.shipped import model_folder
from beast_core.weights import Form, float_form, read_tensors

# To be raised when a folder is written that older versions of this package would misread or not understand, so that
# they say a newer version wrote it: new files or keys, another meaning or packing of what there was. A folder has the
# oldest version that knows all it holds; what was added to the configuration says since when, see `config.setting`.
# 4: `spelling`, of which there was only the first rule before. 5: `language`, `space` and `pooling`.
# 6: `input_norm`, `activation` and `padding`.
FORMAT_VERSION = 6
_READABLE = range(3, FORMAT_VERSION + 1)
CONFIG_KEY = "beast"
# Far beyond what training gives, and far enough from where the products and sums of an encoder leave float32.
_LARGEST_WEIGHT = 1e6
_OUTPUT = "projection.weight"


class Model(NamedTuple):
    """All that says which vector a word has: a configuration, and its weights by name as a folder holds them.

    Weights are float32, float16 or, of a table in 2 bits an entry (see `beast_core.packing`), uint8.
    """

    config: EncoderConfig
    weights: Mapping[str, np.ndarray]


def describe(config: EncoderConfig) -> dict[str, Any]:
    """What `config.json` says of an encoder: all it holds in our folders, one key among theirs in stock folders."""
    return {CONFIG_KEY: {"format_version": config.format_version, "encoder": config.to_dict()}}


def write_model(model: Model, path: str | Path) -> Path:
    """Writes the folder in one step (a crash leaves the old one or the new one) and returns its absolute path.

    The same model gives the same bytes. Raises `ModelFolderError` for weights that are not finite, `FileExistsError`
    for a path that holds something else, `OSError` if the disk is full.
    """
    # Reading a model needs none of it, and a process that only reads should not wait for it.
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    target = Path(path).resolve()
    check_values(model.weights, where=f"cannot save to {target}")
    weights = {name: np.ascontiguousarray(value) for name, value in model.weights.items()}
    with replace_model_folder(target) as folder:
        try:
            (folder / CONFIG_FILE).write_text(json.dumps(describe(model.config), indent=2) + "\n", encoding="utf-8")
            save_file(weights, folder / WEIGHTS_FILE, metadata={"format": "pt"})
        except (SafetensorError, OSError) as error:
            raise OSError(f"cannot write {target}: {error}; nothing was changed there") from error
    return target


def read_model(path: str | Path | None = None, *, language: str | None = None) -> Model:
    """The model in a folder of ours or in a stock folder, or that of a `language` that a model comes for. A `path` that
    is the name of such a language is that language; with neither, it is the Spanish one.

    A table is in 2 bits an entry wherever that loses nothing: of compact folders, as it is on disk, and of stock
    folders that were made of them. Raises `ModelFolderError` if the folder is not a whole, readable model, and what
    `shipped.model_folder` raises.
    """
    folder = model_folder(path, language=language)
    config = read_config(folder)
    model = _read_stock(folder, config) if (folder / MODULES_FILE).is_file() else _read_ours(folder, config)
    check_values(model.weights, where=f"cannot load {folder}")
    return model


def read_config(folder: Path) -> EncoderConfig:
    """The configuration in a model folder, without its weights. Raises `ModelFolderError`."""
    file = folder / CONFIG_FILE
    if not file.is_file():
        raise ModelFolderError(
            f"{folder} is no model folder: {CONFIG_FILE} is missing; found {listing(folder)}; save or copy the model "
            "again, or give the folder that it is in"
        )
    content = read_json(file)
    described = content.get(CONFIG_KEY) if isinstance(content, dict) else None
    if not isinstance(described, dict) or "format_version" not in described:
        raise ModelFolderError(
            f'{file} does not describe a BEAST model: expected a JSON object with "{CONFIG_KEY}" holding '
            f'"format_version" and "encoder", found {content!r:.80}'
        )
    version = described["format_version"]
    if type(version) is not int or version not in _READABLE:
        newer = type(version) is int and version > FORMAT_VERSION
        advice = "a newer version wrote it: pip install --upgrade beast-vectors" if newer else "train the model again"
        expected = f"{_READABLE[0]} to {FORMAT_VERSION}"
        raise ModelFolderError(f"{file} has format version {version!r:.40}, expected {expected}; {advice}")
    try:
        return EncoderConfig.from_folder(described.get("encoder"), version=version)
    except (ValueError, RecursionError) as error:
        raise ModelFolderError(f"{file}: {error!s:.1000}") from error


def _read_ours(folder: Path, config: EncoderConfig) -> Model:
    expected = {name: [float_form(shape)] for name, shape in config.weight_shapes.items()}
    for name, shape in config.quantised_tables.items():
        expected[name].append(Form(("U8",), shape))
    return Model(config, read_tensors(folder / WEIGHTS_FILE, expected=expected))


def _read_stock(folder: Path, config: EncoderConfig) -> Model:
    # Folders of ours need none of it, and a process that reads one should not wait for it.
    from beast_core.stock import from_stock, module_folders, to_stock

    modules = read_json(folder / MODULES_FILE)
    try:
        parts = [module["path"] for module in modules]
        known = list(module_folders(config))
    except (KeyError, TypeError) as error:
        raise ModelFolderError(f"{folder / MODULES_FILE} is no list of modules; save the model again") from error
    except ValueError as error:
        raise ModelFolderError(f"{folder}: {error}") from error
    if parts != known:
        raise ModelFolderError(
            f"{folder} is built of {parts!r:.200}, expected {known}: modules were added or taken away after it was "
            "written; use it with SentenceTransformer"
        )
    # Of these only the shapes are looked at: they have no memory of their own.
    shapes = {name: np.broadcast_to(np.False_, shape) for name, shape in config.weight_shapes.items()}
    state = {}
    for where, tensors in to_stock(shapes, config=config).items():
        expected = {name: [float_form(value.shape)] for name, value in tensors.items()}
        state[where] = read_tensors(folder / where / WEIGHTS_FILE, expected=expected, alone=False)
    with np.errstate(all="ignore"):  # of what is not finite, which `check_values` names
        try:
            weights, config = from_stock(lambda where, name: state[where][name], config=config)
        except ValueError as error:
            raise ModelFolderError(f"{folder}: {error}") from error
        return Model(config, {name: _compacted(name, value, config=config) for name, value in weights.items()})


def _compacted(name: str, value: np.ndarray, *, config: EncoderConfig) -> np.ndarray:
    """A weight as a compact folder has it, if that loses nothing; else in float32."""
    if name in config.quantised_tables:
        compact = pack_table(value)
    else:
        half = value.astype(np.float16)
        compact = half if np.array_equal(half, value) else None
    return value.astype(np.float32, copy=False) if compact is None else compact


def check_values(weights: Mapping[str, np.ndarray], *, where: str) -> None:
    """Raises `ModelFolderError` if weights are not finite or far too large, or if no word would have a vector."""
    numbers = {name: row_scales(value) if value.dtype == np.uint8 else value for name, value in weights.items()}
    ranges = {
        name: np.array([value.min(), value.max()], dtype=np.float32) for name, value in numbers.items() if value.size
    }
    if broken := [name for name, ends in ranges.items() if not np.isfinite(ends).all()]:
        raise ModelFolderError(f"{where}: NaN or infinite weights in {', '.join(broken)}; train or copy it again")
    if broken := [name for name, ends in ranges.items() if np.abs(ends).max() > _LARGEST_WEIGHT]:
        found = f"{np.abs(ranges[broken[0]]).max():.3g}"
        raise ModelFolderError(
            f"{where}: weights as large as {found} in {', '.join(broken)}, expected at most {_LARGEST_WEIGHT:,.0f}: "
            "vectors would overflow; train or copy it again"
        )
    if not ranges[_OUTPUT].any():
        raise ModelFolderError(f"{where}: {_OUTPUT} is all zeros, so that no word has a vector; train or copy it again")
