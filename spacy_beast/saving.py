"""How vectors without a table are saved with a pipeline: in the places where spaCy has its own.

`vocab/beast` is a model folder like any other, `vocab/vectors.cfg` says the rest.
"""

import warnings
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import srsly

from beast_core import Model, ModelFolderError, read_model, write_model
from beast_core.credits import Credits
from beast_core.files import write_file
from spacy_beast.pipeline_files import REGISTERED_NAME, config_names_beast
from spacy_beast.weights import model_from_bytes, model_to_bytes, unpack_message
from spacy_beast.words import attribute_id

_MODEL_FOLDER = "beast"
_SETTINGS_FILE = "vectors.cfg"
_TABLE_FILE = "vectors"  # of spaCy's own
_OUR_MODE = "beast:"
# spaCy's own vectors, made to read our files, refuse an unknown mode and quote it.
_SAVED_MODE = (
    f"{_OUR_MODE} saved by spacy_beast, which spaCy's own vectors cannot read. If they are a pipeline's, write in its "
    f'config.cfg, under [nlp.vectors], @vectors = "{REGISTERED_NAME}" in place of "spacy.Vectors.v1" (spacy train '
    f"takes --nlp.vectors.@vectors {REGISTERED_NAME}). To read them into a vocab of your own, first give it such "
    "vectors: from spacy_beast import BeastVectors, then vocab.vectors = BeastVectors(strings=vocab.strings)"
)


class SavedVectors(NamedTuple):
    """What is saved of vectors: all that says which vector a word has, and whose work they are."""

    model: Model
    attr: str
    credits: Credits


def write_vectors(folder: Path, *, saved: SavedVectors) -> None:
    """Writes vectors into the folder of a vocab.

    A crash leaves the old vectors, the new ones, or what `read_vectors` refuses to read.
    """
    settings_file, settings = folder / _SETTINGS_FILE, _settings(saved)
    if settings_file.is_file() and settings_file.read_bytes() != settings:
        settings_file.unlink()  # new weights with the old attribute are neither
    write_model(saved.model, folder / _MODEL_FOLDER)
    write_file(settings_file, settings)


def read_vectors(folder: Path) -> SavedVectors | None:
    """The vectors in the folder of a vocab; None if it has none of ours and its pipeline does not say so either.

    Raises `ValueError` if its pipeline says so and they are not there, and `FileNotFoundError` or
    `beast_core.ModelFolderError` if they are not whole.
    """
    settings_file, table_file, model = folder / _SETTINGS_FILE, folder / _TABLE_FILE, folder / _MODEL_FOLDER
    settings = settings_file.read_bytes() if settings_file.is_file() else None
    if settings is not None and (said := _parse(settings, where=str(settings_file))):
        return SavedVectors(read_model(model), *said)
    rows = _rows(table_file) if table_file.is_file() else 0
    if config_names_beast(folder.parent):
        if settings is not None or rows:
            raise ValueError(
                f"{folder} holds a table of {rows} word vectors of spaCy's own, expected BEAST vectors, as config.cfg "
                'beside it says. To load the table, let its [nlp.vectors] be @vectors = "spacy.Vectors.v1" alone; to '
                'save BEAST vectors, call nlp.add_pipe("beast_vectors") before'
            )
        raise ModelFolderError(
            f"{folder} holds no whole BEAST vectors: {_SETTINGS_FILE} is missing, as when saving was interrupted or "
            'without vectors; save the pipeline again, or load it with exclude=["vectors"] to compute with the model '
            "that its config.cfg names"
        )
    if settings is None and model.exists():
        raise ModelFolderError(
            f"{folder} holds {_MODEL_FOLDER} without {_SETTINGS_FILE}: saving was interrupted; save it again"
        )
    if rows:
        # spaCy reads the vectors of each pipeline that components are taken from, and then our own again.
        warnings.warn(
            f"a table of {rows} word vectors is not loaded, because this pipeline computes its vectors with BEAST; "
            "components that were trained with that table will not work here",
            stacklevel=4,
        )
    return None


def vectors_to_bytes(saved: SavedVectors) -> bytes:
    """Vectors as bytes, the same ones for the same vectors."""
    return bytes(srsly.msgpack_dumps({_SETTINGS_FILE: _settings(saved), "model": model_to_bytes(saved.model)}))


def vectors_from_bytes(data: bytes, *, required: bool) -> SavedVectors | None:
    """What `vectors_to_bytes` gave; None, unless it is required, for nothing and for an empty table of spaCy's own.

    Raises `ValueError` for any other table, `beast_core.ModelFolderError` for damaged bytes.
    """
    message = unpack_message(data, expected="what the to_bytes of vectors gives") if data else {}
    settings = message.get(_SETTINGS_FILE)
    if isinstance(settings, bytes) and (said := _parse(settings, where=_SETTINGS_FILE)):
        model = message.get("model")
        return SavedVectors(model_from_bytes(model if isinstance(model, bytes) else b""), *said)
    table = message.get(_TABLE_FILE)
    rows = len(_unpack_table(table)) if isinstance(table, bytes) else 0
    if rows or required:
        raise ValueError(
            f"the bytes hold a table of {rows} word vectors of spaCy's own, expected BEAST vectors, as the pipeline's "
            'configuration says: it should have @vectors = "spacy.Vectors.v1" alone under [nlp.vectors]'
        )
    return None


def _settings(saved: SavedVectors) -> bytes:
    return bytes(
        srsly.json_dumps({"mode": _SAVED_MODE, "attr": saved.attr, "credits": asdict(saved.credits)}).encode("utf-8")
    )


def _parse(settings: bytes, *, where: str) -> tuple[str, Credits] | None:
    """The attribute and the credits that are saved; None if they are of spaCy's own vectors."""
    try:
        content: Any = srsly.json_loads(settings)
        if not str(content.get("mode", "")).startswith(_OUR_MODE):
            return None
        attribute_id(content["attr"])
        told = content.get("credits", {})
        credits: dict[str, Any] = {field.name: told[field.name] for field in fields(Credits) if field.name in told}
        credits = {key: tuple(value) if isinstance(value, list) else str(value) for key, value in credits.items()}
        return content["attr"], Credits(**credits)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFolderError(
            f"{where} does not describe vectors ({type(error).__name__}: {error}): save or copy them again"
        ) from error


def _unpack_table(data: bytes) -> np.ndarray:
    try:
        return np.atleast_1d(srsly.msgpack_loads(data))
    except Exception as error:  # msgpack has an error of its own for each way to be damaged
        raise ModelFolderError(f"the bytes of a table of vectors are damaged ({error}): send them again") from error


def _rows(table: Path) -> int:
    """How many rows a saved table of spaCy's own has, read off its first bytes."""
    try:
        with table.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape = read(file)[0]
        return int(shape[0])
    except (OSError, ValueError, EOFError, IndexError) as error:
        raise ModelFolderError(f"{table} is not a whole table of vectors ({error}): save or copy it again") from error
