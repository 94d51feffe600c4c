"""Folder <-> encoder. Two kinds of folder are read, one is written:

- ours: `config.json` + `model.safetensors`, compact (2-bit n-gram table with a scale and an offset a row, the rest
  float16) or full;
- a stock sentence-transformers folder that `st_beast` wrote (`modules.json`; our configuration rides in `config.json`).

Nothing is unpickled and nothing is fetched.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from beast_core.config import EncoderConfig
from beast_core.encoder import BeastEncoder
from beast_core.forking import limit_threads_after_fork
from beast_core.model_files import CONFIG_FILE, MODULES_FILE, WEIGHTS_FILE, replace_model_folder
from beast_core.stock import from_stock, module_folders
from beast_core.tables import NGRAM_TABLE, PackedTable

# To be raised when a folder is written that older versions of this package would misread or not understand, so that
# they say a newer version wrote it: new files or keys, another meaning or packing of what there was. What this version
# still reads stays listed, with what it lacks. 4: `spelling`, of which there was only the first rule before.
FORMAT_VERSION = 4
_ADDED_SINCE: dict[int, dict[str, Any]] = {FORMAT_VERSION: {}, 3: {"spelling": 1}}
CONFIG_KEY = "beast"
SHIPPED_MODEL = Path(__file__).parent / "pretrained" / "es"


class ModelFolderError(ValueError):
    """A folder that is not a model this version can read; the message names the path, what was found and expected."""


def describe(config: EncoderConfig) -> dict[str, Any]:
    """What `config.json` says of an encoder: all it holds in our folders, one key among theirs in stock folders."""
    return {CONFIG_KEY: {"format_version": FORMAT_VERSION, "encoder": config.to_dict()}}


def write_encoder(encoder: BeastEncoder, path: str | Path, *, compact: bool | None = True) -> Path:
    """Writes the folder in one step (a crash leaves the old one or the new one) and returns its absolute path.

    `compact` stores the n-gram table in 2 bits an entry, everything else as float16; reading it back and writing it
    again gives the same bytes. It is for a table that was trained quantisation-aware, as `training.distill` does it; of
    another, such as one that was fine-tuned, quantising loses something, and `compact=False` keeps float32. None is
    compact if nothing is lost by it, and float32 if anything is.

    Raises `ModelFolderError` for weights that are not finite or, with `compact`, beyond the range of float16,
    `TypeError` for anything but an encoder, `FileExistsError` for a path that holds something else, `OSError` if the
    disk is full.
    """
    if not isinstance(encoder, BeastEncoder):
        raise TypeError(f"expected a BeastEncoder, found {type(encoder).__name__}; of a WordEncoder, pass its .encoder")
    target = Path(path).resolve()
    state = encoder.weights(packed=True)
    _check_finite(state, where=f"cannot save to {target}")
    if compact:
        state = _compacted(state)
    else:
        lossless = _compacted_without_loss(state) if compact is None else None
        state = lossless or {name: value.float() for name, value in encoder.weights().items()}
    with replace_model_folder(target) as folder:
        try:
            (folder / CONFIG_FILE).write_text(json.dumps(describe(encoder.config), indent=2) + "\n", encoding="utf-8")
            save_file(state, folder / WEIGHTS_FILE, metadata={"format": "pt"})
        except (SafetensorError, OSError) as error:
            raise OSError(f"cannot write {target}: {error}; nothing was changed there") from error
    return target


def read_encoder(path: str | Path | None = None, *, packed: bool = False) -> BeastEncoder:
    """The encoder in a folder of ours or in a stock folder; `None` is the shipped model. On the CPU, in eval mode.

    With `packed`, the n-gram table is read in 2 bits an entry wherever that loses nothing: of compact folders, as it is
    on disk, and of stock folders that were made of them. That is faster and smaller, but cannot be trained.

    Raises `FileNotFoundError` if there is no such folder, `TypeError` if `path` is no path, and `ModelFolderError` if
    it is not a whole, readable model.
    """
    if path is not None and (not isinstance(path, str | Path) or not str(path)):
        raise TypeError(f"path is {path!r}, expected the path of a model folder, or None for the shipped model")
    folder = (SHIPPED_MODEL if path is None else Path(path)).resolve()
    if not folder.is_dir():
        found = "a file" if folder.exists() else "nothing"
        raise FileNotFoundError(f"no model at {folder} (given: {str(path)!r}): found {found}, expected a model folder")
    limit_threads_after_fork()
    config = read_config(folder)
    if (folder / MODULES_FILE).is_file():
        state, config = _read_stock(folder, config)
    else:
        state = _read_ours(folder / WEIGHTS_FILE, config=config)
    with torch.device("meta"):
        encoder = BeastEncoder(config)
        if state.get(NGRAM_TABLE, torch.empty(0)).dtype == torch.uint8:
            encoder.ngram_embedding = PackedTable(torch.empty(_packed_shape(config), dtype=torch.uint8))
    _check_shapes(state, encoder.state_dict(), where=str(folder))
    _check_finite(state, where=f"cannot load {folder}")
    encoder.load_state_dict(state, assign=True)
    return (encoder.pack() if packed else encoder.unpack()).eval()


def read_config(folder: Path) -> EncoderConfig:
    """The configuration in a model folder, without its weights. Raises `ModelFolderError`."""
    file = folder / CONFIG_FILE
    if not file.is_file():
        raise ModelFolderError(f"{folder} is no model folder: {CONFIG_FILE} is missing; found {_listing(folder)}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        described = content[CONFIG_KEY]
        version = described["format_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFolderError(
            f'{file} does not describe a BEAST model: expected a JSON object with "{CONFIG_KEY}" holding '
            f'"format_version" and "encoder" ({type(error).__name__}: {error})'
        ) from error
    if type(version) is not int or version not in _ADDED_SINCE:
        newer = type(version) is int and version > FORMAT_VERSION
        advice = "a newer version wrote it: pip install --upgrade beast-vectors" if newer else "train the model again"
        expected = " or ".join(map(str, sorted(_ADDED_SINCE)))
        raise ModelFolderError(f"{file} has format version {version!r:.40}, expected {expected}; {advice}")
    encoder = described.get("encoder")
    try:
        return EncoderConfig.from_dict(_ADDED_SINCE[version] | encoder if isinstance(encoder, dict) else encoder)
    except ValueError as error:
        raise ModelFolderError(f"{file}: {error}") from error


def _read_ours(file: Path, *, config: EncoderConfig) -> dict[str, Tensor]:
    state = _load_tensors(file)
    shape = _packed_shape(config)
    packed = {NGRAM_TABLE: state.pop(NGRAM_TABLE)} if _is_packed(state.get(NGRAM_TABLE), shape=shape) else {}
    if wrong := [name for name, value in state.items() if not value.is_floating_point()]:
        found = ", ".join(f"{name} of {state[name].dtype} and shape {tuple(state[name].shape)}" for name in wrong)
        raise ModelFolderError(
            f"found {found} in {file}, expected floating point or, for {NGRAM_TABLE} "
            f"alone, torch.uint8 and shape {shape}; save or copy the model again"
        )
    return {name: value.float() for name, value in state.items()} | packed


def _packed_shape(config: EncoderConfig) -> tuple[int, int]:
    return config.quantised_tables.get(NGRAM_TABLE, (0, 0))


def _is_packed(tensor: Tensor | None, *, shape: tuple[int, int]) -> bool:
    return tensor is not None and tensor.dtype == torch.uint8 and tensor.shape == shape


def _load_tensors(file: Path) -> dict[str, Tensor]:
    if not file.is_file():
        raise ModelFolderError(f"{file} is missing; {file.parent} holds {_listing(file.parent)}")
    try:
        return load_file(file)
    except (SafetensorError, OSError) as error:
        size = file.stat().st_size
        raise ModelFolderError(
            f"{file} ({size:,} bytes) is not a whole safetensors file: {error}; "
            "it is truncated, or another format (pickles are never read); save or copy the model again"
        ) from error


def _read_stock(folder: Path, config: EncoderConfig) -> tuple[dict[str, Tensor], EncoderConfig]:
    def read(where: str, name: str) -> Tensor:
        file = folder / where / WEIGHTS_FILE
        try:
            with safe_open(file, framework="pt") as tensors:
                tensor: Tensor = tensors.get_tensor(name).float()
                return tensor
        except (SafetensorError, OSError) as error:
            raise ModelFolderError(f"cannot read {name} from {file}: {error}; save the model again") from error

    modules = folder / MODULES_FILE
    try:
        parts = [module["path"] for module in json.loads(modules.read_text(encoding="utf-8"))]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFolderError(f"{modules} is no list of modules ({error}); save the model again") from error
    if parts != (expected := list(module_folders(config))):
        raise ModelFolderError(
            f"{folder} is built of {parts}, expected {expected}: modules were added or taken away after it was "
            "written; use it with SentenceTransformer"
        )
    try:
        return from_stock(read, config=config)
    except ModelFolderError:
        raise
    except (RuntimeError, ValueError) as error:
        raise ModelFolderError(f"{folder}: {error}") from error


def _compacted(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The table in 2-bit rows, as they are if it is packed, float16 for the rest."""
    compacted = {name: value.half() for name, value in state.items() if name != NGRAM_TABLE}
    if NGRAM_TABLE in state:
        table = state[NGRAM_TABLE]
        compacted[NGRAM_TABLE] = table if table.dtype == torch.uint8 else PackedTable.pack(table.float())
    _check_finite(compacted, where="cannot compact the model (save it with compact=False)")
    return compacted


