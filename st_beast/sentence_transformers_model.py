"""The fast encoder as a `SentenceTransformer`, which saves folders of stock parts.

Libraries such as KeyBERT and BERTopic recognise a `SentenceTransformer` by "sentence_transformers" in the name of its
type, module and all, and take another model than the one they were given without it: hence this file's name.
"""

import copy
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, cast

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.util.decorators import deprecated_kwargs
from torch import Tensor, nn

from beast_core import check_words, read_encoder
from beast_core.files import refuse_file, working_folder
from beast_core.model_files import CONFIG_FILE
from beast_core.shipped import model_folder
from st_beast.host_options import HOST_OPTIONS, is_truncation, read_options
from st_beast.model_card import BeastCardData, add_section, card_data, credits_section, read_card, steps_section
from st_beast.progress import without_progress_bars
from st_beast.stock import halve_weights, stock_model
from st_beast.word_module import WordModule, refuse_unknown

# Words are short: with the host's own 32, a batch costs more than what it computes.
_BATCH_SIZE = 1024
_LEAST_NORM = 1e-12  # what torch.nn.functional.normalize divides by at least


class BeastSentenceTransformer(SentenceTransformer):
    """A `SentenceTransformer` that computes with our encoder and saves in stock parts.

    It encodes, evaluates and quantises like any other, and trains like any other if it was loaded to be `trainable`.
    What `save_pretrained` and the trainer write loads with `SentenceTransformer(path)`, without this package, and with
    `st_beast.load(path)`. Nothing is ever fetched: `path` is a folder or a language.
    """

    model_card_data: BeastCardData

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        language: str | None = None,
        trainable: bool = False,
        device: str | None = None,
        similarity_fn_name: str | None = None,
        truncate_dim: int | None = None,
    ) -> None:
        folder = model_folder(path, language=language)
        encoder = read_encoder(folder, packed=not trainable)
        options = read_options(folder)
        given = {"similarity_fn_name": similarity_fn_name, "truncate_dim": truncate_dim}
        super().__init__(
            modules=[WordModule(encoder)],
            device=device,
            model_card_data=card_data(folder, config=encoder.config),
            **options | {name: value for name, value in given.items() if value is not None},
        )
        # The host writes this again, as it was, unless the model was trained since.
        self._model_card_text = read_card(folder)  # type: ignore[assignment]  # None, as the host has it
        self._credits_section = credits_section(folder)

    @classmethod
    def _load_with_module_classes(
        cls, model_name_or_path: str, module_classes: Mapping[str, type[nn.Module]], **_: Any
    ) -> Self:
        """What the trainer loads a checkpoint with, to go on with its weights: never packed."""
        return cls(Path(model_name_or_path), trainable=True)

    @property
    def _words(self) -> WordModule:
        return cast(WordModule, self[0])

    @property
    def truncate_dim(self) -> int | None:
        """How many entries of a vector are kept; None is all. Raises `ValueError` when set to anything else."""
        return self._truncate_dim

    @truncate_dim.setter
    def truncate_dim(self, value: int | None) -> None:
        if not is_truncation(value):
            raise ValueError(f"truncate_dim is {value!r}, expected a whole number above 0, or None for whole vectors")
        self._truncate_dim = value

    @deprecated_kwargs(sentences="inputs")
    def encode(  # type: ignore[override]  # words alone; what is returned depends on what is asked for
        self,
        inputs: str | Iterable[str],
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = _BATCH_SIZE,
        show_progress_bar: bool | None = None,
        output_value: Literal["sentence_embedding"] | None = "sentence_embedding",
        precision: Literal["float32", "int8", "uint8", "binary", "ubinary"] = "float32",
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        device: str | list[str | torch.device] | None = None,
        normalize_embeddings: bool = False,
        truncate_dim: int | None = None,
        pool: dict[Literal["input", "output", "processes"], Any] | None = None,
        chunk_size: int | None = None,
        task: str | None = None,
        **unknown: Any,
    ) -> Any:
        """`SentenceTransformer.encode` of one word, or of any ordered collection of words, also a generator.

        Raises `TypeError` for anything else and for keywords that no word has, `ValueError` for a lone surrogate, for a
        prompt, and for `token_embeddings`.
        """
        refuse_unknown(unknown)
        if output_value not in {"sentence_embedding", None}:
            raise ValueError(
                f"output_value is {output_value!r}, expected 'sentence_embedding', or None for all that is computed: "
                "this model has no vectors of a word's parts; SentenceTransformer(folder), where folder is what "
                "st_beast.save wrote, has them"
            )
        if not is_truncation(truncate_dim):
            raise ValueError(f"truncate_dim is {truncate_dim!r}, expected a whole number above 0, or None")
        return super().encode(
            inputs if isinstance(inputs, str) else check_words(inputs),
            prompt_name=prompt_name,
            prompt=prompt,
            batch_size=batch_size,
            show_progress_bar=show_progress_bar,
            output_value=output_value,
            precision=precision,
            convert_to_numpy=convert_to_numpy,
            convert_to_tensor=convert_to_tensor,
            device=device,
            normalize_embeddings=normalize_embeddings,
            truncate_dim=truncate_dim,
            pool=pool,
            chunk_size=chunk_size,
            task=task,
            with_ids=False,
        )

    def _inference(self, inputs: list[str], **options: Any) -> Any:
        """What the host computes all vectors with. Of words alone, and where nobody has asked for more than vectors,
        the sorting, the batches and the tensors in between take several times as long as the vectors do."""
        vectors = self._vectors_alone(inputs, **options)
        return super()._inference(inputs, **options) if vectors is None else torch.from_numpy(vectors)

    def _vectors_alone(
        self,
        words: list[str],
        *,
        prompt: str | None,
        output_value: str | None,
        show_progress_bar: bool | None,
        normalize_embeddings: bool,
        truncate_dim: int | None,
        device: str | torch.device | None = None,
        **_: Any,
    ) -> np.ndarray | None:
        on_cpu = torch.device(device or self.device).type == "cpu"
        wrapped = len(self) > 1 or self._forward_hooks or self._forward_pre_hooks or self._compiled_call_impl
        if prompt or output_value != "sentence_embedding" or show_progress_bar or wrapped or not on_cpu or not words:
            return None
        self.eval()
        vectors = self._words.encode_directly(words)
        if vectors is None:
            return None
        vectors = np.ascontiguousarray(vectors[:, :truncate_dim])
        if normalize_embeddings:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), _LEAST_NORM)
        return vectors

    @deprecated_kwargs(sentences="inputs")
    def encode_query(  # type: ignore[override]
        self,
        inputs: str | Iterable[str],
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = _BATCH_SIZE,
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """The same as `encode`: a word that is looked for is like any other."""
        return super().encode_query(inputs, prompt_name, prompt, batch_size, *arguments, **options)

    @deprecated_kwargs(sentences="inputs")
    def encode_document(  # type: ignore[override]
        self,
        inputs: str | Iterable[str],
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = _BATCH_SIZE,
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """The same as `encode`: a word that is found is like any other."""
        return super().encode_document(inputs, prompt_name, prompt, batch_size, *arguments, **options)

    def preprocess(  # type: ignore[override]
        self, inputs: Iterable[str], prompt: str | None = None, **options: Any
    ) -> dict[str, Tensor]:
        """See `WordModule.preprocess`. The host's own first asks of each word whether it is a picture."""
        return self._words.preprocess(inputs, prompt=prompt, **options)

    def save(
        self,
        path: str | Path,
        model_name: str | None = None,
        create_model_card: bool = True,
        train_datasets: list[str] | None = None,
        safe_serialization: bool = True,
    ) -> None:
        """Writes the folder of stock parts, beside whatever else is in `path`; each file is there whole or not at all.

        Raises `ValueError` if modules were added to the model or quantised, or for `safe_serialization=False` (a
        pickle), and `FileExistsError` if `path` is a file.
        """
        if len(self) != 1:
            added = ", ".join(type(module).__name__ for module in list(self)[1:])
            raise ValueError(
                f"cannot save a BEAST model with {added} added to it, expected {WordModule.__name__} alone; "
                "add modules to SentenceTransformer(folder), where folder is what st_beast.save wrote"
            )
        if not safe_serialization:
            raise ValueError("safe_serialization is False, expected True: BEAST models are never pickled")
        if not all(isinstance(value, Tensor) for value in self.state_dict().values()):
            raise ValueError("cannot save a model with quantised layers: save it first, then quantise what was loaded")
        target = Path(path).resolve()
        refuse_file(target)
        target.mkdir(parents=True, exist_ok=True)
        with working_folder(target, name="model") as folder:
            self._write(folder, model_name, create_model_card)
            _replace_files(folder, target=target)

    def _write(self, folder: Path, model_name: str | None, create_model_card: bool) -> None:
        options = {name: getattr(self, name) for name in HOST_OPTIONS}
        # A model makes the card's data its own: those of the stock model, which the card describes, are a copy.
        data = copy.copy(self.model_card_data)
        with without_progress_bars():
            stock = stock_model(self._words.encoder, **options, model_card_data=data)
            stock._model_card_text = self._model_card_text
            stock.save(str(folder), model_name, create_model_card)
        if not (self._model_card_text and not data.is_trained):
            add_section(folder, section=steps_section(self._words.encoder.config))
        add_section(folder, section=self._credits_section)
        halve_weights(folder)


def _replace_files(new: Path, *, target: Path) -> None:
    """Moves the files of a model to where they belong, each in one step.

    The configuration goes first and comes last: a folder of some new and some old files does not load.
    """
    config = Path(CONFIG_FILE)
    files = [file.relative_to(new) for file in new.rglob("*") if file.is_file()]
    (target / config).unlink(missing_ok=True)
    for file in [*(file for file in files if file != config), config]:
        (target / file).parent.mkdir(exist_ok=True)
        (new / file).replace(target / file)
