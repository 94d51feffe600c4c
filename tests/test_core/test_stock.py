"""Folders of stock parts, as far as the core reads them. (tests/test_st has the hosts that they are for.)"""

import json
import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from beast_core import ModelFolderError, NetworkEncoder, read_encoder
from beast_core.stock import module_folders, to_stock
from beast_core.storage import describe


def write_stock_parts(encoder, folder: Path) -> Path:
    """What the core reads of the folder that `st_beast` writes."""
    weights = {name: value.numpy() for name, value in encoder.state_dict().items()}
    for name, arrays in to_stock(weights, config=encoder.config).items():
        (folder / name).mkdir(exist_ok=True)
        tensors = {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in arrays.items()}
        save_file(tensors, folder / name / "model.safetensors")
    modules = [{"path": part} for part in module_folders(encoder.config)]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "config.json").write_text(json.dumps({"model_type": "any", **describe(encoder.config)}))
    return folder


@pytest.fixture
def stocked(encoder):
    """Of all encoders those that stock parts can hold; the others have a test below."""
    if getattr(encoder.config, "input_norm", "") == "none":
        pytest.skip("stock parts cannot hold it")
    return encoder


def test_a_stock_folder_holds_the_same_encoder(stocked, tmp_path):
    restored = read_encoder(write_stock_parts(stocked, tmp_path)).state_dict()
    assert list(restored) == list(stocked.state_dict())
    assert all(value.equal(restored[name]) for name, value in stocked.state_dict().items())
    assert {part.name for part in tmp_path.iterdir() if part.is_dir()} <= set(module_folders(stocked.config))


def test_a_stock_folder_that_was_trained_keeps_what_became_of_each_copy_of_a_row(make_encoder, tmp_path):
    """Pairs have 23 rows here, which the stock model has 31 of: row 3 once more as row 26."""
    encoder = make_encoder("averaged")
    write_stock_parts(encoder, tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    table = tensors["encoder_hash_tok_embedding.weight"]
    assert table.shape == (62, 8) and table[3].equal(table[26])
    words = ["".join(letters) for letters in product("abcdefgh", repeat=2)]
    before = NetworkEncoder(encoder).encode(words)
    table[26] += 1
    save_file(tensors, tmp_path / "model.safetensors")
    restored = read_encoder(tmp_path)
    assert restored.config.ngram_buckets == (31, 31)
    found = NetworkEncoder(restored).encode(words)
    moved = np.abs(found - before).max(axis=1) > 1e-3
    # Of 31 hashes, one is changed; each of these words has four pairs, the markers counting as letters.
    assert 0 < moved.sum() < 32
    np.testing.assert_allclose(found[~moved], before[~moved], atol=1e-6)


@pytest.mark.parametrize("projection_width", [0, 10])
def test_a_norm_that_was_trained_in_the_stock_folder_moves_into_the_next_layer(
    make_encoder, tmp_path, projection_width
):
    encoder = make_encoder("averaged", projection_width=projection_width)
    write_stock_parts(encoder, tmp_path)
    factors = torch.arange(1, 9) / 4
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["local_decoder.norm.weight"] *= factors
    save_file(tensors, tmp_path / "model.safetensors")
    restored = read_encoder(tmp_path)
    with torch.no_grad():
        encoder.byte_embedding.weight.mul_(factors)
        encoder.ngram_embedding.weight.mul_(factors)
    words = ["", "sol", "electroencefalografistas"]
    expected, found = (NetworkEncoder(one).encode(words) for one in (encoder, restored))
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("family", ["flatten", "causal flatten"])
def test_what_a_flatten_encoder_keeps_fixed_may_not_change_in_the_stock_folder(make_encoder, tmp_path, family):
    write_stock_parts(make_encoder(family), tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["embeddings.LayerNorm.bias"][0] = 0.5
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(
        ModelFolderError, match=f"{re.escape(str(tmp_path))}: embeddings.LayerNorm.bias .*keeps it fixed"
    ):
        read_encoder(tmp_path)


def test_what_stock_parts_cannot_hold_is_named_with_what_to_do(make_encoder, tmp_path):
    encoder = make_encoder("bare flatten")
    expected = "input_norm is 'none'.*; padding is 'zeroed'.*; keep it in a folder of ours"
    with pytest.raises(ValueError, match=f"stock parts cannot hold this encoder: {expected}"):
        write_stock_parts(encoder, tmp_path)
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "config.json").write_text(json.dumps(describe(encoder.config)))
    with pytest.raises(ModelFolderError, match=f"{re.escape(str(tmp_path))}: stock parts cannot.*{expected}"):
        read_encoder(tmp_path)


def test_a_damaged_stock_folder_is_named(stocked, tmp_path):
    write_stock_parts(stocked, tmp_path)
    modules = json.loads((tmp_path / "modules.json").read_text())
    for changed, message in (
        ([*modules, {"path": "9_Dense"}], "9_Dense.*modules were added"),
        (3, "no list of modules"),
    ):
        (tmp_path / "modules.json").write_text(json.dumps(changed))
        with pytest.raises(ModelFolderError, match=message):
            read_encoder(tmp_path)
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelFolderError, match=f"{re.escape(str(tmp_path / 'model.safetensors'))} is missing"):
        read_encoder(tmp_path)
