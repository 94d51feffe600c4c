"""The fast encoder as a `SentenceTransformer`, which saves folders of stock parts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer, SentenceTransformerModelCardData
from sentence_transformers.util.decorators import deprecated_kwargs
from torch import Tensor, nn

from beast_core import BeastEncoder, check_words, encode_words, read_encoder
from beast_core.files import working_folder
from beast_core.model_files import replace_model_folder
from st_beast.stock import halve_weights, stock_model

_HOST_CONFIG = "config_sentence_transformers.json"
# Words are short: with the host's own 32, a batch costs more than what it computes. The third argument after the words.
_BATCH_SIZE, _BATCH_SIZE_PLACE = 1024, 2
_SAVED_OPTIONS = ("prompts", "default_prompt_name", "similarity_fn_name", "truncate_dim")


class WordModule(nn.Module):
    """A `BeastEncoder` as the one module of a `SentenceTransformer`: words in, unit vectors out."""

    def __init__(self, encoder: BeastEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    @property
    def max_seq_length(self) -> int:
        """Bytes of a word that are read; of a longer word, the first two thirds of them and the last third."""
        return self.encoder.config.window

    def get_embedding_dimension(self) -> int:
        """Entries of a vector."""
        return self.encoder.config.output_width

    def preprocess(self, inputs: Iterable[str], prompt: str | None = None, **_: Any) -> dict[str, Tensor]:
        """Bytes `(words, window)` uint8 and lengths `(words,)` int64.

        Raises `TypeError` for anything but words, `ValueError` for a lone surrogate or a prompt.
        """
        if prompt:
            raise ValueError(
                f"got the prompt {prompt!r:.40}, expected none: a prompt is text before a sentence, and before a word "
                "it would only be taken for the word's first letters; leave prompt and prompt_name out"
            )
        word_bytes, lengths = encode_words(check_words(inputs), config=self.encoder.config)
        # The host's trainer and its cached losses look for a batch under this name.
        return {"input_ids": torch.from_numpy(word_bytes), "lengths": torch.from_numpy(lengths)}

    def forward(self, features: dict[str, Any]) -> dict[str, Any]:
        """Adds `sentence_embedding`, `(words, output width)` float32 of unit length."""
        features["sentence_embedding"] = self.encoder(features["input_ids"], features["lengths"])
        return features


class BeastSentenceTransformer(SentenceTransformer):
    """A `SentenceTransformer` that computes with our encoder and saves in stock parts.

    It encodes, evaluates and quantizes like any other, and trains like any other if it was loaded to be `trainable`.
    What `save_pretrained` and the trainer write loads with `SentenceTransformer(path)`, without this package, and with
    `st_beast.load(path)`. Nothing is ever fetched.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        trainable: bool = False,
        device: str | None = None,
        similarity_fn_name: str | None = None,
        truncate_dim: int | None = None,
        trust_remote_code: bool = False,  # the trainer passes it when it loads a checkpoint; there is no code to trust
    ) -> None:
        encoder = read_encoder(path, packed=not trainable)
        options = {} if path is None else _saved_options(Path(path))
        given = {"similarity_fn_name": similarity_fn_name, "truncate_dim": truncate_dim}
        card = SentenceTransformerModelCardData(
            model_name="BEAST word vectors",
            task_name="the similarity and search of single words",
            local_files_only=True,
        )
        card.usage_examples = ["perro", "perros", "mesa"]
        super().__init__(
            modules=[WordModule(encoder)],
            device=device,
            model_card_data=card,
            **options | {name: value for name, value in given.items() if value is not None},
        )

    @deprecated_kwargs(sentences="inputs")
    def encode(self, inputs: str | Iterable[str], *args: Any, **kwargs: Any) -> Any:
        """`SentenceTransformer.encode` of one word, or of any ordered collection of words, also a generator.

        `batch_size` is 1,024 unless given. Raises `TypeError` for anything else, `ValueError` for a lone surrogate or a
        prompt.
        """
        words = inputs if isinstance(inputs, str) else check_words(inputs)
        return super().encode(words, *args, **_with_batch_size(args, kwargs))

    @deprecated_kwargs(sentences="inputs")
    def encode_query(self, inputs: str | Iterable[str], *args: Any, **kwargs: Any) -> Any:
        """The same as `encode`: a word that is looked for is like any other."""
        return super().encode_query(inputs, *args, **_with_batch_size(args, kwargs))

    @deprecated_kwargs(sentences="inputs")
    def encode_document(self, inputs: str | Iterable[str], *args: Any, **kwargs: Any) -> Any:
        """The same as `encode`: a word that is found is like any other."""
        return super().encode_document(inputs, *args, **_with_batch_size(args, kwargs))

    def preprocess(self, inputs: Iterable[str], prompt: str | None = None, **kwargs: Any) -> dict[str, Tensor]:
        """See `WordModule.preprocess`. The host's own first asks of each word whether it is a picture."""
        return self[0].preprocess(inputs, prompt=prompt, **kwargs)

    def save(
        self,
        path: str | Path,
        model_name: str | None = None,
        create_model_card: bool = True,
        train_datasets: list[str] | None = None,
        safe_serialization: bool = True,
    ) -> None:
        """Writes the folder of stock parts, beside whatever else is in `path`; each file is there whole or not at all.

        Raises `ValueError` if modules were added to the model, or for `safe_serialization=False` (a pickle).
        """
        if len(self) != 1:
            added = ", ".join(type(module).__name__ for module in list(self)[1:])
            raise ValueError(
                f"cannot save a BEAST model with {added} added to it, expected {WordModule.__name__} alone; "
                "add modules to SentenceTransformer(folder), where folder is what st_beast.save wrote"
            )
        if not safe_serialization:
            raise ValueError("safe_serialization is False, expected True: BEAST models are never pickled")
        options = {name: getattr(self, name) for name in (*_SAVED_OPTIONS, "model_card_data")}
        target = Path(path)
        target.mkdir(parents=True, exist_ok=True)
        try:
            stock = stock_model(self[0].encoder, **options)
            # Files are replaced, never overwritten: the weights of this very model may be mapped from them.
            with working_folder(target, name="model") as folder:
                stock.save(str(folder), model_name, create_model_card, train_datasets)
                halve_weights(folder)
                for file in filter(Path.is_file, folder.rglob("*")):
                    destination = target / file.relative_to(folder)
                    destination.parent.mkdir(exist_ok=True)
                    file.replace(destination)
        finally:
            self.model_card_data.register_model(self)


