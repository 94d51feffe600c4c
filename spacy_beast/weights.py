"""A model as bytes, and whether two models give the same vectors."""

import tempfile
from pathlib import Path

import numpy as np
import srsly

from beast_core import Model, ModelFolderError, read_model, write_model

_MODEL_FILES = ("config.json", "model.safetensors")


def model_to_bytes(model: Model) -> bytes:
    """The files of a model folder as one byte string: the same weights give the same bytes, and lose nothing."""
    with tempfile.TemporaryDirectory() as folder:
        written = write_model(model, Path(folder) / "model")
        return bytes(srsly.msgpack_dumps({name: (written / name).read_bytes() for name in _MODEL_FILES}))


def model_from_bytes(data: bytes) -> Model:
    """Reads what `model_to_bytes` wrote. Raises `beast_core.ModelFolderError` for anything else."""
    files = unpack_message(data, expected="the model that spacy_beast writes")
    found = {name: content for name in _MODEL_FILES if isinstance(content := files.get(name), bytes)}
    if missing := [name for name in _MODEL_FILES if name not in found]:
        raise ModelFolderError(f"the bytes of a model lack {' and '.join(missing)}: save or send them again")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in found.items():
            (Path(folder) / name).write_bytes(content)
        try:
            return read_model(Path(folder))
        except ModelFolderError as error:
            told = str(error).replace(str(Path(folder).resolve()), "<bytes>")
            raise ModelFolderError(f"the bytes of a model are damaged: {told}") from error


def unpack_message(data: bytes, *, expected: str) -> dict[str, object]:
    """The fields of a message by name. Raises `beast_core.ModelFolderError` if there are none to be read."""
    try:
        message = srsly.msgpack_loads(data)
    except Exception as error:  # msgpack has an error of its own for each way to be damaged
        raise ModelFolderError(
            f"{len(data):,} bytes are not {expected} ({type(error).__name__}: {error}): save or send them again"
        ) from error
    if not isinstance(message, dict):
        found = type(message).__name__
        raise ModelFolderError(f"found a {found} in the bytes, expected {expected}: save or send them again")
    return message


def same_weights(model: Model, *, other: Model) -> bool:
    """Whether two models give every word the same vector."""
    if model.config.network != other.config.network:
        return False
    return all(np.array_equal(value, other.weights[name]) for name, value in model.weights.items())
