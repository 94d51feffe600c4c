"""The `flatten` family as an ONNX graph; the network is in `beast_core.network.flatten`."""

import numpy as np

from beast_core.config import NORM_EPSILON
from beast_core.export.graphs.builder import Graph
from beast_core.families.flatten import FlattenConfig
from beast_core.positions import sinusoidal_positions
from beast_core.storage import Model


def backbone(graph: Graph, *, model: Model, word_bytes: str) -> str:
    """`(words, positions)` int32, -1 after each word -> all positions of the window, `(words, window * width)`
    float32."""
    config, width = model.config, model.config.hidden_width
    assert isinstance(config, FlattenConfig)
    whole = _whole_window(graph, word_bytes, window=config.window)
    present = graph("GreaterOrEqual", whole, graph.constant(0, dtype=np.int32))
    letters = graph("Max", whole, graph.constant(0, dtype=np.int32))
    table = graph.weight("byte_embedding.weight", values=model.weights["byte_embedding.weight"])
    positions = graph.constant(sinusoidal_positions(config.window, width=width), name="positions")
    hidden = _input_norm(graph, model, embedded=graph("Add", graph("Gather", table, letters), positions))
    mask = _mask(graph, config, present=present)
    for layer in range(config.layers):
        hidden = _block(graph, model, config, hidden=hidden, mask=mask, prefix=f"blocks.{layer}")
    if config.padding == "zeroed":
        kept = graph("Unsqueeze", present, graph.axes(2))
        hidden = graph("Where", kept, hidden, graph.constant(np.float32(0)))
    return graph.reshape(hidden, 0, config.window * width)


def _mask(graph: Graph, config: FlattenConfig, *, present: str) -> str:
    """`(words, window)` bool -> `(words or 1, 1, window or 1, window)`, so that it is one mask for all heads."""
    causal = np.tril(np.ones((config.window, config.window), dtype=bool))
    if config.padding == "attended":
        return graph.constant((causal if config.causal else np.ones_like(causal))[None, None])
    mask = graph("Unsqueeze", present, graph.axes(1, 2))
    return graph("And", mask, graph.constant(causal)) if config.causal else mask


def _input_norm(graph: Graph, model: Model, *, embedded: str) -> str:
    config, width = model.config, model.config.hidden_width
    assert isinstance(config, FlattenConfig)
    if config.input_norm == "none":
        return embedded
    if config.input_norm == "weighted":
        return _normed(graph, model, value=embedded, name="input_norm")
    return graph("LayerNormalization", embedded, graph.constant(np.ones(width, dtype=np.float32)), epsilon=NORM_EPSILON)


def _normed(graph: Graph, model: Model, *, value: str, name: str) -> str:
    scale, shift = (graph.weight(name, values=model.weights[name]) for name in (f"{name}.weight", f"{name}.bias"))
    return graph("LayerNormalization", value, scale, shift, epsilon=NORM_EPSILON)


def _whole_window(graph: Graph, word_bytes: str, *, window: int) -> str:
    """The same with as many -1 as there are positions left of the window; a runtime refuses a negative number of
    them."""
    missing = graph("Sub", graph.axes(window), graph.size(word_bytes, axis=1))
    shape = graph("Concat", graph.size(word_bytes, axis=0), missing, axis=0)
    return graph("Concat", word_bytes, graph("Expand", graph.constant(-1, dtype=np.int32), shape), axis=1)


def _block(graph: Graph, model: Model, config: FlattenConfig, *, hidden: str, mask: str, prefix: str) -> str:
    """`beast_core.network.layers.PostNormBlock`."""
    weights, width = model.weights, config.hidden_width // config.heads
    projected = graph.linear(hidden, weights=weights, name=f"{prefix}.query_key_value")
    query, key, value = graph.split_heads(projected, heads=config.heads, width=width)
    attended = graph.join_heads(graph.attention(query, key=key, value=value, width=width, mask=mask))
    output = graph.linear(attended, weights=weights, name=f"{prefix}.attention_output")
    hidden = _normed(graph, model, value=graph("Add", hidden, output), name=f"{prefix}.attention_norm")
    up = graph.linear(hidden, weights=weights, name=f"{prefix}.up")
    active = graph("Relu", up) if config.activation == "relu" else graph.gelu(up)
    fed = graph("Add", hidden, graph.linear(active, weights=weights, name=f"{prefix}.down"))
    return _normed(graph, model, value=fed, name=f"{prefix}.feed_forward_norm")
