"""The fast encoder as a module of sentence-transformers."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers.base.modules import InputModule
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedTokenizerFast

from beast_core import BeastEncoder, check_words, encode_words, read_encoder, write_encoder
from beast_core.encoding import refuse_surrogates
from beast_core.files import working_folder
from beast_core.inference import encode_by_kernel
from beast_core.network.encoder import check_finite
from beast_core.network.layers import mark_words
from st_beast.families import stock_parts


class WordModule(InputModule):
    """A `BeastEncoder` as the one module of a `SentenceTransformer`: words in, unit vectors out.

    Other modules may follow it in a plain `SentenceTransformer(modules=[...])`. What that saves needs this package to
    be loaded again, and the host's `trust_remote_code=True`.
    """

    forward_kwargs: set[str] = {"with_ids"}  # noqa: RUF012  # as the host has it
    save_in_root = False  # where `modules.json` would have it taken for a folder of stock parts

    def __init__(self, encoder: BeastEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self._tokenizer: PreTrainedTokenizerFast | None = None

    @property
    def max_seq_length(self) -> int:
        """Bytes of a word that are read; of a longer word, the first two thirds of them and the last third."""
        return self.encoder.config.window

    @max_seq_length.setter
    def max_seq_length(self, value: int) -> None:
        if value != self.max_seq_length:
            raise ValueError(
                f"max_seq_length is {value!r}, expected {self.max_seq_length}: how many bytes of a word this encoder "
                "reads is part of its training; to read fewer, cut the words"
            )

    @property
    def tokenizer(self) -> PreTrainedTokenizerFast:  # type: ignore[override]  # cannot be set: bytes have one spelling
        """The tokenizer of the stock folder: `input_ids` are its ids. Some losses decode words with it."""
        if self._tokenizer is None:
            self._tokenizer = stock_parts(self.encoder.config).tokenizer()
        return self._tokenizer

    def get_embedding_dimension(self) -> int:
        """Entries of a vector."""
        return self.encoder.config.output_width

    def get_config_dict(self) -> dict[str, Any]:
        """The encoder's configuration."""
        return self.encoder.config.to_dict()

    def preprocess(  # type: ignore[override]  # words alone
        self,
        inputs: Iterable[str],
        prompt: str | None = None,
        task: str | None = None,
        with_ids: bool = True,
        **unknown: Any,
    ) -> dict[str, Tensor]:
        """Bytes `(words, window)` uint8 and lengths `(words,)` int64; ids and a mask as the stock tokenizer gives them.

        The trainer and some losses want the latter; `encode` has them left out, as small batches take a quarter longer
        with them. `task` is what the host calls a query or a document; words are words. Raises `TypeError` for anything
        but words and for other keywords, `ValueError` for a lone surrogate or a prompt.
        """
        refuse_unknown(unknown)
        if prompt:
            raise ValueError(
                f"got the prompt {prompt!r:.40}, expected none: a prompt is text before a sentence, and before a word "
                "it would only be taken for the word's first letters; leave prompt and prompt_name out"
            )
        words = encode_words(check_words(inputs), config=self.encoder.config)
        word_bytes, lengths = map(torch.from_numpy, words)
        if not with_ids:
            return {"word_bytes": word_bytes, "lengths": lengths}
        if self.tokenizer.bos_token_id is None:
            input_ids, positions = word_bytes.long(), lengths
        else:
            input_ids, positions = mark_words(word_bytes, lengths=lengths), lengths + 2
        mask = (torch.arange(input_ids.shape[1]) < positions[:, None]).long()
        # The host's trainer and its losses look for the first two.
        return {"input_ids": input_ids, "attention_mask": mask, "word_bytes": word_bytes, "lengths": lengths}

    @torch.inference_mode()
    def encode_directly(self, words: list[str]) -> np.ndarray | None:
        """The vectors of words, `(words, output width)` float32, without the tensors that the host passes on; None if
        there is no other way. Raises `ValueError` for a lone surrogate, `FloatingPointError` for NaN."""
        kernel = self.encoder.kernel()
        if kernel is None or self._forward_hooks or self._forward_pre_hooks:
            return None
        vectors = np.empty((len(words), self.encoder.config.output_width), dtype=np.float32)
        try:
            encode_by_kernel(words, kernel=kernel, vectors=vectors, threads=torch.get_num_threads())
        except UnicodeEncodeError:
            refuse_surrogates(words)
        return vectors

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Adds `sentence_embedding`, `(words, output width)` float32 of unit length.

        Raises `FloatingPointError` when evaluating, if that is not finite.
        """
        word_bytes, lengths = features["word_bytes"], features["lengths"]
        # Losses that split a batch cut what is padding for all of a part.
        word_bytes = functional.pad(word_bytes, (0, self.encoder.config.window - word_bytes.shape[1]))
        vectors = self.encoder(word_bytes, lengths)
        if not self.training:
            check_finite(
                vectors, word=lambda row: bytes(word_bytes[row, : lengths[row]].tolist()).decode(errors="replace")
            )
        features["sentence_embedding"] = vectors
        return features

    def save(self, output_path: str, *args: Any, safe_serialization: bool = True, **kwargs: Any) -> None:
        """Writes our own `config.json` and `model.safetensors` beside what is there."""
        if not safe_serialization:
            raise ValueError("safe_serialization is False, expected True: BEAST models are never pickled")
        target = Path(output_path)
        with working_folder(target, name="model") as folder:
            for file in write_encoder(self.encoder, folder / "new", compact=None).iterdir():
                file.replace(target / file.name)

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", **_: Any) -> "WordModule":  # type: ignore[override]
        """What `save` wrote, from a local folder. Raises what `beast_core.read_encoder` raises."""
        return cls(read_encoder(Path(model_name_or_path) / subfolder))


def refuse_unknown(keywords: dict[str, Any]) -> None:
    """Raises `TypeError` if there are any."""
    if keywords:
        raise TypeError(
            f"got {', '.join(f'{name}={value!r:.40}' for name, value in keywords.items())}, which a BEAST model does "
            "not know: a word has no settings of its own; leave it out"
        )
