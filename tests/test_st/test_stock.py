"""Folders of stock parts hold the same encoder as ours do, for every string."""

import copy
import unicodedata

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from tokenizers import normalizers

import st_beast
from beast_core import EncoderConfig, NetworkEncoder, encode_words, load_encoder, read_encoder, write_encoder
from beast_core.families import FAMILIES
from beast_core.families.ngram import POOLINGS, NgramConfig, Pooling
from beast_core.network.layers import END_ID
from beast_core.spelling import NEWEST_SPELLING
from st_beast.families import PARTS
from st_beast.stock import stock_model
from st_beast.tokenizer import byte_tokenizer

TOLERANCE = 1e-5


def is_new(letter):
    """Whether `tokenizers`, which follows an earlier version of Unicode than Python, does not know it yet."""
    texts = (letter, f"a\u0345{letter}\u0334", f"a\u0301{letter}\u0323")
    return any(normalizers.NFKC().normalize_str(text) != unicodedata.normalize("NFKC", text) for text in texts)


ASSIGNED = [letter for letter in map(chr, range(0x110000)) if unicodedata.category(letter) not in ("Cs", "Cn", "Co")]
NEW = [letter for letter in ASSIGNED if unicodedata.category(letter)[0] in "LMNS" and is_new(letter)]
LETTERS = strategies.characters(exclude_categories=["Cs", "Cn"], exclude_characters=NEW)
WORDS = strategies.lists(strategies.text(LETTERS, min_size=1, max_size=40), min_size=1, max_size=20)
# What the newest spelling rule is about: what is not shown, white space, emoji, compatibility forms, combining marks.
SPELLED = "\xad\u034f\u061c\u115f\u180b\u200b\u200c\u200d\u200d\u200f\u2060\u202e\u3164\ufe00\ufe0e\ufe0f\ufe0f\ufeff"
SPELLED += "\uffa0\U000e0001\U000e0067\U000e007f\U000e0100 \t\n\x1c\x85\xa0\u2003\u3000👩🚀🏽🏴❤☎↔↮©™⁉1#\u20e3a1ÑΣİǅ"
SPELLED += "\u0301\u0323\u0327\u0338\u3099¨´\u1ffd’‘ʼŉ‐\u2011ªºﬁ①㎏ﷺㄱㅏ가ｱﾞ…½\ufdd0"
SPELLABLE = strategies.text(strategies.sampled_from(SPELLED) | LETTERS, max_size=12)

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


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("spelling", range(1, NEWEST_SPELLING + 1))
def test_the_tokenizer_spells_by_the_rule_of_the_core(spelling, lowercase):
    config = EncoderConfig.preset("beast", spelling=spelling, lowercase=lowercase)
    tokenizer = byte_tokenizer(config, first_id=0)

    def check(words):
        word_bytes, lengths = encode_words(words, config=config)
        expected = [row[:length].tolist() for row, length in zip(word_bytes, lengths.tolist(), strict=True)]
        found = tokenizer(words)["input_ids"]
        assert [word for word, *pair in zip(words, expected, found, strict=True) if pair[0] != pair[1]] == []

    @settings(max_examples=150, deadline=None)
    @given(words=strategies.lists(SPELLABLE, min_size=1, max_size=20))
    def check_any(words):
        check(words)

    check_any()
    check([*TRICKY, "x" * 2**20, "\u0301\u0323" * 20_000, "a" + " " * 40_000 + "b"])
    check(["👩\u200d" * 40_000, "\U000e0067" * 40_000])
    assert len(NEW) < 200
    check(sorted(set(ASSIGNED) - set(NEW))[:: 1 if lowercase else 7])


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
    assert difference(before, NetworkEncoder(encoder).encode(TRICKY)) < 1e-6
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


def test_every_family_has_stock_parts_and_is_compared_here(small_presets):
    assert {family.config for family in FAMILIES.values()} == set(PARTS)
    configs = [EncoderConfig.preset(name, **changes) for name, changes in small_presets]
    assert {config.family for config in configs} == set(FAMILIES)
    assert {config.pooling for config in configs if isinstance(config, NgramConfig)} == set(POOLINGS)


