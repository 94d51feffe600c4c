"""What the stock models compute beside our vectors, and throw away, is little; and the vectors do not depend on it."""

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModel, AutoTokenizer

import st_beast
from beast_core import load_encoder, read_encoder
from beast_core.families.ngram import NgramConfig
from beast_core.storage import read_config

WORDS = ["", "a", "sol", "electroencefalografista", "日本語", "x" * 40]


@pytest.fixture(params=[0, 2], ids="layers={}".format)
def saved(request, write_small, tmp_path):
    """A small `ngram` model with so many layers: our folder, and the stock folder written from it."""
    ours = write_small(tmp_path / "ours", "beast", layers=request.param, hidden_width=64, heads=4)
    return ours, st_beast.save(tmp_path / "stock", model=ours)


def test_unused_weights_are_few(preset):
    config = read_config(preset.ours)
    ours = sum(value.numel() for value in read_encoder(preset.ours).parameters())
    stock = sum(value.numel() for value in preset.stock.parameters())
    squares = 25  # ELECTRA: half of the convolution, which sees padding, and the identity
    if isinstance(config, NgramConfig):
        # BLT: cross attention, one projection and, for an encoder without layers, the attention of one.
        buckets, squares = config.ngram_buckets, 7
        ours += (len(buckets) * max(buckets) - sum(buckets)) * config.hidden_width  # it has as many for every size
    assert stock - ours < squares * config.hidden_width**2


def test_an_encoder_without_layers_multiplies_little_in_the_stock_model(write_small, tmp_path):
    """A layer and its cross attention at full width would be nine square matrices a position."""
    ours = write_small(tmp_path / "ours", "beast", layers=0, hidden_width=64, heads=4, projection_width=0)
    stock = SentenceTransformer(str(st_beast.save(tmp_path / "stock", model=ours)))
    features = stock.preprocess(["mariposa", "elefante"] * 8)
    assert features["input_ids"].shape == (16, 10)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        stock[0](features)
    assert counter.get_total_flops() < 4.5 * 64**2 * 2 * 16 * 10


def test_a_word_of_any_length_has_two_patches(saved):
    stock = SentenceTransformer(str(saved[1]))
    shapes = []
    stock[0].model.global_transformer.register_forward_pre_hook(
        lambda _, __, options: shapes.append(tuple(options["inputs_embeds"].shape[:2])), with_kwargs=True
    )
    for word in WORDS:
        stock.encode(word)
    stock.encode(WORDS)
    assert shapes == [*[(1, 2)] * len(WORDS), (len(WORDS), 2)]


def test_nothing_that_is_not_ours_reaches_the_vectors(saved):
    """The patches, which are not ours with any number of layers, may have any weights."""
    ours, folder = saved
    stock = SentenceTransformer(str(folder))
    patches = ("patcher", "patch_embedding_projection", "cross_attn_layers", "global_transformer")
    changed = [value for name, value in stock[0].model.named_parameters() if any(part in name for part in patches)]
    assert len(changed) > 6
    with torch.no_grad():
        for value in changed:
            value.normal_()
    assert np.abs(stock.encode(WORDS) - load_encoder(ours).encode(WORDS)).max() < 1e-5


def test_the_auto_classes_give_what_the_host_pools(saved):
    _, folder = saved
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    features = tokenizer(WORDS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        found = model(**features).last_hidden_state[features["attention_mask"].bool()]
    expected = SentenceTransformer(str(folder)).encode(WORDS, output_value="token_embeddings")
    assert (found - torch.cat(expected)).abs().max() < 1e-5
