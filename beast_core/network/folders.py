"""Folder <-> network."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from beast_core.model_files import ModelFolderError
from beast_core.network.encoder import BeastEncoder
from beast_core.network.forking import limit_threads_after_fork
from beast_core.network.tables import PackedTable, fake_quantise, module_of
from beast_core.packing import pack_table
from beast_core.storage import Model, check_values, read_model, write_model

_CANNOT_COMPACT = "cannot compact the model (save it with compact=False)"
# What is computed of so many rows stays in a core's cache.
_ROWS_AT_ONCE = 2048


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
        raise TypeError(f"expected a BeastEncoder, found {type(encoder).__name__}; of a WordEncoder, write its .model")
    return write_model(stored(encoder, compact=compact, where=f"cannot save to {Path(path).resolve()}"), path)


def stored(encoder: BeastEncoder, *, compact: bool | None, where: str) -> Model:
    """An encoder's weights as a folder holds them, `compact` as for `write_encoder`; errors begin with `where`."""
    state = encoder.weights(packed=True)
    check_values({name: _array(value) for name, value in state.items()}, where=where)
    if compact is not False:
        tables = encoder.config.quantised_tables
        if (compacted := _compacted(state, tables=tables, lossless=compact is None)) is not None:
            return Model(encoder.config, compacted)
    return Model(encoder.config, {name: _array(value) for name, value in encoder.weights().items()})


def read_encoder(path: str | Path | None = None, *, language: str | None = None, packed: bool = False) -> BeastEncoder:
    """The encoder in a folder of ours or in a stock folder, or that of a `language` that a model comes for: on the CPU,
    in eval mode. A `path` that is the name of such a language is that language; with neither, it is the Spanish one.

    With `packed`, the n-gram table stays in 2 bits an entry wherever that loses nothing. That is smaller, but cannot be
    trained. Raises what `beast_core.storage.read_model` raises.
    """
    return network_of(read_model(path, language=language), packed=packed)


def network_of(model: Model, *, packed: bool = False) -> BeastEncoder:
    """The network with a model's weights, in float32; `packed` as for `read_encoder`."""
    limit_threads_after_fork()
    with torch.device("meta"):
        encoder = BeastEncoder(model.config)
    state = {name: torch.from_numpy(value) for name, value in model.weights.items()}
    for name in model.config.quantised_tables:
        if state[name].dtype == torch.uint8:
            encoder.set_submodule(module_of(name), PackedTable(state[name]))
    own = {name: value if value.dtype == torch.uint8 else value.float() for name, value in state.items()}
    encoder.load_state_dict(own, assign=True)
    return (encoder if packed else encoder.unpack()).eval()


def _array(value: Tensor) -> np.ndarray:
    array: np.ndarray = (value if value.dtype == torch.uint8 else value.float()).numpy()
    return array


def _compacted(state: dict[str, Tensor], *, tables: Collection[str], lossless: bool) -> dict[str, np.ndarray] | None:
    """Tables in 2-bit rows, as they are if they are packed, float16 for the rest.

    None if it has to be `lossless` and reading it would not give the very same weights.
    """
    halves = {name: value.half() for name, value in state.items() if name not in tables}
    if lossless and not all(value.to(state[name].dtype).equal(state[name]) for name, value in halves.items()):
        return None
    compacted: dict[str, np.ndarray] = {name: value.numpy() for name, value in halves.items()}
    for name in tables:
        table = state[name]
        packed = (
            table.numpy()
            if table.dtype == torch.uint8
            else pack_table(_array(table if lossless else _quantised(table)))
        )
        if packed is None and lossless:
            return None
        if packed is None:
            raise ModelFolderError(
                f"{_CANNOT_COMPACT}: values beyond the range of float16 in {name}; train or copy it again"
            )
        compacted[name] = packed
    check_values(compacted, where=_CANNOT_COMPACT)
    return compacted


def _quantised(table: Tensor) -> Tensor:
    return torch.cat([fake_quantise(rows) for rows in table.split(_ROWS_AT_ONCE)])
