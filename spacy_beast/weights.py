"""An encoder's weights as bytes, and whether two encoders have the same."""

import tempfile
from pathlib import Path

import srsly

from beast_core import BeastEncoder, ModelFolderError, read_encoder, write_encoder

_MODEL_FILES = ("config.json", "model.safetensors")


def encoder_to_bytes(encoder: BeastEncoder) -> bytes:
    """The files of a model folder as one byte string: the same weights give the same bytes, and lose nothing."""
    with tempfile.TemporaryDirectory() as folder:
        model = write_encoder(encoder, Path(folder) / "model", compact=None)
        return bytes(srsly.msgpack_dumps({name: (model / name).read_bytes() for name in _MODEL_FILES}))


def encoder_from_bytes(data: bytes, *, packed: bool = False) -> BeastEncoder:
    """Reads what `encoder_to_bytes` wrote; `packed` as for `read_encoder`.

    Raises `beast_core.ModelFolderError` for anything else.
    """
    files = unpack_message(data, expected="the model that spacy_beast writes")
    found = {name: content for name in _MODEL_FILES if isinstance(content := files.get(name), bytes)}
    if missing := [name for name in _MODEL_FILES if name not in found]:
        raise ModelFolderError(f"the bytes of a model lack {' and '.join(missing)}: save or send them again")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in found.items():
            (Path(folder) / name).write_bytes(content)
        try:
            return read_encoder(folder, packed=packed)
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


def same_weights(encoder: BeastEncoder, *, other: BeastEncoder) -> bool:
    """Whether two encoders give every word the same vector."""
    if encoder.config.network != other.config.network:
        return False
    packed = encoder.is_packed and other.is_packed  # unpacking a table takes fifteen times its memory
    weights = other.weights(packed=packed)
    return all(value.equal(weights[name]) for name, value in encoder.weights(packed=packed).items())
