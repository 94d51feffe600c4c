"""The encoder against a slow reference in float64: one word, one position and one head at a time."""

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from beast_core import PRESETS, BeastEncoder, EncoderConfig, encode_words
from beast_core.families import FAMILIES
from beast_core.families.flatten import ACTIVATIONS, INPUT_NORMS, PADDINGS, FlattenConfig
from beast_core.families.ngram import POOLINGS, NgramConfig
from beast_core.network.tables import fake_quantise
from beast_core.packing import pack_table, unpack_table

WORDS = ["", "a", "ñandú", "casa", "a\0", "electroencefalografistas", "otorrinolaringólogos y más allá", "👩‍👩‍👧"]
texts = st.lists(st.text(max_size=30), min_size=1, max_size=12)


def encode(encoder: BeastEncoder, words: list[str]) -> torch.Tensor:
    return encoder(*map(torch.from_numpy, encode_words(words, config=encoder.config)))


def gelu(values: np.ndarray) -> np.ndarray:
    return values * (1 + np.vectorize(math.erf)(values / math.sqrt(2))) / 2


def silu(values: np.ndarray) -> np.ndarray:
    return values / (1 + np.exp(-values))


def layer_norm(vector: np.ndarray) -> np.ndarray:
    return (vector - vector.mean()) / math.sqrt(vector.var() + 1e-5)


