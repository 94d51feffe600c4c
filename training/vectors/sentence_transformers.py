"""Any sentence-transformers model as a source of word vectors: it embeds each word as a sentence, or within a few."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass
from safetensors import SafetensorError

from beast_core.model_files import MODULES_FILE
from training.common.devices import choose_device
from training.common.errors import InputError
from training.common.files import digest
from training.common.rows import unit_rows
from training.common.settings import CHECKED, AtLeastOne, Count, Filled, FromList
from training.vectors import Free, Way

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Options:
    """Which model, and how it is asked. Raises `ValueError` listing every problem at once.

    `model` is a local folder, or a name on the hub: only a name that is no folder here ever reaches the network. A
    vector is the model's for the one template, `{}` being the word, or the mean of the unit vectors for several.
    """

    model: Filled
    templates: Annotated[tuple[str, ...], FromList, AtLeastOne] = ("{}",)
    prompt: str = ""  # put before every text, for models that were trained with instructions
    truncate: Annotated[int, Field(ge=0)] = 0  # keep only so many entries, of a Matryoshka model; 0 keeps all
    batch_size: Count = 256
    device: str = "auto"  # a GPU if there is one; or cpu, cuda, cuda:1, mps

    @field_validator("templates")
    @classmethod
    def _check_templates(cls, templates: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [template for template in templates if template.count("{}") != 1]:
            raise ValueError(f"templates {wrong} do not hold {{}} once, which stands for the word")
        if len(set(templates)) < len(templates):
            raise ValueError(f"templates {list(templates)} repeat one another, should be different ones")
        return templates


class SentenceEncoder(Free):
    """Vectors of words from an encoder of sentences; it knows every word.

    Raises `ValueError` for a device that is not here, and `InputError` for a model that cannot be loaded or is narrower
    than `truncate`.
    """

    reads_sentences = True

    def __init__(self, options: Options) -> None:
        self._options = options
        self._folder = Path(options.model).resolve() if Path(options.model).is_dir() else None
        self._model = _load(options, folder=self._folder)
        self.width = self._encode(["a"]).shape[1]
        if options.truncate and options.truncate != self.width:
            raise InputError(f"truncate is {options.truncate}, but the vectors of {options.model} have {self.width}")

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `training.vectors.WordVectors`."""
        known = np.ones(len(words), dtype=bool)
        vectors = np.zeros((len(words), self.width), dtype=np.float32)
        templates = self._options.templates
        for template in templates if words else ():
            found = self._encode([template.replace("{}", word) for word in words])
            vectors += found if len(templates) == 1 else unit_rows(found) / len(templates)
        return vectors, known

    def identity(self) -> dict[str, Any]:
        """The contents of the model, of one on the hub its parts and weights, and how it is asked."""
        options = self._options
        return {
            "model": digest(self._folder) if self._folder else _weights_digest(self._model),
            "templates": list(options.templates),
            "prompt": options.prompt,
            "truncate": options.truncate,
        }

    def _encode(self, texts: list[str]) -> np.ndarray:
        options = self._options
        return np.asarray(
            self._model.encode(
                texts,
                prompt=options.prompt or None,
                batch_size=options.batch_size,
                convert_to_numpy=True,
                show_progress_bar=False,
            ),
            dtype=np.float32,
        )


def _load(options: Options, *, folder: Path | None) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer  # slow to import, and only needed here

    device = str(choose_device(options.device))
    if folder is None and (options.model.startswith((".", "/", "~")) or options.model.count("/") > 1):
        raise InputError(f"there is no folder {Path(options.model).resolve()} (model = {options.model!r})")
    try:
        return SentenceTransformer(
            str(folder or options.model),
            device=device,
            local_files_only=folder is not None,
            truncate_dim=options.truncate or None,
        )
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        if folder:
            raise InputError(f"{folder} is not a model that sentence-transformers can load: {reason}") from error
        raise InputError(
            f"model {options.model!r} is no folder here, and the hub gave no model of that name: {reason} Name a "
            "folder, or come back with a network and the right name"
        ) from error


def _weights_digest(model: "SentenceTransformer") -> str:
    found = hashlib.sha256(str(model).encode())
    for name, tensor in model.state_dict().items():
        found.update(name.encode())
        found.update(tensor.detach().cpu().float().contiguous().numpy().data)
    return found.hexdigest()


def _recognise(path: Path) -> Options | None:
    listed = (path / MODULES_FILE).is_file()
    return Options(model=str(path.resolve()), device="cpu") if listed else None


WAY = Way(
    options=Options,
    open=SentenceEncoder,
    recognise=_recognise,
    path=lambda options: Path(options.model),
    libraries=lambda options: ("sentence_transformers",),
)