def test_a_family_without_stock_parts_is_not_saved(small, tmp_path, monkeypatch, contents):
    before = contents(st_beast.save(tmp_path / "stock", model=small))
    monkeypatch.delitem(PARTS, NgramConfig)
    with pytest.raises(ValueError, match=r"'ngram' family has no stock parts.*st_beast/families\.py"):
        st_beast.save(tmp_path / "stock", model=small)
    assert contents(tmp_path) == {f"stock/{name}": content for name, content in before.items()}


@pytest.mark.parametrize(("switch", "choice"), [("input_norm", "none"), ("padding", "zeroed")])
def test_what_stock_parts_cannot_express_is_not_saved_but_loads_as_ours(
    switch, choice, write_small, tmp_path, contents
):
    ours = write_small(tmp_path / "ours", "asterisk", **{switch: choice})
    before, model = contents(tmp_path), st_beast.load(ours)
    assert difference(model.encode(TRICKY), load_encoder(ours).encode(TRICKY)) < TOLERANCE
    for save in (lambda: st_beast.save(tmp_path / "stock", model=ours), lambda: model.save(tmp_path / "stock")):
        with pytest.raises(ValueError, match=f"{switch} is '{choice}'.*keep it in a folder of ours"):
            save()
        assert contents(tmp_path) == before


def test_a_causal_model_that_attends_to_padding_is_compared_as_well(write_small, tmp_path):
    ours = write_small(tmp_path / "ours", "asterisk", layers=2, padding="attended")
    stock = SentenceTransformer(str(st_beast.save(tmp_path / "stock", model=ours)))
    assert difference(stock.encode(TRICKY), load_encoder(ours).encode(TRICKY)) < TOLERANCE


@pytest.mark.parametrize(
    ("layers", "part", "wrong"),
    [
        (2, "beast_core.network.ngram.POOLINGS", {"mean": Pooling(lambda sums, _: sums, stock_mode="mean")}),
        (0, "st_beast.families.LINEAR_NORM_EPSILON", 1e-5),
        (0, "st_beast.families.BEGIN_ID", END_ID),
        (2, "st_beast.families.ROTARY_BASE", 10_000.0),
        (2, "st_beast.tokenizer._byte_letters", lambda: [chr(256 + byte) for byte in range(256)]),
    ],
)
def test_stock_parts_that_give_other_vectors_replace_nothing(
    layers, part, wrong, write_small, tmp_path, monkeypatch, contents
):
    ours = write_small(tmp_path / "ours", "beast", layers=layers)
    folder = st_beast.save(tmp_path / "stock", model=ours)
    before, model = contents(tmp_path), st_beast.load(ours)
    monkeypatch.setattr(part, wrong)
    for save in (lambda: st_beast.save(folder, model=ours), lambda: model.save(folder)):
        with pytest.raises(ValueError, match=r"'ngram' family give another vector for .* differ by up to"):
            save()
        assert contents(tmp_path) == before


def test_a_pooling_is_one_entry_of_its_family(write_small, tmp_path, monkeypatch):
    """The sum over the square root of the length, as one would add it."""
    words = ["", "sol", "electroencefalografistas"]
    mean = load_encoder(write_small(tmp_path / "mean", "beast", layers=2)).encode(words)
    pooling = Pooling(lambda sums, positions: sums / positions.sqrt()[:, None], stock_mode="mean_sqrt_len_tokens")
    monkeypatch.setitem(POOLINGS, "mean_sqrt", pooling)
    ours = write_small(tmp_path / "ours", "beast", layers=2, pooling="mean_sqrt")
    stock = st_beast.save(tmp_path / "stock", model=ours)
    expected = load_encoder(ours).encode(words)
    assert difference(SentenceTransformer(str(stock)).encode(words), expected) < TOLERANCE
    assert difference(load_encoder(stock).encode(words), expected) < TOLERANCE
    assert difference(mean, expected) > 0.01