def rms_norm(vector: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return vector / math.sqrt((vector**2).mean() + 1e-5) * weight


def turn(vector: np.ndarray, position: int) -> np.ndarray:
    pairs = np.arange(len(vector) // 2)
    turned = (vector[0::2] + 1j * vector[1::2]) * np.exp(1j * position * 500_000.0 ** (-2 * pairs / len(vector)))
    return np.stack([turned.real, turned.imag], axis=1).ravel()


def attend(projected: np.ndarray, *, heads: int, sees, rotary: bool) -> np.ndarray:
    """`(positions, 3 * width)` -> `(positions, width)`; `sees(i, j)`: may position i look at position j?"""
    positions, width = len(projected), projected.shape[1] // 3
    head_width, attended = width // heads, np.zeros((positions, width))
    for first in range(0, width, head_width):
        query, key, value = (projected[:, start + first :][:, :head_width] for start in (0, width, 2 * width))
        if rotary:
            query, key = (np.stack([turn(vector, place) for place, vector in enumerate(side)]) for side in (query, key))
        for i in range(positions):
            seen = [j for j in range(positions) if sees(i, j)]
            weights = np.exp(key[seen] @ query[i] / math.sqrt(head_width))
            if seen:  # nothing to see gives zeros
                attended[i, first : first + head_width] = weights / weights.sum() @ value[seen]
    return attended


def ngram_reference(encoded: bytes, *, weights: dict[str, np.ndarray], config: EncoderConfig) -> np.ndarray:
    ids = [257, *(byte + 1 for byte in encoded), 258]
    hidden = weights["byte_embedding.weight"][ids].copy()
    for end in range(len(ids)):
        for row, size in enumerate(config.ngram_sizes):
            ngram = [ids[place] if place >= 0 else 0 for place in range(end - size + 1, end + 1)]
            total = sum(symbol * 1_000_000_007**power for power, symbol in enumerate(ngram))
            wrapped = (total + 2**63) % 2**64 - 2**63
            buckets = config.ngram_buckets
            bucket = sum(buckets[:row]) + wrapped % max(buckets) % buckets[row]
            hidden[end] += weights["ngram_embedding.weight"][bucket]
    for layer in range(config.layers):
        part = {name: weights[f"blocks.{layer}.{name}.weight"] for name in NGRAM_PARTS}
        normed = np.array([rms_norm(vector, part["attention_norm"]) for vector in hidden])
        attended = attend(normed @ part["query_key_value"].T, heads=config.heads, sees=lambda i, j: j <= i, rotary=True)
        hidden = hidden + attended @ part["attention_output"].T
        normed = np.array([rms_norm(vector, part["feed_forward_norm"]) for vector in hidden])
        gate, up = np.split(normed @ part["gate_and_up"].T, 2, axis=1)
        hidden = hidden + (silu(gate) * up) @ part["down"].T
    if config.layers:
        hidden = np.array([rms_norm(vector, weights["final_norm.weight"]) for vector in hidden])
    pooled = POOLED[config.pooling](hidden)
    if config.projection_width:
        pooled = gelu(weights["expansion.weight"] @ pooled + weights["expansion.bias"])
    return pooled


POOLED = {"mean": lambda hidden: hidden.sum(axis=0) / len(hidden)}
NGRAM_PARTS = ("attention_norm", "query_key_value", "attention_output", "feed_forward_norm", "gate_and_up", "down")


def flatten_reference(encoded: bytes, *, weights: dict[str, np.ndarray], config: EncoderConfig) -> np.ndarray:
    width = config.hidden_width
    sines = [
        [(math.cos if column % 2 else math.sin)(row / 10_000 ** (column // 2 * 2 / width)) for column in range(width)]
        for row in range(config.window)
    ]
    embedded = weights["byte_embedding.weight"][list(encoded.ljust(config.window, b"\0"))] + np.array(sines)
    hidden = embedded if config.input_norm == "none" else np.array([layer_norm(vector) for vector in embedded])
    if config.input_norm == "weighted":
        hidden = hidden * weights["input_norm.weight"] + weights["input_norm.bias"]
    activation = {"gelu": gelu, "relu": lambda values: values * (values > 0)}[config.activation]

    def sees(i: int, j: int) -> bool:
        return (j < len(encoded) or config.padding == "attended") and (j <= i or not config.causal)

    for layer in range(config.layers):
        part = {name: weights[f"blocks.{layer}.{name}"] for name in FLATTEN_PARTS}
        projected = hidden @ part["query_key_value.weight"].T + part["query_key_value.bias"]
        attended = attend(projected, heads=config.heads, sees=sees, rotary=False)
        attended = attended @ part["attention_output.weight"].T + part["attention_output.bias"]
        hidden = np.array([layer_norm(vector) for vector in hidden + attended])
        hidden = hidden * part["attention_norm.weight"] + part["attention_norm.bias"]
        fed = activation(hidden @ part["up.weight"].T + part["up.bias"]) @ part["down.weight"].T + part["down.bias"]
        hidden = np.array([layer_norm(vector) for vector in hidden + fed])
        hidden = hidden * part["feed_forward_norm.weight"] + part["feed_forward_norm.bias"]
    if config.padding == "zeroed":
        hidden[len(encoded) :] = 0
    return hidden.ravel()


FLATTEN_PARTS = [
    f"{name}.{kind}"
    for name in ("query_key_value", "attention_output", "attention_norm", "up", "down", "feed_forward_norm")
    for kind in ("weight", "bias")
]


REFERENCES = {"ngram": ngram_reference, "flatten": flatten_reference}


def reference(encoder: BeastEncoder, word: str) -> np.ndarray:
    weights = {name: value.detach().double().numpy() for name, value in encoder.state_dict().items()}
    word_bytes, (length,) = encode_words([word], config=encoder.config)
    backbone = REFERENCES[encoder.config.family]
    pooled = backbone(word_bytes[0, :length].tobytes(), weights=weights, config=encoder.config)
    output = np.tanh(weights["projection.weight"] @ pooled + weights["projection.bias"])
    return output / np.linalg.norm(output)


SWITCHES = {"input_norm": INPUT_NORMS, "activation": ACTIVATIONS, "padding": PADDINGS}


def test_every_family_pooling_and_switch_has_a_reference_and_an_encoder_in_these_tests(shapes, make_encoder):
    configs = [make_encoder(shape).config for shape in shapes]
    assert {config.family for config in configs} == set(REFERENCES) == set(FAMILIES)
    assert {config.pooling for config in configs if isinstance(config, NgramConfig)} == set(POOLED) == set(POOLINGS)
    for switch, choices in SWITCHES.items():
        assert {getattr(config, switch) for config in configs if isinstance(config, FlattenConfig)} == set(choices)


def test_tiny_encoders_equal_the_slow_reference(encoder):
    expected = np.stack([reference(encoder, word) for word in WORDS])
    np.testing.assert_allclose(encode(encoder, WORDS).detach().numpy(), expected, atol=1e-5, rtol=0)


def test_an_encoder_with_layers_may_have_a_hidden_layer_and_one_without_may_do_without(make_encoder):
    for shape in ({"layers": 1, "projection_width": 5}, {"layers": 0, "projection_width": 0}):
        encoder = make_encoder("averaged", seed=2, **shape)
        expected = np.stack([reference(encoder, word) for word in WORDS])
        np.testing.assert_allclose(encode(encoder, WORDS).detach().numpy(), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_equal_the_slow_reference(preset, make_encoder):
    encoder = make_encoder(PRESETS[preset], seed=1)
    found = encode(encoder, ["Ñandúes", ""]).detach().numpy()
    np.testing.assert_allclose(found[0], reference(encoder, "Ñandúes"), atol=1e-5, rtol=0)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("switch", "choice"), [(switch, choice) for switch, choices in SWITCHES.items() for choice in choices]
)
def test_each_switch_equals_the_slow_reference_at_full_width_and_changes_the_vector(switch, choice, make_encoder):
    plain = make_encoder(PRESETS["asterisk"], seed=1)
    encoder = make_encoder(replace(plain.config, **{switch: choice}), seed=1)
    found = encode(encoder, ["Ñandúes"]).detach().numpy()
    np.testing.assert_allclose(found[0], reference(encoder, "Ñandúes"), atol=1e-5, rtol=0)
    changed = np.abs(found - encode(plain, ["Ñandúes"]).detach().numpy()).max() > 1e-3
    assert changed == (encoder.config != plain.config)


# Of a word of two bytes in a window of four: which positions (columns) reach what becomes of each (rows) in one block,
# at least itself by the residual sum.
REACHES = {
    ("masked", False): ["11..", "11..", "111.", "11.1"],
    ("masked", True): ["1...", "11..", "111.", "11.1"],
    ("attended", False): ["1111", "1111", "1111", "1111"],
    ("attended", True): ["1...", "11..", "111.", "1111"],
    ("zeroed", False): ["11..", "11..", "....", "...."],
    ("zeroed", True): ["1...", "11..", "....", "...."],
}


@pytest.mark.parametrize(("padding", "causal"), REACHES)
def test_masks_by_hand(padding, causal, make_encoder):
    encoder = make_encoder("flatten", layers=1, window=4, padding=padding, causal=causal)
    words = torch.tensor([[97, 98, 0, 0]], dtype=torch.uint8)
    changed = words.repeat(4, 1)
    changed.diagonal().fill_(7)
    with torch.no_grad():
        before, after = (
            encoder.backbone(rows, lengths=torch.full((len(rows),), 2)).unflatten(1, (4, -1))
            for rows in (words, changed)
        )
    reached = (after - before).abs().amax(dim=2).T > 1e-6  # of each position, by a change in each
    assert ["".join(".1"[reaches] for reaches in row) for row in reached.int().tolist()] == REACHES[padding, causal]


def test_the_projection_by_hand(make_encoder):
    """The last norm gives each position (0.1, -0.2), whatever comes in, and those after a word are zeros."""
    shape = {"hidden_width": 2, "heads": 1, "output_width": 2, "window": 2, "layers": 1, "padding": "zeroed"}
    encoder = make_encoder("flatten", **shape)
    with torch.no_grad():
        encoder.blocks[0].feed_forward_norm.weight.zero_()
        encoder.blocks[0].feed_forward_norm.bias.copy_(torch.tensor([0.1, -0.2]))
        encoder.projection.weight.copy_(torch.tensor([[1.0, 0, 2, 0], [0, 1, 0, 4]]))
        encoder.projection.bias.copy_(torch.tensor([0.0, 0.2]))
        found = encode(encoder, ["", "a", "ab"])
    # tanh(0.2) alone; tanh(0.1) and tanh(-0.2 + 0.2); tanh(0.1 + 2 * 0.1) = 0.2913 and tanh(-0.2 - 4 * 0.2 + 0.2) =
    # -0.6640, over their length, 0.7251.
    expected = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.2913126 / 0.7251261, -0.6640368 / 0.7251261]])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


GOLDEN = {
    "averaged": {"": [-0.441859, -0.875310, 0.186339, 0.062215], "sol": [-0.238197, -0.911102, 0.321840, -0.097851]},
    "ngram": {"": [0.821296, -0.217357, -0.515040, 0.113850], "sol": [0.729295, -0.051821, -0.568072, 0.377805]},
    "flatten": {"": [-0.560542, 0.654096, 0.003433, -0.507878], "sol": [-0.606052, 0.657756, 0.044912, -0.445018]},
    "causal flatten": {
        "": [-0.560542, 0.654096, 0.003433, -0.507878],
        "sol": [-0.607532, 0.657920, 0.042588, -0.442981],
    },
}


@pytest.mark.parametrize("family", GOLDEN)
def test_golden_vectors(family, make_encoder):
    expected = {word: pytest.approx(vector, abs=1e-5) for word, vector in GOLDEN[family].items()}
    shape = {"layers": 1, "hidden_width": 4, "feed_forward_width": 4, "output_width": 4, "window": 4}
    if "flatten" not in family:
        shape["ngram_buckets"] = 31
    if family == "averaged":
        shape |= {"layers": 0, "projection_width": 4}
    encoder = make_encoder(family, **shape)
    with torch.no_grad():
        for number, (_, parameter) in enumerate(sorted(encoder.named_parameters())):
            entries = torch.arange(parameter.numel()).view_as(parameter)
            parameter.copy_(((7 * entries + number) % 11 - 5) / 8)
    found = encode(encoder, list(expected)).tolist()
    assert dict(zip(expected, found, strict=True)) == expected


@pytest.mark.parametrize("family", ["averaged", "ngram"])
def test_quantisation_aware_training_reads_a_table_as_packed_and_passes_the_gradient_straight_through(
    family, make_encoder
):
    encoder = make_encoder(family)
    quantised = copy.deepcopy(encoder)
    weight = encoder.ngram_embedding.weight
    weight.data = torch.from_numpy(unpack_table(pack_table(fake_quantise(weight.data).numpy())))
    quantised.quantisation_aware(True)
    expected, found = (encode(each, WORDS) for each in (encoder, quantised))
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    assert not torch.allclose(found, encode(make_encoder(family), WORDS), atol=1e-2)
    for vectors in (expected, found):
        vectors[:, 0].sum().backward()
    torch.testing.assert_close(quantised.ngram_embedding.weight.grad, weight.grad)
    assert quantised.weights()["ngram_embedding.weight"].equal(weight)
    assert weight.grad.abs().max() > 1e-3


@settings(max_examples=40)
@given(texts, st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_vector_depends_on_the_word_alone(encoder, words, random, batch_size):
    shuffled = random.sample(words, k=len(words))
    with torch.inference_mode():
        expected = dict(zip(words, encode(encoder, words), strict=True))
        for start in range(0, len(words), batch_size):
            batch = shuffled[start : start + batch_size]
            found = encode(encoder, batch)
            torch.testing.assert_close(found, torch.stack([expected[word] for word in batch]), atol=1e-5, rtol=0)
            torch.testing.assert_close(found.norm(dim=1), torch.ones(len(batch)), atol=1e-5, rtol=0)


@pytest.mark.parametrize("family", ["averaged", "ngram"])
def test_padding_of_an_ngram_encoder_is_not_looked_at(family, make_encoder):
    encoder = make_encoder(family)
    word_bytes, lengths = map(torch.from_numpy, encode_words(["sol", "", "ñandú"], config=encoder.config))
    expected = encoder(word_bytes, lengths)
    rubbish = torch.where(torch.arange(24) < lengths[:, None], word_bytes, 99)
    for padded in (word_bytes[:, :7], rubbish):
        torch.testing.assert_close(encoder(padded, lengths), expected, atol=1e-6, rtol=0)


def test_no_words_have_no_vectors(encoder):
    assert encode(encoder, []).shape == (0, 6)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.05), (torch.float16, 0.005)])
