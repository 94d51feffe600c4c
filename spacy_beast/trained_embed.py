"""The encoder of `BeastEmbed` as thinc trains it, by torch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from thinc.api import ArgsKwargs, Model, PyTorchWrapper_v3, torch2xp, xp2torch
from thinc.types import Floats2d
from thinc.util import get_torch_default_device

from beast_core import Model as EncoderModel
from beast_core import NetworkEncoder, encode_words
from beast_core.network.folders import network_of, stored
from spacy_beast.row_updates import RowUpdates, learn_rows_alone
from spacy_beast.tok2vec import Embed, Vectors
from spacy_beast.weights import model_from_bytes, model_to_bytes


class _Network(torch.nn.Module):
    """The network as thinc trains it, and around the same weights the encoder that does everything else."""

    def __init__(self, model: EncoderModel) -> None:
        super().__init__()
        self.network = network_of(model).requires_grad_(True)
        learn_rows_alone(self.network)
        self.encoder = NetworkEncoder(self.network, device=get_torch_default_device())

    def forward(self, word_bytes: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """`(words, window)` uint8 and `(words,)` int64 -> `(words, width)` float32."""
        vectors: torch.Tensor = self.network(word_bytes, lengths)
        return vectors


class TrainedEmbed(Embed):
    """An encoder of the pipeline's own, which learns with it."""

    def encoder(self) -> Model:
        """See `Embed.encoder`."""
        wrapper = PyTorchWrapper_v3(torch.nn.Identity(), convert_inputs=_to_torch, convert_outputs=_from_torch)
        # Without a network until there are weights.
        wrapper.shims[0] = RowUpdates(None, serialize_model=_serialize, deserialize_model=_deserialize)
        return wrapper

    def use(self, encoder: Model, *, model: EncoderModel) -> None:
        """See `Embed.use`."""
        encoder.shims[0]._model = _Network(model)

    def vectors(self, encoder: Model, *, words: list[str], is_train: bool) -> Vectors:
        """See `Embed.vectors`."""
        network = encoder.shims[0]._model
        if is_train and words:
            vectors, finish = encoder(encode_words(words, config=network.network.config), is_train=True)
            return vectors, finish
        return encoder.ops.asarray(network.encoder.encode(words)), None


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


def _serialize(network: torch.nn.Module | None) -> bytes:
    if not isinstance(network, _Network):
        return b""
    return model_to_bytes(stored(network.network, compact=None, where="cannot save the pipeline"))


def _deserialize(network: torch.nn.Module | None, data: bytes, device: torch.device) -> torch.nn.Module | None:
    """The weights of a trained pipeline."""
    return _Network(model_from_bytes(data)) if data else network
