"""The `ngram` family as an ONNX graph; the network is in `beast_core.network.ngram`."""

from itertools import accumulate

import numpy as np
import onnx

from beast_core.config import NORM_EPSILON
from beast_core.export.graphs.builder import Graph
from beast_core.families.ngram import (
    BEGIN_ID,
    END_ID,
    NGRAM_TABLE,
    ROTARY_BASE,
    NgramConfig,
    wrapped_power,
)
from beast_core.packing import SCALE_BYTES, row_scales
from beast_core.storage import Model


def backbone(graph: Graph, *, model: Model, word_bytes: str) -> str:
    """`(words, positions)` int32, -1 after each word -> the pooled vectors, `(words, width)` float32."""
    config, weights = model.config, model.weights
    assert isinstance(config, NgramConfig)
    ids, positions = _marked(graph, word_bytes)
    present = graph("Greater", ids, graph.constant(0, dtype=np.int64))
    rows = _hashed(graph, ids, config=config)
    letters = graph("Gather", graph.weight("byte_embedding.weight", values=weights["byte_embedding.weight"]), ids)
    if config.layers:
        size = graph.size(ids, axis=1)
        ones = graph("Expand", graph.constant(np.float32(1)), graph("Shape", rows))
        hidden = graph("Add", letters, _table_sums(graph, model, rows=rows, factors=ones))
        for layer in range(config.layers):
            hidden = _block(graph, model, hidden=hidden, size=size, prefix=f"blocks.{layer}")
        hidden = _rms_norm(graph, model, value=hidden, name="final_norm")
        sums = _weighted_sum(graph, hidden, factors=graph.floats(present))
    else:
        factors = graph("Unsqueeze", graph.floats(present), graph.axes(2))
        every = graph.reshape(graph("Expand", factors, graph("Shape", rows)), 0, -1)
        ngrams = _table_sums(graph, model, rows=graph.reshape(rows, 0, -1), factors=every)
        sums = graph("Add", ngrams, _weighted_sum(graph, letters, factors=graph.floats(present)))
    if config.pooling not in _POOLED:
        raise ValueError(f"the pooling {config.pooling!r} has no ONNX graph, expected one of {sorted(_POOLED)}")
    pooled = _POOLED[config.pooling](graph, sums, positions)
    return graph.gelu(graph.linear(pooled, weights=weights, name="expansion")) if config.projection_width else pooled


def _mean(graph: Graph, sums: str, positions: str) -> str:
    return graph("Div", sums, graph.floats(positions))


# Of each of `POOLINGS`, the operations that it is, of sums `(words, width)` and numbers of positions `(words, 1)`.
_POOLED = {"mean": _mean}


def _marked(graph: Graph, word_bytes: str) -> tuple[str, str]:
    """Ids between a begin and an end marker, `(words, positions + 2)` int64, and how many, `(words, 1)` int64; see
    `beast_core.network.layers.mark_words`."""
    one = graph.constant(1, dtype=np.int64)
    letters = graph("Add", graph("Cast", word_bytes, to=onnx.TensorProto.INT64), one)
    is_letter = graph("Cast", graph("Greater", letters, graph.constant(0, dtype=np.int64)), to=onnx.TensorProto.INT64)
    lengths = graph("ReduceSum", is_letter, graph.axes(1), keepdims=1)
    ends = graph("Add", lengths, one)
    padded = graph("Pad", letters, graph.axes(0, 1, 0, 0), graph.constant(BEGIN_ID, dtype=np.int64))
    padded = graph("Pad", padded, graph.axes(0, 0, 0, 1), graph.constant(0, dtype=np.int64))
    count = graph("Squeeze", graph.size(padded, axis=1), graph.axes(0))
    place = graph("Range", graph.constant(0, dtype=np.int64), count, one)
    ids = graph("Where", graph("Equal", place, ends), graph.constant(END_ID, dtype=np.int64), padded)
    return ids, graph("Add", ends, one)


def _hashed(graph: Graph, ids: str, *, config: NgramConfig) -> str:
    """The rows of the table, `(words, positions, sizes)` int64; see `beast_core.network.layers.ngram_hashes`. ONNX's
    integers wrap, and its Mod has the sign of the divisor."""
    most, size = config.window + 2, graph.size(ids, axis=1)
    starts = [[end - ngram + 1 for ngram in config.ngram_sizes] for end in range(most)]
    powers = graph.constant([wrapped_power(place) for place in range(most)], dtype=np.int64)
    before = graph.constant(np.maximum(starts, 0), dtype=np.int64)
    scales = graph.constant([[wrapped_power(-start) for start in row] for row in starts], dtype=np.int64)
    # Of a word that is longer than the window, there are not enough powers: the runtime refuses it.
    products = graph("Mul", ids, graph.up_to(powers, end=size))
    running = graph("Pad", graph("CumSum", products, graph.constant(1, dtype=np.int64)), graph.axes(0, 1, 0, 0))
    through = graph("Slice", running, graph.axes(1), graph.axes(most + 1), graph.axes(1))
    earlier = graph("Gather", running, graph.up_to(before, end=size), axis=1)
    sums = graph("Sub", graph("Unsqueeze", through, graph.axes(2)), earlier)
    hashes = graph("Mul", sums, graph.up_to(scales, end=size))
    rows = graph("Mod", hashes, graph.constant(max(config.ngram_buckets), dtype=np.int64))
    rows = graph("Mod", rows, graph.constant(config.ngram_buckets, dtype=np.int64))
    return graph("Add", rows, graph.constant([0, *accumulate(config.ngram_buckets)][:-1], dtype=np.int64))