def test_half_precision_is_close(encoder, dtype, tolerance):
    found = encode(copy.deepcopy(encoder).to(dtype), WORDS)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, encode(encoder, WORDS), atol=tolerance, rtol=0)


def test_training_and_evaluation_give_the_same_vectors(encoder):
    expected = encode(encoder, WORDS)
    try:
        found = encode(encoder.train(), WORDS)
    finally:
        encoder.eval()
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_gradients_reach_every_parameter(encoder):
    target = torch.randn(len(WORDS), 6, generator=torch.Generator().manual_seed(0))
    try:
        loss = (encode(encoder.train(), WORDS) * target).sum()
        names, parameters = zip(*encoder.named_parameters(), strict=True)
        gradients = torch.autograd.grad(loss, parameters)
    finally:
        encoder.eval()
    assert [name for name, value in zip(names, gradients, strict=True) if not value.isfinite().all()] == []
    assert [name for name, value in zip(names, gradients, strict=True) if value.abs().max() < 1e-6] == []
    rows = dict(zip(names, gradients, strict=True))["byte_embedding.weight"].abs().sum(dim=1)
    shift = 1 if isinstance(encoder.config, NgramConfig) else 0
    assert (rows[ord("c") + shift] > 0, rows[ord("j") + shift] > 0) == (True, False)
