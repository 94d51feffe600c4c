"""Encoders as ONNX graphs, written down from a model's weights: no torch, and tables as they are packed."""

from collections.abc import Callable

import numpy as np
import onnx
from onnx import helper

from beast_core.config import EncoderConfig
from beast_core.export.graphs import flatten, ngram
from beast_core.export.graphs.builder import Graph
from beast_core.families.flatten import FlattenConfig
from beast_core.families.ngram import NgramConfig
from beast_core.storage import Model

_BACKBONES: dict[type[EncoderConfig], Callable[..., str]] = {
    FlattenConfig: flatten.backbone,
    NgramConfig: ngram.backbone,
}
_LEAST_NORM = 1e-12


def onnx_model(model: Model, *, metadata: dict[str, str]) -> onnx.ModelProto:
    """A model that takes `bytes` and gives `vectors`: the bytes of words, `(words, positions)` int32, -1 after the last
    of each, at most as many positions as the window -> `(words, output width)` float32 of unit length.

    Weights are in the file as the model has them. Raises `ValueError` for a family that has no graph.
    """
    config = model.config
    if type(config) not in _BACKBONES:
        raise ValueError(f"models of the family {config.family!r} have no ONNX graph, expected one of {_families()}")
    graph = Graph()
    pooled = _BACKBONES[type(config)](graph, model=model, word_bytes="bytes")
    outputs = graph("Tanh", graph.linear(pooled, weights=model.weights, name="projection"))
    norms = graph("Max", graph("ReduceL2", outputs, axes=[-1], keepdims=1), graph.constant(np.float32(_LEAST_NORM)))
    graph("Div", outputs, norms, output="vectors")
    return graph.model(
        inputs=[helper.make_tensor_value_info("bytes", onnx.TensorProto.INT32, ["words", "positions"])],
        outputs=[helper.make_tensor_value_info("vectors", onnx.TensorProto.FLOAT, ["words", config.output_width])],
        metadata=metadata,
    )


def _families() -> list[str]:
    return [kind.family for kind in _BACKBONES]
