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
    # `(words, 1, 1, window)`, so that it is one mask for all heads and positions.
    mask = graph("Unsqueeze", graph("GreaterOrEqual", whole, graph.constant(0, dtype=np.int32)), graph.axes(1, 2))
    if config.causal:
        mask = graph("And", mask, graph.constant(np.tril(np.ones((config.window, config.window), dtype=bool))))
    letters = graph("Max", whole, graph.constant(0, dtype=np.int32))
    table = graph.weight("byte_embedding.weight", values=model.weights["byte_embedding.weight"])
    positions = graph.constant(sinusoidal_positions(config.window, width=width), name="positions")
    embedded = graph("Add", graph("Gather", table, letters), positions)
    hidden = graph(
        "LayerNormalization", embedded, graph.constant(np.ones(width, dtype=np.float32)), epsilon=NORM_EPSILON
    )
    for layer in range(config.layers):
        hidden = _block(graph, model, hidden=hidden, mask=mask, prefix=f"blocks.{layer}")
    return graph.reshape(hidden, 0, config.window * width)


def _whole_window(graph: Graph, word_bytes: str, *, window: int) -> str:
    """The same with as many -1 as there are positions left of the window; a runtime refuses a negative number of
    them."""
    missing = graph("Sub", graph.axes(window), graph.size(word_bytes, axis=1))
    shape = graph("Concat", graph.size(word_bytes, axis=0), missing, axis=0)
    return graph("Concat", word_bytes, graph("Expand", graph.constant(-1, dtype=np.int32), shape), axis=1)


def _block(graph: Graph, model: Model, *, hidden: str, mask: str, prefix: str) -> str:
    """`beast_core.network.layers.PostNormBlock`."""
    config, weights = model.config, model.weights
    width = config.hidden_width // config.heads

    def normed(value: str, *, name: str) -> str:
        scale, shift = (graph.weight(name, values=weights[name]) for name in (f"{name}.weight", f"{name}.bias"))
        return graph("LayerNormalization", value, scale, shift, epsilon=NORM_EPSILON)

    projected = graph.linear(hidden, weights=weights, name=f"{prefix}.query_key_value")
    query, key, value = graph.split_heads(projected, heads=config.heads, width=width)
    attended = graph.join_heads(graph.attention(query, key=key, value=value, width=width, mask=mask))
    output = graph.linear(attended, weights=weights, name=f"{prefix}.attention_output")
    hidden = normed(graph("Add", hidden, output), name=f"{prefix}.attention_norm")
    up = graph.gelu(graph.linear(hidden, weights=weights, name=f"{prefix}.up"))
    fed = graph("Add", hidden, graph.linear(up, weights=weights, name=f"{prefix}.down"))
    return normed(fed, name=f"{prefix}.feed_forward_norm")
