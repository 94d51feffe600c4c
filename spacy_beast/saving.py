"""How vectors without a table are saved with a pipeline: in the places, and by the methods, of spaCy's own."""

import warnings
from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import srsly
from spacy.strings import StringStore
from spacy.vectors import BaseVectors

if TYPE_CHECKING:
    from beast_core import BeastEncoder, WordEncoder

REGISTERED_NAME = "spacy_beast.BeastVectors.v1"

_MODEL_FOLDER = "beast"
_SETTINGS_FILE = "vectors.cfg"
# spaCy's own vectors, pointed at our files by a pipeline's configuration, refuse an unknown mode and quote it.
_SAVED_MODE = (
    "beast: saved by spacy_beast, which has no table; in the pipeline's config.cfg, under [nlp.vectors], write "
    f'@vectors = "{REGISTERED_NAME}" in place of "spacy.Vectors.v1"'
)


class SavedVectors(BaseVectors):
    """Vectors whose encoder and attribute go into a folder, bytes and pickles, and come back from them.

    Whoever computes with the encoder says what it is: `load`, `take` and `settings`.
    """

    name: str | None
    _stores: list[StringStore]

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What the `[nlp.vectors]` section of a configuration says of these vectors."""

    @abstractmethod
    def load(self) -> "WordEncoder":
        """The encoder to save."""

    @abstractmethod
    def take(self, encoder: "BeastEncoder", *, attr: str) -> Self:
        """Computes with this encoder from now on, of that attribute of a token."""

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Writes `path/beast`, a model folder like any other, and `path/vectors.cfg`."""
        from spacy_beast.weights import write_unchanged

        write_unchanged(self.load().encoder, path=Path(path) / _MODEL_FOLDER)
        srsly.write_json(Path(path) / _SETTINGS_FILE, self._saved_settings())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Takes over the weights and the attribute that `to_disk` wrote; changes nothing if it wrote none there.

        Raises `FileNotFoundError` or `beast_core.ModelFolderError` if the weights are missing or damaged.
        """
        from beast_core import read_encoder

        folder = Path(path)
        settings = srsly.read_json(folder / _SETTINGS_FILE) if (folder / _SETTINGS_FILE).is_file() else {}
        if settings.get("mode") == _SAVED_MODE:
            return self.take(read_encoder(folder / _MODEL_FOLDER, packed=True), attr=settings["attr"])
        table = folder / "vectors"
        return self._ignore(np.load(table, allow_pickle=False) if table.is_file() else np.empty(0))

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The weights and the attribute as bytes, the same ones for the same vectors."""
        from spacy_beast.weights import encoder_to_bytes

        settings = srsly.json_dumps(self._saved_settings()).encode()
        return srsly.msgpack_dumps({_SETTINGS_FILE: settings, "model": encoder_to_bytes(self.load().encoder)})

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Takes over what `to_bytes` gave; the bytes of spaCy's own vectors change nothing."""
        message = srsly.msgpack_loads(data) if data else {}
        settings = srsly.json_loads(message.get(_SETTINGS_FILE, b"{}"))
        if settings.get("mode") == _SAVED_MODE:
            from spacy_beast.weights import encoder_from_bytes

            return self.take(encoder_from_bytes(message["model"], packed=True), attr=settings["attr"])
        return self._ignore(srsly.msgpack_loads(message["vectors"]) if "vectors" in message else np.empty(0))

    def _saved_settings(self) -> dict[str, str]:
        return {"mode": _SAVED_MODE, "attr": self.settings["attr"]}

    def _ignore(self, table: np.ndarray) -> Self:
        # spaCy has us read the vectors of a pipeline that components are taken from, and then our own again.
        if table.size:
            warnings.warn(
                f"a table of {len(table)} word vectors is not loaded, because this pipeline computes its vectors with "
                "BEAST; components that were trained with that table will not work here",
                stacklevel=3,
            )
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        settings = {key: value for key, value in self.settings.items() if key != "@vectors"}
        return _unpickle, (type(self), settings, self.name, self.to_bytes(), self._stores)


def _unpickle(
    kind: type[SavedVectors], settings: dict[str, Any], name: str | None, data: bytes, stores: list[StringStore]
) -> SavedVectors:
    vectors = kind(**settings).from_bytes(data)
    vectors.name = name
    # The very objects the vocab is pickled with, not their content: see `BeastVectors.strings`.
    vectors._stores = stores
    return vectors
