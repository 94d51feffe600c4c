"""`spacy_beast.BeastEmbed.v1`: the encoder as the embedding layer of a spaCy tok2vec, frozen or trained along."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import srsly
from spacy.tokens import Doc
from thinc.api import Maxout, Model, Shim, with_array
from thinc.types import Floats2d

from beast_core import CachedEncoder, read_model
from beast_core import Model as EncoderModel
from beast_core.inference import make_encoder
from beast_core.needs import needs_torch
from spacy_beast.languages import check_choice, find_model, language_of
from spacy_beast.strings import Strings
from spacy_beast.weights import model_from_bytes, model_to_bytes
from spacy_beast.words import attribute_id, has_vector

Layer: TypeAlias = Model[list[Doc], list[Floats2d]]
# Vectors of words, and what takes their gradient; None if nobody does.
Vectors: TypeAlias = tuple[Any, Callable[[Floats2d], Any] | None]


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
    - `trainable`: whether training the pipeline also trains (its own copy of) the encoder. Each step then moves the
      rows of its n-gram table that the batch has read, see `spacy_beast.row_updates`; a frozen encoder costs less, as
      it remembers the vectors of words it has seen.
    - `width`: output width, by a trained maxout layer over the encoder's vectors; `null` gives these vectors as they
      are, zeros for white space.

    The layer maps documents to one `(tokens, width)` float32 array each. Raises `ValueError` for a bad `attr` or
    `width`, and for both a model and a language; `nlp.initialize` raises `FileNotFoundError` or
    `beast_core.ModelFolderError` if there is no such model. A trainable layer, and a model with layers, need torch: an
    `ImportError` says so where it is missing.
    """
    check_choice(model, language=language)
    if width is not None and width < 1:
        raise ValueError(
            f"width is {width}, expected a whole number of at least 1, or null for the encoder's own width"
        )
    find, of_pipeline = find_model(model, language=language), model is None and language is None
    kind: type[Embed] = FrozenEmbed
    if trainable:
        with needs_torch("spacy_beast.BeastEmbed.v1 with trainable = true"):
            from spacy_beast.trained_embed import TrainedEmbed as kind
    settings = kind(find, of_pipeline=of_pipeline, attr=attribute_id(attr))
    embed: Model[list[Doc], list[Floats2d]] = Model(
        "beast_embed", settings.forward, init=settings.initialize, layers=[settings.encoder()], dims={"nO": None}
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


class Embed(ABC):
    """What the functions of a layer need to know. Its methods are these functions, as thinc asks for their signatures
    and pickles them. The layer has one more in it, with the weights."""

    def __init__(self, find_model: Callable[[], Path], *, of_pipeline: bool, attr: int) -> None:
        self.find_model = find_model
        self.of_pipeline = of_pipeline
        self.attr = attr

    @abstractmethod
    def encoder(self) -> Model:
        """The layer that has the weights in its one shim, before there are any."""

    @abstractmethod
    def use(self, encoder: Model, *, model: EncoderModel) -> None:
        """Gives that layer its weights."""

    @abstractmethod
    def vectors(self, encoder: Model, *, words: list[str], is_train: bool) -> Vectors:
        """`(words, width)` float32, an array of the layer's ops, of distinct words."""

    def initialize(self, model: Layer, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> Layer:
        """Reads the weights to start from: unless anything else was said, those of the documents' language."""
        find = self.find_model
        if self.of_pipeline and X and X[0].vocab.lang:
            find = find_model(None, language=language_of(X[0].vocab.lang))
        read = read_model(find())
        self.use(model.layers[0], model=read)
        model.set_dim("nO", read.config.output_width, force=True)
        return model

    def forward(
        self, model: Layer, docs: list[Doc], is_train: bool
    ) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
        """One `(tokens, width)` array a document; the way back ends here, as documents have no gradient."""
        encoder, ops = model.layers[0], model.ops
        if encoder.shims[0]._model is None:
            raise ValueError("BeastEmbed has no weights yet: call nlp.initialize(), or load a trained pipeline")
        if not docs:
            return [], lambda gradients: []
        counts = [len(doc) for doc in docs]
        keys, places = np.unique(np.concatenate([doc.to_array(self.attr) for doc in docs]), return_inverse=True)
        strings = Strings(*{id(doc.vocab): doc.vocab.strings for doc in docs}.values())
        words = [strings.word(key) for key in keys.tolist()]
        real = np.array([row for row, word in enumerate(words) if has_vector(word)], dtype=np.int64)
        table = ops.alloc2f(len(words), model.get_dim("nO"))
        table[real], finish = self.vectors(encoder, words=[words[row] for row in real], is_train=is_train)

        def backprop(gradients: list[Floats2d]) -> list[Doc]:
            if finish is not None:
                total = ops.alloc2f(len(words), model.get_dim("nO"))
                ops.scatter_add(total, ops.asarray1i(places), ops.flatten(gradients))
                finish(ops.as_contig(total[real]))
            return []

        return ops.unflatten(ops.as_contig(table[places]), ops.asarray1i(counts)), backprop


class _EncoderShim(Shim):  # type: ignore[misc]  # without types
    """A frozen encoder, in files as `TrainedEmbed` has its own: a pipeline may be trained with one, go on with the
    other."""

    _model: CachedEncoder | None

    def to_bytes(self) -> bytes:
        """The weights."""
        model = model_to_bytes(self._model.encoder.model) if self._model is not None else b""
        return bytes(srsly.msgpack_dumps({"config": self.cfg, "state": model}))

    def from_bytes(self, data: bytes) -> "_EncoderShim":
        """Takes over what `to_bytes` gave."""
        if state := srsly.msgpack_loads(data)["state"]:
            self._model = _cached(model_from_bytes(state))
        return self

    def to_device(self, device_type: str, device_id: int) -> None:
        """Nothing: vectors are computed where they were, and handed over."""

    def finish_update(self, optimizer: Any) -> None:
        """Nothing: there is nothing to learn."""


class FrozenEmbed(Embed):
    """The encoder as it is, with a cache: words come again in each epoch."""

    def encoder(self) -> Model:
        """See `Embed.encoder`."""
        return Model("beast_encoder", _no_forward, shims=[_EncoderShim(None)])

    def use(self, encoder: Model, *, model: EncoderModel) -> None:
        """See `Embed.use`."""
        encoder.shims[0]._model = _cached(model)

    def vectors(self, encoder: Model, *, words: list[str], is_train: bool) -> Vectors:
        """See `Embed.vectors`."""
        return encoder.ops.asarray(encoder.shims[0]._model.encode(words)), None


def _cached(model: EncoderModel) -> CachedEncoder:
    device = "cpu"
    if model.config.layers:
        with needs_torch("a model with layers"):
            import torch  # noqa: F401
        from thinc.util import get_torch_default_device

        device = str(get_torch_default_device())
    return CachedEncoder(make_encoder(model, device=device))


def _no_forward(model: Model, words: Any, is_train: bool) -> Any:
    raise NotImplementedError("the layer around this one computes")


def _initialise_projection(model: Layer, X: list[Doc] | None = None, Y: list[Floats2d] | None = None) -> Layer:
    embed, projection = model.layers
    embed.initialize(X=X)
    [maxout] = [node for node in projection.walk() if node.name == "maxout"]
    maxout.set_dim("nI", embed.get_dim("nO"), force=True)
    projection.initialize()
    return model


def _project(
    model: Layer, docs: list[Doc], is_train: bool
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    if not docs:
        return [], lambda gradients: []
    embed, projection = model.layers
    vectors, finish_embed = embed(docs, is_train)
    projected, finish_projection = projection(vectors, is_train)
    return projected, lambda gradients: finish_embed(finish_projection(gradients))
