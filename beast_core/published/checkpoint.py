"""The weights of a checkpoint as those of our encoder; `Unsaid` and `ModuleNames` tell what weights do not say."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beast_core.families.flatten import FlattenConfig
from beast_core.model_files import WEIGHTS_FILE, ModelFolderError
from beast_core.positions import sinusoidal_positions
from beast_core.storage import Model, check_values
from beast_core.weights import float_form, misfits, read_header, read_tensors

# What `torch.nn.TransformerEncoderLayer` calls the parts of a block.
_BLOCK = {
    "query_key_value.weight": "self_attn.in_proj_weight",
    "query_key_value.bias": "self_attn.in_proj_bias",
    "attention_output.weight": "self_attn.out_proj.weight",
    "attention_output.bias": "self_attn.out_proj.bias",
    "attention_norm.weight": "norm1.weight",
    "attention_norm.bias": "norm1.bias",
    "up.weight": "linear1.weight",
    "up.bias": "linear1.bias",
    "down.weight": "linear2.weight",
    "down.bias": "linear2.bias",
    "feed_forward_norm.weight": "norm2.weight",
    "feed_forward_norm.bias": "norm2.bias",
}
_EMBEDDING = "byte_embedding.weight"
# Tables are computed in float32 and often by an exponential of a logarithm; some are kept in half precision.
_TOLERANCE = {"F32": 1e-4, "F16": 1e-3, "BF16": 1e-2}
_SPELLING = 1  # the rule that changes least: case, if it is not kept, and composition


@dataclass(frozen=True, kw_only=True)
class ModuleNames:
    """What the modules of a checkpoint are called in it; `positions` is the whole name of its table, if it has one."""

    embedding: str = "embedding"
    layers: str = "transformer.layers"
    projection: str = "projection"
    input_norm: str = "norm"
    positions: str = ""

    def theirs(self, ours: str) -> str:
        """The name in the checkpoint of one of our weights."""
        module, _, kind = ours.rpartition(".")
        if block := re.fullmatch(r"blocks\.(\d+)\.(.+)", ours):
            return f"{self.layers}.{block[1]}.{_BLOCK[block[2]]}"
        modules = {"byte_embedding": self.embedding, "projection": self.projection, "input_norm": self.input_norm}
        return f"{modules[module]}.{kind}"


@dataclass(frozen=True, kw_only=True)
class Unsaid:
    """What the weights do not say. Beside `heads`, the defaults are what torch does where nothing else is said.

    `padding_row` is the row of the embedding that stands after a word: of 256 rows, those of the bytes, it replaces the
    byte 0; the one row more of 257 is the first, so that bytes begin at 1, or the last. `scaled`: embeddings are
    multiplied by the square root of their width before positions are added. The others are `FlattenConfig`'s.
    """

    heads: int
    activation: str = "relu"
    padding: str = "attended"
    input_norm: str = "none"
    causal: bool = False
    lowercase: bool = True
    language: str = ""
    padding_row: int | None = None
    scaled: bool = False


def convert_checkpoint(path: str | Path, *, unsaid: Unsaid, names: ModuleNames | None = None) -> Model:
    """The model whose weights are in a safetensors file, or in the folder of one; `write_model` writes it.

    Its vectors are those of the torch module in evaluation, followed by the projection of its positions one after the
    other, tanh and L2. Raises `ModelFolderError` that lists all that does not fit: names, shapes, types, a table of
    positions that is another, a vocabulary that is not bytes, weights that are not finite.
    """
    names = names or ModuleNames()
    file = Path(path) / WEIGHTS_FILE if Path(path).is_dir() else Path(path)
    header = read_header(file)
    config, rows = _configuration(header, file=file, names=names, unsaid=unsaid)
    shapes = {**config.weight_shapes, _EMBEDDING: (rows, config.hidden_width)}
    expected = {names.theirs(ours): [float_form(shape)] for ours, shape in shapes.items()}
    if names.positions:
        expected[names.positions] = [float_form(_position_shape(header, name=names.positions, config=config))]
    problems = [_explained(each, header=header) for each in misfits(header, expected=expected, alone=True)]
    first_byte, problem = _first_byte(rows, padding_row=unsaid.padding_row)
    if problems := problems + ([problem] if problem else []):
        raise ModelFolderError(f"{file} is no checkpoint that can be converted: {'; '.join(problems)}")
    tensors = read_tensors(file, expected=expected)
    if name := names.positions:
        dtype = header[name]["dtype"]
        if problem := _wrong_positions(tensors[name], window=config.window, tolerance=_TOLERANCE[dtype]):
            raise ModelFolderError(f"{file}: {name} {problem}")
    weights = {ours: tensors[names.theirs(ours)] for ours in shapes}
    weights[_EMBEDDING] = _by_byte(weights[_EMBEDDING], first_byte=first_byte, unsaid=unsaid)
    check_values(weights, where=f"cannot convert {file}")
    return Model(config, weights)


def _configuration(
    header: Mapping[str, Any], *, file: Path, names: ModuleNames, unsaid: Unsaid
) -> tuple[FlattenConfig, int]:
    """What the shapes of three matrices and the number of blocks say, with what is told; and rows of the embedding."""
    telling = [names.theirs(ours) for ours in (_EMBEDDING, "blocks.0.up.weight", "projection.weight")]
    shapes = [_shape(header, name) for name in telling]
    if absent := [name for name, shape in zip(telling, shapes, strict=True) if len(shape) != 2 or not all(shape)]:
        raise ModelFolderError(
            f"{file} has no {', no '.join(absent)} of two dimensions, which say how wide and how many the layers are; "
            f"it holds {_listing(header)}; say what the modules are called, as in --names projection=fc"
        )
    (rows, width), (inner, _), (output_width, flattened) = shapes
    if flattened % width:
        raise ModelFolderError(
            f"{file}: {telling[2]} takes {flattened:,} numbers, expected a multiple of the width of the embeddings, "
            f"{width:,}: all positions of a word, one after the other"
        )
    blocks = [found[1] for name in header if (found := re.match(rf"{re.escape(names.layers)}\.(\d+)\.", name))]
    try:
        config = FlattenConfig(
            layers=1 + max(map(int, blocks)),
            heads=unsaid.heads,
            hidden_width=width,
            feed_forward_width=inner,
            output_width=output_width,
            window=flattened // width,
            causal=unsaid.causal,
            lowercase=unsaid.lowercase,
            spelling=_SPELLING,
            language=unsaid.language,
            input_norm=unsaid.input_norm,
            activation=unsaid.activation,
            padding=unsaid.padding,
        )
    except ValueError as error:
        raise ModelFolderError(f"{file}: {error}") from error
    return config, rows


def _shape(header: Mapping[str, Any], name: str) -> tuple[int, ...]:
    """The shape that a header says of a tensor; () if it says none."""
    entry = header.get(name)
    shape = entry.get("shape") if isinstance(entry, dict) else None
    numbers = isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape)
    return tuple(shape) if numbers and shape else ()


def _listing(header: Mapping[str, Any]) -> str:
    """The names of tensors, those of blocks once."""
    return ", ".join(sorted({re.sub(r"\.\d+\.", ".*.", name) for name in header})[:40]) or "nothing"


def _explained(problem: str, *, header: Mapping[str, Any]) -> str:
    """A misfit, with what to do if it is a tensor that may have a name to be told."""
    name = problem.partition(" ")[0]
    if not problem.endswith("not part of the encoder"):
        return problem
    if len(_shape(header, name)) == 1:
        return (
            f"{problem} (if it is of a norm of the embeddings: --input-norm weighted, --names input_norm=MODULE; with "
            "a norm after the last block it is another encoder)"
        )
    return f"{problem} (if it is a table of positions: --names positions={name})"


def _first_byte(rows: int, *, padding_row: int | None) -> tuple[int, str]:
    """The row of the byte 0, or what is wrong."""
    if rows == 257 and padding_row in (0, 256):
        return int(padding_row == 0), ""
    if rows == 256 and padding_row in (None, 0):
        return 0, ""
    if rows in (256, 257):
        known = "--padding-row 0, if bytes begin at row 1, or 256" if rows == 257 else "none or 0"
        return 0, f"the embedding has {rows} rows and the padding row {padding_row}, expected {known}"
    return 0, (
        f"the embedding has {rows:,} rows, expected 256, one a byte, or 257, one of them for padding: this encoder has "
        "no markers around a word and no other symbols"
    )


def _by_byte(table: np.ndarray, *, first_byte: int, unsaid: Unsaid) -> np.ndarray:
    """`(rows, width)` -> `(256, width)`. Padding is the byte 0, which no word has."""
    rows = table[first_byte : first_byte + 256].copy()
    rows[0] = table[unsaid.padding_row or 0]
    return rows.astype(np.float32) * np.float32(rows.shape[1] ** 0.5) if unsaid.scaled else rows


def _position_shape(header: Mapping[str, Any], *, name: str, config: FlattenConfig) -> tuple[int, ...]:
    """The shape of a table of positions: as it is, if it is one of at least the window, perhaps with a batch of 1."""
    shape = _shape(header, name)
    rows = max(shape[:-1], default=0)
    fits = shape[-1:] == (config.hidden_width,) and len(shape) < 4 and rows == math.prod(shape[:-1])
    return shape if fits and rows >= config.window else (config.window, config.hidden_width)


def _wrong_positions(table: np.ndarray, *, window: int, tolerance: float) -> str:
    """What is wrong with a table of positions, if anything."""
    rows = table.reshape(-1, table.shape[-1])[:window].astype(np.float32)
    differences = np.abs(rows - sinusoidal_positions(window, width=rows.shape[1])).max(axis=1)
    row = int(differences.argmax())  # NaN counts as the largest
    if differences[row] <= tolerance:
        return ""
    return (
        "is not the table of sines and cosines (sin, cos, sin, cos, ... along a row) that this encoder computes: row "
        f"{row} differs by {differences[row]:.2g}; learnt positions and other orders cannot be converted"
    )
