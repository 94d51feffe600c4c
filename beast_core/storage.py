"""Folder <-> encoder. Two kinds of folder are read, one is written:

- ours: `config.json` + `model.safetensors`, compact (2-bit n-gram table with a scale and an offset a row, the rest
  float16) or full;
- a stock sentence-transformers folder that `st_beast` wrote (`modules.json`; our configuration rides in `config.json`).

Nothing is unpickled and nothing is fetched.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from beast_core.config import EncoderConfig
from beast_core.encoder import BeastEncoder
from beast_core.forking import limit_threads_after_fork
from beast_core.model_files import (
    CONFIG_FILE,
    MODULES_FILE,
    WEIGHTS_FILE,
    ModelFolderError,
    listing,
    read_json,
    replace_model_folder,
)
from beast_core.shipped import model_folder
from beast_core.stock import from_stock, module_folders, to_stock
from beast_core.tables import PackedTable, module_of
from beast_core.weights import Form, float_form, read_tensors

# To be raised when a folder is written that older versions of this package would misread or not understand, so that
# they say a newer version wrote it: new files or keys, another meaning or packing of what there was. A folder has the
# oldest version that knows all it holds; what was added to the configuration says since when, see `config.setting`.
# 4: `spelling`, of which there was only the first rule before. 5: `language`, `space` and `pooling`.
FORMAT_VERSION = 5
_READABLE = range(3, FORMAT_VERSION + 1)
CONFIG_KEY = "beast"
# Far beyond what training gives, and far enough from where the products and sums of an encoder leave float32.
_LARGEST_WEIGHT = 1e6
_OUTPUT = "projection.weight"


def describe(config: EncoderConfig) -> dict[str, Any]:
    """What `config.json` says of an encoder: all it holds in our folders, one key among theirs in stock folders."""
    return {CONFIG_KEY: {"format_version": config.format_version, "encoder": config.to_dict()}}


def write_encoder(encoder: BeastEncoder, path: str | Path, *, compact: bool | None = True) -> Path:
    """Writes the folder in one step (a crash leaves the old one or the new one) and returns its absolute path.

    `compact` stores tables of n-grams in 2 bits an entry, everything else as float16; reading it back and writing it
    again gives the same bytes. It is for tables that were trained quantisation-aware, as `training.distill` does it; of
    others, such as those that were fine-tuned, quantising loses something, and `compact=False` keeps float32. None is
    compact if nothing is lost by it, and float32 if anything is.

    Raises `ModelFolderError` for weights that are not finite or, with `compact`, beyond the range of float16,
    `TypeError` for anything but an encoder, `FileExistsError` for a path that holds something else, `OSError` if the
    disk is full.
    """
    if not isinstance(encoder, BeastEncoder):
        raise TypeError(f"expected a BeastEncoder, found {type(encoder).__name__}; of a WordEncoder, pass its .encoder")
    target = Path(path).resolve()
    state = encoder.weights(packed=True)
    _check_values(state, where=f"cannot save to {target}")
    if compact is None or compact:
        compacted = _compacted(state, tables=encoder.config.quantised_tables, lossless=compact is None)
    else:
        compacted = None
    state = compacted or {name: value.float() for name, value in encoder.weights().items()}
    with replace_model_folder(target) as folder:
        try:
            (folder / CONFIG_FILE).write_text(json.dumps(describe(encoder.config), indent=2) + "\n", encoding="utf-8")
            save_file(state, folder / WEIGHTS_FILE, metadata={"format": "pt"})
        except (SafetensorError, OSError) as error:
            raise OSError(f"cannot write {target}: {error}; nothing was changed there") from error
    return target


def read_encoder(path: str | Path | None = None, *, language: str | None = None, packed: bool = False) -> BeastEncoder:
    """The encoder in a folder of ours or in a stock folder, or that of a `language` that a model comes for: on the CPU,
    in eval mode. A `path` that is the name of such a language is that language; with neither, it is the Spanish one.

    With `packed`, the n-gram table is read in 2 bits an entry wherever that loses nothing: of compact folders, as it is
    on disk, and of stock folders that were made of them. That is faster and smaller, but cannot be trained.

    Raises `ModelFolderError` if the folder is not a whole, readable model, and what `shipped.model_folder` raises.
    """
    folder = model_folder(path, language=language)
    limit_threads_after_fork()
    config = read_config(folder)
    if (folder / MODULES_FILE).is_file():
        state, config = _read_stock(folder, config)
    else:
        state = _read_ours(folder, config)
    encoder = _without_storage(config)
    for name in config.quantised_tables:
        if state[name].dtype == torch.uint8:
            encoder.set_submodule(module_of(name), PackedTable(state[name]))
    _check_values(state, where=f"cannot load {folder}")
    encoder.load_state_dict(state, assign=True)
    return (encoder.pack() if packed else encoder.unpack()).eval()


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


def _without_storage(config: EncoderConfig) -> BeastEncoder:
    with torch.device("meta"):
        return BeastEncoder(config)


def _read_ours(folder: Path, config: EncoderConfig) -> dict[str, Tensor]:
    expected = {name: [float_form(value)] for name, value in _without_storage(config).state_dict().items()}
    for name, shape in config.quantised_tables.items():
        expected[name].append(Form(("U8",), shape))
    state = read_tensors(folder / WEIGHTS_FILE, expected=expected)
    return {name: value if value.dtype == torch.uint8 else value.float() for name, value in state.items()}


def _read_stock(folder: Path, config: EncoderConfig) -> tuple[dict[str, Tensor], EncoderConfig]:
    modules = read_json(folder / MODULES_FILE)
    try:
        parts = [module["path"] for module in modules]
    except (KeyError, TypeError) as error:
        raise ModelFolderError(f"{folder / MODULES_FILE} is no list of modules; save the model again") from error
    if parts != (known := list(module_folders(config))):
        raise ModelFolderError(
            f"{folder} is built of {parts!r:.200}, expected {known}: modules were added or taken away after it was "
            "written; use it with SentenceTransformer"
        )
    theirs = to_stock(_without_storage(config).state_dict(), config=config)
    state = {}
    for where, tensors in theirs.items():
        expected = {name: [float_form(value)] for name, value in tensors.items()}
        state[where] = read_tensors(folder / where / WEIGHTS_FILE, expected=expected, alone=False)
    try:
        return from_stock(lambda where, name: state[where][name].float(), config=config)
    except ValueError as error:
        raise ModelFolderError(f"{folder}: {error}") from error


def _compacted(state: dict[str, Tensor], *, tables: Collection[str], lossless: bool) -> dict[str, Tensor] | None:
    """Tables in 2-bit rows, as they are if they are packed, float16 for the rest.

    None if it has to be `lossless` and reading it would not give the very same weights.
    """
    compacted = {name: value.half() for name, value in state.items() if name not in tables}
    if lossless and not all(value.to(state[name].dtype).equal(state[name]) for name, value in compacted.items()):
        return None
    pack = PackedTable.pack_without_loss if lossless else PackedTable.pack
    for name in tables:
        packed = state[name] if state[name].dtype == torch.uint8 else pack(state[name].float())
        if packed is None:
            return None
        compacted[name] = packed
    _check_values(compacted, where="cannot compact the model (save it with compact=False)")
    return compacted


def _check_values(state: dict[str, Tensor], *, where: str) -> None:
    numbers = {
        name: PackedTable.scales(value) if value.dtype == torch.uint8 else value for name, value in state.items()
    }
    ranges = {name: torch.stack(value.aminmax()).float() for name, value in numbers.items() if value.numel()}
    if broken := [name for name, ends in ranges.items() if not ends.isfinite().all()]:
        raise ModelFolderError(f"{where}: NaN or infinite weights in {', '.join(broken)}; train or copy it again")
    if broken := [name for name, ends in ranges.items() if ends.abs().max() > _LARGEST_WEIGHT]:
        found = f"{ranges[broken[0]].abs().max():.3g}"
        raise ModelFolderError(
            f"{where}: weights as large as {found} in {', '.join(broken)}, expected at most {_LARGEST_WEIGHT:,.0f}: "
            "vectors would overflow; train or copy it again"
        )
    if not ranges[_OUTPUT].any():
        raise ModelFolderError(f"{where}: {_OUTPUT} is all zeros, so that no word has a vector; train or copy it again")