def _with_batch_size(arguments: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with our `batch_size`, unless one is given, by name or by place."""
    return dict(options) if len(arguments) > _BATCH_SIZE_PLACE else {"batch_size": _BATCH_SIZE, **options}


def _saved_options(folder: Path) -> dict[str, Any]:
    """What a stock folder says of its prompts, similarity function and truncation."""
    file = folder / _HOST_CONFIG
    saved = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return {name: saved[name] for name in _SAVED_OPTIONS if name in saved}


def load(
    path: str | Path | None = None,
    *,
    trainable: bool = False,
    device: str | None = None,
    similarity_fn_name: str | None = None,
    truncate_dim: int | None = None,
) -> BeastSentenceTransformer:
    """The model in a folder as a `SentenceTransformer`, many times as fast on a CPU as the folder of stock parts.

    `path` is a folder of ours or one of stock parts that `st_beast` wrote, also fine-tuned; `None` is the Spanish model
    that ships with the package. On a CPU the n-gram table is kept in 2 bits an entry, unless it was fine-tuned; to
    train the model, load it with `trainable`, which unpacks it. The other options are `SentenceTransformer`'s.

    >>> load().encode(["perro", "gato"]).shape
    (2, 256)

    Raises `FileNotFoundError` and `ModelFolderError`; see `beast_core.read_encoder`.
    """
    return BeastSentenceTransformer(
        path, trainable=trainable, device=device, similarity_fn_name=similarity_fn_name, truncate_dim=truncate_dim
    )


def save(path: str | Path, *, model: str | Path | None = None) -> Path:
    """Writes a model folder that plain `SentenceTransformer(path)` loads; returns its absolute path.

    `model` is a folder that `load` reads; `None` is the Spanish model that ships with the package. The folder is
    written in one step and replaces an older model at `path`. Raises `FileExistsError` if `path` holds anything else,
    and what `load` raises.
    """
    loaded = load(model, device="cpu")
    with replace_model_folder(path) as folder:
        loaded.save(folder)
    return Path(path).resolve()