def _compacted_without_loss(state: dict[str, Tensor]) -> dict[str, Tensor] | None:
    """The same, if reading it gives the very same weights; None if not."""
    compacted = {name: value.half() for name, value in state.items() if name != NGRAM_TABLE}
    if not all(value.to(state[name].dtype).equal(state[name]) for name, value in compacted.items()):
        return None
    if NGRAM_TABLE in state:
        table = state[NGRAM_TABLE]
        packed = PackedTable(table) if table.dtype == torch.uint8 else PackedTable.without_loss(table.float())
        if packed is None:
            return None
        compacted[NGRAM_TABLE] = packed.weight
    return compacted


def _check_shapes(found: dict[str, Tensor], expected: dict[str, Tensor], *, where: str) -> None:
    problems = [f"{name} is missing" for name in sorted(set(expected) - set(found))]
    problems += [f"{name} is not part of the encoder" for name in sorted(set(found) - set(expected))]
    problems += [
        f"{name} has shape {tuple(found[name].shape)}, expected {tuple(expected[name].shape)}"
        for name in sorted(set(expected) & set(found))
        if found[name].shape != expected[name].shape
    ]
    if problems:
        more = f"; and {len(problems) - 8} more" if len(problems) > 8 else ""
        raise ModelFolderError(f"the weights in {where} do not fit its {CONFIG_FILE}: {'; '.join(problems[:8])}{more}")


def _check_finite(state: dict[str, Tensor], *, where: str) -> None:
    numbers = {name: value for name, value in state.items() if value.is_floating_point()}
    if NGRAM_TABLE in state and NGRAM_TABLE not in numbers:
        numbers[NGRAM_TABLE] = PackedTable.scales(state[NGRAM_TABLE])
    broken = [name for name, value in numbers.items() if not value.isfinite().all()]
    if broken:
        raise ModelFolderError(f"{where}: NaN or infinite weights in {', '.join(broken)}; train or copy it again")


def _listing(folder: Path) -> str:
    names = sorted(entry.name for entry in folder.iterdir())
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "") if names else "nothing"
