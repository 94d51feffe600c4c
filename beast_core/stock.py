"""Where each of our weights lives in a folder of stock sentence-transformers parts: one table, read in both directions.

`ngram` encoders are a `transformers` BLT model with a zero-layer decoder -> mean pooling -> Dense(tanh) -> Normalize.
`flatten` encoders are a BERT model -> CNN with one output position -> Dense(identity, tanh) -> Normalize.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from beast_core.config import EncoderConfig
from beast_core.layers import sinusoidal_positions

MODULE_FOLDERS = {
    "ngram": ("", "1_Pooling", "2_Dense", "3_Normalize"),
    "flatten": ("", "1_CNN", "2_Pooling", "3_Dense", "4_Normalize"),
}
_PROJECTION_FOLDER = {"ngram": "2_Dense", "flatten": "1_CNN"}

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


def _names(config: EncoderConfig) -> Iterator[tuple[str, list[str]]]:
    """Our tensor and theirs, for all tensors that differ in nothing but name and stacking."""
    if config.family == "ngram":
        yield "byte_embedding.weight", ["local_encoder.embed_tokens.weight"]
        yield "ngram_embedding.weight", ["encoder_hash_tok_embedding.weight"]
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
    bias = state["projection.bias"]
    if config.family == "ngram":
        return {"": model, "2_Dense": {"linear.weight": state["projection.weight"], "linear.bias": bias}}
    model |= _fixed(config)
    identity = {"linear.weight": torch.eye(config.output_width), "linear.bias": torch.zeros(config.output_width)}
    kernel = torch.nn.functional.pad(
        state["projection.weight"].unflatten(1, (config.window, config.hidden_width)).transpose(1, 2),
        (config.window - 1, 0),
    )
    return {"": model, "1_CNN": {"convs.0.weight": kernel, "convs.0.bias": bias}, "3_Dense": identity}


def _fixed(config: EncoderConfig) -> dict[str, Tensor]:
    """What a `flatten` encoder does not train and a BERT model holds as weights."""
    width = config.hidden_width
    return {
        "embeddings.position_embeddings.weight": sinusoidal_positions(config.window, width=width),
        "embeddings.token_type_embeddings.weight": torch.zeros(1, width),
        "embeddings.LayerNorm.weight": torch.ones(width),
        "embeddings.LayerNorm.bias": torch.zeros(width),
    }


def from_stock(read: Callable[[str, str], Tensor], *, config: EncoderConfig) -> dict[str, Tensor]:
    """Our state dict out of a stock folder; `read(module folder, their name)` gives one tensor.

    Raises `ValueError` if something was trained there that this encoder keeps fixed.
    """
    state = {ours: torch.cat([read("", name) for name in theirs]) for ours, theirs in _names(config)}
    folder = _PROJECTION_FOLDER[config.family]
    if config.family == "ngram":
        state["projection.weight"] = read(folder, "linear.weight")
        state["projection.bias"] = read(folder, "linear.bias")
        return state
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
    kernel = read(folder, "convs.0.weight")[..., config.window - 1 :]
    state["projection.weight"] = kernel.transpose(1, 2).flatten(1)
    state["projection.bias"] = read(folder, "convs.0.bias")
    return state
