"""`spacy_beast.BeastEmbed.v1`: the encoder as the embedding layer of a spaCy tok2vec, frozen or trained along."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from spacy.tokens import Doc
from thinc.api import ArgsKwargs, Maxout, Model, PyTorchWrapper_v3, torch2xp, with_array, xp2torch
from thinc.types import Floats2d
from thinc.util import get_torch_default_device

from beast_core import DEFAULT_CACHE_SIZE, BeastEncoder, WordEncoder, encode_words, read_encoder
from spacy_beast.languages import check_choice, find_model, language_of
from spacy_beast.strings import Strings
from spacy_beast.weights import encoder_from_bytes, encoder_to_bytes
from spacy_beast.words import attribute_id, has_vector

_Layer: TypeAlias = Model[list[Doc], list[Floats2d]]


def create_beast_embed(
    *,
    model: str | None = None,
    language: str | None = None,
    attr: str = "ORTH",
    trainable: bool = False,
    width: int | None = None,
) -> Model[list[Doc], list[Floats2d]]:
    """Embeds each token by the encoder alone, for the `embed` block of `spacy.Tok2Vec.v2`:

        [components.tok2vec.model.embed]
        @architectures = "spacy_beast.BeastEmbed.v1"
        model = null
        language = null
        attr = "ORTH"
        trainable = true
        width = ${components.tok2vec.model.encode.width}

    - `model`: what to start from, the path of a model folder or a language that a model comes for; `language` is always
      the latter. With neither, it is the model of the pipeline's language. It is read by `nlp.initialize`; a trained
      pipeline has its own weights and never looks for it.
    - `attr`: the token attribute to embed, `ORTH`, `LOWER` or `NORM`.
    - `trainable`: whether training the pipeline also trains (its own copy of) the encoder. Each step then updates all
      of its weights; a frozen encoder costs little, because it remembers the vectors of words it has seen.
    - `width`: output width, by a trained maxout layer over the encoder's vectors; `null` gives these vectors as they
      are, zeros for white space.

    The layer maps documents to one `(tokens, width)` float32 array each. Raises `ValueError` for a bad `attr` or
    `width`, and for both a model and a language; `nlp.initialize` raises `FileNotFoundError` or
    `beast_core.ModelFolderError` if there is no such model.
    """
    check_choice(model, language=language)
    if width is not None and width < 1:
        raise ValueError(
            f"width is {width}, expected a whole number of at least 1, or null for the encoder's own width"
        )
    settings = _Embed(
        find_model(model, language=language), model is None and language is None, attribute_id(attr), trainable
    )
    wrapper = PyTorchWrapper_v3(
        torch.nn.Identity(),  # holds the place of the encoder until there are weights
        convert_inputs=_to_torch,
        convert_outputs=_from_torch,
        serialize_model=_serialize,
        deserialize_model=settings.deserialize,
    )
    embed: Model[list[Doc], list[Floats2d]] = Model(
        "beast_embed", settings.forward, init=settings.initialize, layers=[wrapper], dims={"nO": None}
    )
    if width is None:
        return embed
    projection = with_array(Maxout(nO=width, nP=3, dropout=0.0, normalize=True))
    return Model(
        "beast_embed_projected",
        _project,
        init=_initialise_projection,
        layers=[embed, projection],
        dims={"nO": width},
    )


class _Embedder(torch.nn.Module):
    """The encoder as thinc trains it, and around the same weights the `WordEncoder` that does everything else."""

    def __init__(self, encoder: BeastEncoder, *, trainable: bool) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(trainable)
        cache_size = 0 if trainable else DEFAULT_CACHE_SIZE
        self.word_encoder = WordEncoder(encoder, device=get_torch_default_device(), cache_size=cache_size)

    def forward(self, word_bytes: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """`(words, window)` uint8 and `(words,)` int64 -> `(words, width)` float32."""
        vectors: torch.Tensor = self.encoder(word_bytes, lengths)
        return vectors


@dataclass
class _Embed:
    """What the functions of a layer need to know. Its methods are these functions, as thinc asks for their signatures
    and pickles them."""

    find_model: Callable[[], Path]
    of_pipeline: bool
    attr: int
    trainable: bool

    def initialize(self, model: _Layer, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> _Layer:
        """Reads the weights to start from: unless anything else was said, those of the documents' language."""
        find = self.find_model
        if self.of_pipeline and X and X[0].vocab.lang:
            find = find_model(None, language=language_of(X[0].vocab.lang))
        embedder = _Embedder(read_encoder(find(), packed=not self.trainable), trainable=self.trainable)
        model.layers[0].shims[0]._model = embedder
        model.set_dim("nO", embedder.word_encoder.width, force=True)
        return model

    def forward(
        self, model: _Layer, docs: list[Doc], is_train: bool
    ) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
        """One `(tokens, width)` array a document; the way back ends here, as documents have no gradient."""
        wrapper, ops = model.layers[0], model.ops
        embedder = wrapper.shims[0]._model
        if not isinstance(embedder, _Embedder):
            raise ValueError("BeastEmbed has no weights yet: call nlp.initialize(), or load a trained pipeline")
        if not docs:
            return [], lambda gradients: []
        counts = [len(doc) for doc in docs]
        keys, places = np.unique(np.concatenate([doc.to_array(self.attr) for doc in docs]), return_inverse=True)
        strings = Strings(*{id(doc.vocab): doc.vocab.strings for doc in docs}.values())
        words = [strings.word(key) for key in keys.tolist()]
        real = np.array([row for row, word in enumerate(words) if has_vector(word)], dtype=np.int64)
        distinct = [words[row] for row in real]
        finish: Callable[[Floats2d], Any] | None = None
        if is_train and self.trainable and distinct:
            vectors, finish = wrapper(encode_words(distinct, config=embedder.encoder.config), is_train=True)
        else:
            vectors = ops.asarray(embedder.word_encoder.encode(distinct))
        table = ops.alloc2f(len(words), model.get_dim("nO"))
        table[real] = vectors

        def backprop(gradients: list[Floats2d]) -> list[Doc]:
            if finish is not None:
                total = ops.alloc2f(len(words), model.get_dim("nO"))
                ops.scatter_add(total, ops.asarray1i(places), ops.flatten(gradients))
                finish(ops.as_contig(total[real]))
            return []

        return ops.unflatten(ops.as_contig(table[places]), ops.asarray1i(counts)), backprop

    def deserialize(self, placeholder: torch.nn.Module, data: bytes, device: torch.device) -> torch.nn.Module:
        """Reads the weights of a trained pipeline."""
        if not data:
            return placeholder
        return _Embedder(encoder_from_bytes(data, packed=not self.trainable), trainable=self.trainable)


