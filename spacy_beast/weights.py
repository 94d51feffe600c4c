"""An encoder's weights inside other files: the folder, and the bytes, that a saved pipeline carries."""

import tempfile
from pathlib import Path

import srsly

from beast_core import BeastEncoder, ModelFolderError, read_encoder, write_encoder

_MODEL_FILES = ("config.json", "model.safetensors")


def write_unchanged(encoder: BeastEncoder, *, path: Path) -> None:
    """Writes a model folder: compact if reading it gives the very same weights, in full precision otherwise."""
    try:
        write_encoder(encoder, path)
        stored = read_encoder(path).weights()
        if all(value.equal(stored[name]) for name, value in encoder.weights().items()):
            return
    except ModelFolderError:
        pass  # weights beyond the range of float16
    write_encoder(encoder, path, compact=False)


def encoder_to_bytes(encoder: BeastEncoder) -> bytes:
    """The files of a model folder as one byte string: the same weights give the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        write_unchanged(encoder, path=model)
        return srsly.msgpack_dumps({name: (model / name).read_bytes() for name in _MODEL_FILES})


def encoder_from_bytes(data: bytes, *, packed: bool = False) -> BeastEncoder:
    """Reads what `encoder_to_bytes` wrote; `packed` as for `read_encoder`."""
    files = srsly.msgpack_loads(data)
    with tempfile.TemporaryDirectory() as folder:
        for name in _MODEL_FILES:
            (Path(folder) / name).write_bytes(files[name])
        return read_encoder(folder, packed=packed)