def _weighted_sum(graph: Graph, values: str, *, factors: str) -> str:
    """`(..., rows, width)` and `(..., rows)` -> their sum, each row by its factor, `(..., width)`."""
    product = graph("MatMul", graph("Unsqueeze", factors, graph.axes(-2)), values)
    return graph("Squeeze", product, graph.axes(-2))


def _table_sums(graph: Graph, model: Model, *, rows: str, factors: str) -> str:
    """Sums of rows of the table, each by its factor: `(..., rows)` twice -> `(..., width)` float32."""
    table = model.weights[NGRAM_TABLE]
    if table.dtype != np.uint8:
        return _weighted_sum(
            graph, graph.floats(graph("Gather", graph.constant(table, name=NGRAM_TABLE), rows)), factors=factors
        )
    # The layout is that of `beast_core.packing`: in the file as it is there, read of the rows that are wanted alone.
    entries, ends = table[:, :-SCALE_BYTES], row_scales(table)
    scales, offsets = (
        graph("Mul", factors, graph.floats(graph("Gather", graph.constant(values, name=f"ngram_{name}"), rows)))
        for name, values in (("scales", ends[:, 0]), ("offsets", ends[:, 1]))
    )
    fours = graph("Gather", graph.constant(entries, name="ngram_entries"), rows)
    parts = []
    for place in range(4):
        # What is left of two bits is shifted out, and then what is right of them.
        upper = graph("BitShift", fours, graph.constant(6 - 2 * place, dtype=np.uint8), direction="LEFT")
        part = graph("BitShift", upper, graph.constant(6, dtype=np.uint8), direction="RIGHT")
        sums = _weighted_sum(graph, graph.floats(part), factors=scales)
        parts.append(graph("Unsqueeze", sums, graph.axes(-1)))
    together = graph("Concat", *parts, axis=-1)
    leading = [0] * (2 if model.config.layers else 1)
    added = graph("ReduceSum", offsets, graph.axes(-1), keepdims=1)
    return graph("Add", graph.reshape(together, *leading, -1), added)


def _rms_norm(graph: Graph, model: Model, *, value: str, name: str) -> str:
    mean = graph("ReduceMean", graph("Mul", value, value), axes=[-1], keepdims=1)
    size = graph("Sqrt", graph("Add", mean, graph.constant(np.float32(NORM_EPSILON))))
    weight = f"{name}.weight"
    return graph("Mul", graph("Div", value, size), graph.weight(weight, values=model.weights[weight]))


def _block(graph: Graph, model: Model, *, hidden: str, size: str, prefix: str) -> str:
    """`beast_core.network.layers.CausalBlock` over all positions: none attends to those after it, so padding, which
    comes after the word, changes nothing."""
    config, weights = model.config, model.weights
    width = config.hidden_width // config.heads
    normed = _rms_norm(graph, model, value=hidden, name=f"{prefix}.attention_norm")
    projected = graph.linear(normed, weights=weights, name=f"{prefix}.query_key_value")
    query, key, value = graph.split_heads(projected, heads=config.heads, width=width)
    query, key = (_rotated(graph, part, size=size, width=width, positions=config.window + 2) for part in (query, key))
    everything = np.tril(np.ones((config.window + 2, config.window + 2), dtype=bool))
    mask = graph.up_to(graph.constant(everything), end=size, axes=(0, 1))
    attended = graph.join_heads(graph.attention(query, key=key, value=value, width=width, mask=mask))
    hidden = graph("Add", hidden, graph.linear(attended, weights=weights, name=f"{prefix}.attention_output"))
    normed = _rms_norm(graph, model, value=hidden, name=f"{prefix}.feed_forward_norm")
    both = weights[f"{prefix}.gate_and_up.weight"]
    gate, up = (
        graph("MatMul", normed, graph.weight(f"{prefix}.{name}", values=part.T))
        for name, part in (("gate", both[: len(both) // 2]), ("up", both[len(both) // 2 :]))
    )
    fed = graph("Mul", graph("Mul", gate, graph("Sigmoid", gate)), up)
    return graph("Add", hidden, graph.linear(fed, weights=weights, name=f"{prefix}.down"))


def _rotated(graph: Graph, value: str, *, size: str, width: int, positions: int) -> str:
    """Rotary embedding (Su et al. 2021, https://arxiv.org/abs/2104.09864), neighbouring entries paired: a matrix turns
    each pair."""
    exponents = np.arange(0, width, 2, dtype=np.float32) / width
    angles = np.arange(positions)[:, None] * (np.float32(ROTARY_BASE) ** -exponents)
    angles = np.repeat(angles.astype(np.float32), 2, axis=1)
    turn = np.zeros((width, width), dtype=np.float32)
    even = np.arange(0, width, 2)
    turn[even + 1, even], turn[even, even + 1] = -1, 1
    cosine, sine = (graph.up_to(graph.constant(table(angles)), end=size) for table in (np.cos, np.sin))
    turned = graph("MatMul", value, graph.constant(turn))
    return graph("Add", graph("Mul", value, cosine), graph("Mul", turned, sine))
