"""Folders of stock parts hold the same encoder as ours do, for every string."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer

import st_beast
from beast_core import WordEncoder, load_encoder, read_encoder, write_encoder
from beast_core.storage import read_config
from st_beast.stock import stock_model

TOLERANCE = 1e-5
# Python and Rust follow different versions of Unicode, so they may disagree on code points that are not assigned yet.
LETTERS = strategies.characters(exclude_categories=["Cs", "Cn"])
WORDS = strategies.lists(strategies.text(LETTERS, min_size=1, max_size=40), min_size=1, max_size=20)

TRICKY = [
    *["perro", "PERRO", "ÁRBOL", "ca\u00f1a", "can\u0303a", "CAN\u0303A", "ΣΊΣΥΦΟΣ", "İstanbul", "ẞ", "Ǆ", "ﬁn"],
    *[" ", "  ", "\n", "\t", "\r\n", " perro", "perro ", "\nperro\n", "a\nb", "\u00a0", "\u3000", "\x85", "\ufeff"],
    *["\0", "a\0", "\0a", "\x7f", "Ā", "āb", "Ġ", "[PAD]", "[CLS]", "<pad>", "<w>", "</w>", "x<pad>y", "<w>x</w>"],
    *["\ue000", "\ue001perro\ue002", "\U0010fffd", "🙂", "👩‍👩‍👧", "日本語", "ไทย", "नमस्ते", "مرحبا"],
    *["x" * 24, "x" * 25, "ñ" * 12, "ñ" * 13, "aeiou" * 10, "🙂" * 9, "electroencefalografistas", "\u0301"],
    *["e" + "\u0301" * 30, "https://example.org/foto.jpg", "don't", "tanto_monta", "12.345,67"],
]


def difference(first, second):
    return np.abs(first - second).max()


def test_tricky_words_have_the_vectors_of_the_core(preset):
    assert difference(preset.stock.encode(TRICKY), preset.core.encode(TRICKY)) < TOLERANCE


def test_a_megabyte_is_a_word(small_preset):
    words = ["x" * 2**20, "A\u0301 " * 2**18]
    assert difference(small_preset.stock.encode(words), small_preset.core.encode(words)) < TOLERANCE


@settings(max_examples=40, deadline=None)
@given(words=WORDS)
def test_any_words_have_the_vectors_of_the_core(small_preset, words):
    assert difference(small_preset.stock.encode(words), small_preset.core.encode(words)) < TOLERANCE


def test_the_empty_word_has_a_vector(preset):
    alone, among = preset.stock.encode(""), preset.stock.encode(["", "perro", "x" * 24])[0]
    assert difference(alone, among) < TOLERANCE
    assert abs(np.linalg.norm(alone) - 1) < TOLERANCE
    assert difference(alone, preset.core.encode([""])[0]) < TOLERANCE


def test_a_vector_does_not_depend_on_its_batch(small_preset):
    stock = small_preset.stock
    assert difference(stock.encode(TRICKY, batch_size=1), stock.encode(TRICKY)) < TOLERANCE


def test_no_word_spells_padding_or_a_marker(preset):
    vectors = preset.stock.encode(["", "a", "a<pad>", "a\0", "aā", "aĀ\0", "<pad>", "<w>", "</w>", "\0", "ā"])
    distances = np.linalg.norm(vectors[:, None] - vectors, axis=2) + np.eye(len(vectors))
    assert distances.min() > 0.01


def test_weights_are_exactly_those_of_our_folder(preset):
    expected, found = read_encoder(preset.ours).state_dict(), read_encoder(preset.folder).state_dict()
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_folder_of_a_packed_table_is_read_packed_until_it_was_fine_tuned(small, tmp_path):
    folder = st_beast.save(tmp_path / "stock", model=small)
    model = st_beast.load(folder)
    assert model[0].encoder.is_packed
    assert np.array_equal(model.encode(TRICKY), st_beast.load(small).encode(TRICKY))
    trained = st_beast.load(folder, trainable=True)
    with torch.no_grad():
        trained[0].encoder.ngram_embedding.weight[7, 7] += 1e-3
    trained.save(tmp_path / "trained")
    loaded = st_beast.load(tmp_path / "trained")
    assert not loaded[0].encoder.is_packed
    assert np.array_equal(loaded.encode(TRICKY), trained.encode(TRICKY))


def test_unused_weights_are_few(preset):
    config = read_config(preset.ours)
    ours = sum(value.numel() for value in read_encoder(preset.ours).parameters())
    stock = sum(value.numel() for value in preset.stock.parameters())
    if buckets := config.ngram_buckets:  # BLT has as many for every size
        ours += (len(buckets) * max(buckets) - sum(buckets)) * config.hidden_width
    # BLT: cross attention, one projection and, for an encoder without layers, the attention of one. BERT: half of the
    # convolution, which sees padding, pooler and identity.
    assert stock - ours < (10 if config.family == "ngram" else 26) * config.hidden_width**2


@pytest.mark.parametrize("projection_width", [0, 48])
def test_an_encoder_without_layers_is_held_to_a_millionth_and_read_back_after_its_norm_was_trained(
    projection_width, write_small, tmp_path
):
    encoder = read_encoder(write_small(tmp_path / "ours", "beast", layers=0, projection_width=projection_width))
    with torch.no_grad():  # the scale that embeddings begin with; what the norm gets wrong grows with its square
        encoder.byte_embedding.weight *= 32**-0.5
        encoder.ngram_embedding.weight *= 32**-0.5
    stock = stock_model(encoder)
    before = stock.encode(TRICKY)
    assert difference(before, WordEncoder(encoder).encode(TRICKY)) < 1e-6
    with torch.no_grad():
        stock[0].model.local_decoder.norm.weight *= torch.linspace(0.5, 2, 32)
    after = stock.encode(TRICKY)
    stock.save_pretrained(str(tmp_path / "trained"))
    assert difference(after, before) > 0.01
    assert difference(load_encoder(tmp_path / "trained").encode(TRICKY), after) < 1e-6


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.02), (torch.float16, 0.002)])
def test_half_precision_is_close(small_preset, dtype, tolerance):
    half = copy.deepcopy(small_preset.stock).to(dtype)
    assert difference(half.encode(TRICKY), small_preset.core.encode(TRICKY)) < tolerance


def test_a_lone_surrogate_is_refused(preset):
    with pytest.raises(TypeError, match=r"TextEncodeInput|TextInputSequence"):
        preset.stock.encode(["perro", "\ud800"])


def test_case_matters_where_the_encoder_keeps_it(write_small, tmp_path):
    ours = write_small(tmp_path / "ours", "beast", lowercase=False)
    stock = SentenceTransformer(str(st_beast.save(tmp_path / "stock", model=ours)))
    words = ["Mar", "mar", "MAR", "CAN\u0303A"]
    assert difference(stock.encode(words), load_encoder(ours).encode(words)) < TOLERANCE
    assert difference(stock.encode("Mar"), stock.encode("mar")) > 0.01


@pytest.mark.parametrize("name", ["beast", "asterisk"])
@pytest.mark.parametrize("window", [1, 7, 62])
def test_any_window(name, window, write_small, tmp_path):
    ours = write_small(tmp_path / "ours", name, window=window)
    stock = SentenceTransformer(str(st_beast.save(tmp_path / "stock", model=ours)))
    words = ["a", "ab", "á", "electroencefalografista", "x" * 61, "x" * 62, "abc" * 30]
    assert difference(stock.encode(words), load_encoder(ours).encode(words)) < TOLERANCE


def test_weights_are_kept_in_float16_where_that_is_exact_and_computed_with_in_float32(small, tmp_path):
    encoder = read_encoder(small)
    encoder.byte_embedding.weight.data[7, 7] = 1 / 3
    inexact = write_encoder(encoder, tmp_path / "full", compact=False)
    for ours, dtype in ((small, torch.float16), (inexact, torch.float32)):
        folder = st_beast.save(tmp_path / "stock", model=ours)
        weights = load_file(folder / "model.safetensors")
        assert weights.pop("local_encoder.embed_tokens.weight").dtype == dtype
        assert {value.dtype for value in weights.values()} == {torch.float16}
        stock = SentenceTransformer(str(folder))
        assert {value.dtype for value in stock.parameters()} == {torch.float32}
        assert difference(stock.encode(TRICKY), load_encoder(ours).encode(TRICKY)) < TOLERANCE


def test_saving_neither_varies_nor_draws_random_numbers(small, tmp_path, contents):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, second = (st_beast.save(tmp_path / name, model=small) for name in ("first", "second"))
    assert torch.equal(torch.get_rng_state(), before)
    assert contents(first) == contents(second)
    # A stock folder is a model as well, so it can be the source.
    assert contents(st_beast.save(tmp_path / "third", model=first)) == contents(first)
