"""Where each of our weights lives in a folder of stock sentence-transformers parts: one table, read in both directions.

`ngram` encoders are a `transformers` BLT model with a zero-layer decoder -> mean pooling -> Dense(GELU), if there is a
hidden layer -> Dense(tanh) -> Normalize.
`flatten` encoders are a BERT model -> CNN with one output position -> Dense(identity, tanh) -> Normalize.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from beast_core.config import EncoderConfig
from beast_core.layers import sinusoidal_positions
from beast_core.tables import NGRAM_TABLE

# BLT normalises each position at the end. With so large an epsilon that is a multiplication by 1 / sqrt(epsilon), to a
# millionth, which the norm's weight undoes: how an encoder without layers, which does not normalise, fits in. (A
# larger one would leave the range of float16.)
LINEAR_NORM_EPSILON = 2.0**22

_STOCK_TABLE = "encoder_hash_tok_embedding.weight"

# {our name: their names}; several of theirs are stacked into one of ours.
_NGRAM_BLOCK = {
    "attention_norm": ["input_layernorm"],
    "query_key_value": ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    "attention_output": ["self_attn.o_proj"],
    "feed_forward_norm": ["post_attention_layernorm"],
    "gate_and_up": ["mlp.gate_proj", "mlp.up_proj"],
    "down": ["mlp.down_proj"],
}
_FLATTEN_BLOCK = {
    "query_key_value": ["attention.self.query", "attention.self.key", "attention.self.value"],
    "attention_output": ["attention.output.dense"],
    "attention_norm": ["attention.output.LayerNorm"],
    "up": ["intermediate.dense"],
    "down": ["output.dense"],
    "feed_forward_norm": ["output.LayerNorm"],
}


def module_folders(config: EncoderConfig) -> tuple[str, ...]:
    """The folders of the modules, in their order, as `SentenceTransformer` names them.

    >>> module_folders(EncoderConfig.preset("mini"))
    ('', '1_CNN', '2_Pooling', '3_Dense', '4_Normalize')
    """
    kinds = ["CNN", "Pooling", "Dense"]
    if config.family == "ngram":
        kinds = ["Pooling", *["Dense"] * (2 if config.projection_width else 1)]
    return ("", *(f"{place}_{kind}" for place, kind in enumerate([*kinds, "Normalize"], start=1)))


def _names(config: EncoderConfig) -> Iterator[tuple[str, list[str]]]:
    """Our tensor and theirs, for all tensors that differ in nothing but name and stacking."""
    if config.family == "ngram":
        yield "byte_embedding.weight", ["local_encoder.embed_tokens.weight"]
        yield NGRAM_TABLE, [_STOCK_TABLE]
        if config.layers:
            yield "final_norm.weight", ["local_decoder.norm.weight"]
        block, prefix, kinds = _NGRAM_BLOCK, "local_encoder.layers", ["weight"]
    else:
        yield "byte_embedding.weight", ["embeddings.word_embeddings.weight"]
        block, prefix, kinds = _FLATTEN_BLOCK, "encoder.layer", ["weight", "bias"]
    for layer in range(config.layers):
        for ours, theirs in block.items():
            for kind in kinds:
                yield f"blocks.{layer}.{ours}.{kind}", [f"{prefix}.{layer}.{name}.{kind}" for name in theirs]


def to_stock(state: dict[str, Tensor], *, config: EncoderConfig) -> dict[str, dict[str, Tensor]]:
    """Our state dict as `{module folder: {their name: tensor}}`, all that differs from a freshly built stock model."""
    model: dict[str, Tensor] = {}
    for ours, theirs in _names(config):
        model |= dict(zip(theirs, state[ours].chunk(len(theirs)), strict=True))
    if config.family == "ngram":
        model[_STOCK_TABLE] = _repeated(model[_STOCK_TABLE], config=config)
        if not config.layers:
            model["local_decoder.norm.weight"] = torch.full((config.hidden_width,), LINEAR_NORM_EPSILON**0.5)
        dense = {
            folder: {f"linear.{kind}": state[f"{ours}.{kind}"] for kind in ("weight", "bias")}
            for ours, folder in _dense_folders(config).items()
        }
        return {"": model, **dense}
    bias = state["projection.bias"]
    model |= _fixed(config)
    identity = {"linear.weight": torch.eye(config.output_width), "linear.bias": torch.zeros(config.output_width)}
    kernel = torch.nn.functional.pad(
        state["projection.weight"].unflatten(1, (config.window, config.hidden_width)).transpose(1, 2),
        (config.window - 1, 0),
    )
    return {"": model, "1_CNN": {"convs.0.weight": kernel, "convs.0.bias": bias}, "3_Dense": identity}


def _repeated(table: Tensor, *, config: EncoderConfig) -> Tensor:
    """The n-gram table with as many rows for each size as the largest has: the others' over and over again."""
    places = torch.arange(max(config.ngram_buckets))
    return torch.cat([section[places % len(section)] for section in table.split(list(config.ngram_buckets))])