def _initialise_projection(model: _Layer, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> _Layer:
    embed, projection = model.layers
    embed.initialize(X=X)
    [maxout] = [node for node in projection.walk() if node.name == "maxout"]
    maxout.set_dim("nI", embed.get_dim("nO"), force=True)
    projection.initialize()
    return model


def _project(
    model: _Layer, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    if not docs:
        return [], lambda gradients: []
    embed, projection = model.layers
    vectors, finish_embed = embed(docs, is_train)
    projected, finish_projection = projection(vectors, is_train)
    return projected, lambda gradients: finish_embed(finish_projection(gradients))


def _to_torch(
    model: Model, words: tuple[np.ndarray, np.ndarray], is_train: bool
) -> tuple[ArgsKwargs, Callable[[ArgsKwargs], list[Any]]]:
    device = model.shims[0].device
    inputs = tuple(torch.from_numpy(array).to(device) for array in words)
    return ArgsKwargs(args=inputs, kwargs={}), lambda gradients: []  # bytes have no gradient


def _from_torch(
    model: Model, pair: tuple[Any, torch.Tensor], is_train: bool
) -> tuple[Floats2d, Callable[[Floats2d], ArgsKwargs]]:
    output = pair[1]

    def convert_gradient(gradient: Floats2d) -> ArgsKwargs:
        return ArgsKwargs(args=((output,),), kwargs={"grad_tensors": xp2torch(gradient, device=output.device)})

    return torch2xp(output, ops=model.ops), convert_gradient


def _serialize(embedder: torch.nn.Module) -> bytes:
    return encoder_to_bytes(embedder.encoder) if isinstance(embedder, _Embedder) else b""