def _unrepeated(table: Tensor, *, config: EncoderConfig) -> tuple[Tensor, EncoderConfig]:
    """The rows that `_repeated` repeated, and the configuration.

    Fine-tuning moves the copies of a row apart. Then all of them are kept, and all sizes have as many buckets.
    """
    largest = max(config.ngram_buckets)
    if len(set(config.ngram_buckets)) == 1 or len(table) != len(config.ngram_sizes) * largest:
        return table, config  # nothing was repeated; or of another shape, as whoever looks at that will say
    sections = zip(table.chunk(len(config.ngram_sizes)), config.ngram_buckets, strict=True)
    rows = torch.cat([section[:buckets] for section, buckets in sections])
    if _repeated(rows, config=config).equal(table):
        return rows, config
    return table, replace(config, ngram_buckets=(largest,) * len(config.ngram_sizes))


def _dense_folders(config: EncoderConfig) -> dict[str, str]:
    """Where the linear layers of an `ngram` encoder are, by our name."""
    ours = ["expansion", "projection"] if config.projection_width else ["projection"]
    return dict(zip(ours, module_folders(config)[2:-1], strict=True))


def _fixed(config: EncoderConfig) -> dict[str, Tensor]:
    """What a `flatten` encoder does not train and a BERT model holds as weights."""
    width = config.hidden_width
    return {
        "embeddings.position_embeddings.weight": sinusoidal_positions(config.window, width=width),
        "embeddings.token_type_embeddings.weight": torch.zeros(1, width),
        "embeddings.LayerNorm.weight": torch.ones(width),
        "embeddings.LayerNorm.bias": torch.zeros(width),
    }


def from_stock(read: Callable[[str, str], Tensor], *, config: EncoderConfig) -> tuple[dict[str, Tensor], EncoderConfig]:
    """Our state dict out of a stock folder, and the encoder's configuration, which fine-tuning there may have changed.

    `config` is what the folder was written with; `read(module folder, their name)` gives one tensor. Raises
    `ValueError` if something was trained there that this encoder keeps fixed.
    """
    state = {ours: torch.cat([read("", name) for name in theirs]) for ours, theirs in _names(config)}
    if config.family == "ngram":
        for ours, folder in _dense_folders(config).items():
            state |= {f"{ours}.{kind}": read(folder, f"linear.{kind}") for kind in ("weight", "bias")}
        if not config.layers:
            _undo_norm(state, weight=read("", "local_decoder.norm.weight"))
        state[NGRAM_TABLE], config = _unrepeated(state[NGRAM_TABLE], config=config)
        return state, config
    expected = {("", name): value for name, value in _fixed(config).items()}
    expected["3_Dense", "linear.weight"] = torch.eye(config.output_width)
    expected["3_Dense", "linear.bias"] = torch.zeros(config.output_width)
    trained = [name for name, value in expected.items() if not torch.allclose(read(*name), value, atol=1e-6)]
    if trained:
        shown = ", ".join("/".join(filter(None, name)) for name in trained)
        raise ValueError(
            f"{shown} changed in training, but this encoder keeps it fixed; set requires_grad_(False) there when "
            "fine-tuning, or fine-tune what st_beast.load gives, which trains the right weights"
        )
    kernel = read("1_CNN", "convs.0.weight")[..., config.window - 1 :]
    state["projection.weight"] = kernel.transpose(1, 2).flatten(1)
    state["projection.bias"] = read("1_CNN", "convs.0.bias")
    return state, config


def _undo_norm(state: dict[str, Tensor], *, weight: Tensor) -> None:
    """The weight of the stock model's norm, which fine-tuning moves, belongs to the layer after the mean."""
    following = "expansion.weight" if "expansion.weight" in state else "projection.weight"
    state[following] = state[following] * (weight / LINEAR_NORM_EPSILON**0.5)
