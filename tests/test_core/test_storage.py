import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from beast_core import PRESETS, ModelFolderError, WordEncoder, read_encoder, write_encoder
from beast_core.stock import MODULE_FOLDERS, to_stock
from beast_core.storage import SHIPPED_MODEL, describe

WORDS = ["", "sol", "ñandú", "electroencefalografistas", "👩‍👩‍👧"]
TABLE, SCALE = "ngram_embedding.weight", "ngram_embedding.scale"


def vectors(encoder) -> np.ndarray:
    return WordEncoder(encoder, cache_size=0).encode(WORDS)


@pytest.mark.parametrize("compact", [True, False])
def test_round_trip(encoder, tmp_path, compact, files):
    first = write_encoder(encoder, tmp_path / "new" / "parents" / "model", compact=compact)
    assert (first.is_absolute(), sorted(files(first))) == (True, ["config.json", "model.safetensors"])
    restored = read_encoder(first)
    assert (restored.config, restored.training) == (encoder.config, False)
    assert {parameter.dtype for parameter in restored.parameters()} == {torch.float32}
    assert all(parameter.requires_grad for parameter in restored.parameters())
    if compact:
        assert (vectors(restored) * vectors(encoder)).sum(axis=1).min() > 0.999
    else:
        np.testing.assert_array_equal(vectors(restored), vectors(encoder))
    assert files(write_encoder(restored, tmp_path / "second", compact=compact)) == files(first)


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.floats(1e-20, 1e20))
def test_compacting_twice_changes_nothing(tmp_path_factory, make_encoder, files, seed, scale):
    encoder, folder = make_encoder("ngram", layers=1), tmp_path_factory.mktemp("scales")
    rows = torch.randn(62, 8, generator=torch.Generator().manual_seed(seed)) * scale
    rows[0], rows[1, 1:] = 0, 0
    with torch.no_grad():
        encoder.ngram_embedding.weight.copy_(rows)
    first = write_encoder(encoder, folder / "first")
    restored = read_encoder(first)
    error = (restored.ngram_embedding.weight - rows).abs() / rows.abs().amax(dim=1, keepdim=True).clamp(min=1e-30)
    assert error.max() < 1 / 200  # half a step of 127
    assert files(write_encoder(restored, folder / "second")) == files(first)


def test_compact_is_small(make_encoder, tmp_path):
    encoder = make_encoder("ngram", ngram_buckets=20_000)
    compact, full = (
        (write_encoder(encoder, tmp_path / str(compact), compact=compact) / "model.safetensors").stat().st_size
        for compact in (True, False)
    )
    assert compact < full / 3


def test_the_shipped_model_is_the_default_preset_and_small():
    assert read_encoder().config == PRESETS["beast"]
    assert sum(file.stat().st_size for file in SHIPPED_MODEL.iterdir()) < 20_000_000


SAVE_AND_LOAD = """
import sys
import numpy, torch
from beast_core import BeastEncoder, EncoderConfig, load_encoder, write_encoder

folder, vectors, *words = sys.argv[1:]
torch.manual_seed(7)
config = EncoderConfig.preset("beast", hidden_width=8, feed_forward_width=8, output_width=6, ngram_buckets=50)
write_encoder(BeastEncoder(config), folder)
numpy.save(vectors, load_encoder(folder).encode(words))
"""


def test_fresh_processes_write_the_same_bytes_and_read_the_same_vectors(run_python, files, tmp_path):
    folders = [tmp_path / "first", tmp_path / "second"]
    for number, folder in enumerate(folders):
        run_python(SAVE_AND_LOAD, folder, tmp_path / f"{number}.npy", *WORDS, hash_seed=number)
        np.testing.assert_allclose(np.load(tmp_path / f"{number}.npy"), vectors(read_encoder(folder)), atol=1e-6)
    assert files(folders[0]) == files(folders[1])


@pytest.mark.parametrize("family", ["ngram", "flatten", "causal flatten"])
def test_a_stock_folder_holds_the_same_encoder(family, make_encoder, tmp_path):
    encoder = make_encoder(family, seed=6)
    parts = to_stock(encoder.state_dict(), config=encoder.config)
    assert set(parts) <= set(MODULE_FOLDERS[encoder.config.family])
    for name, tensors in parts.items():
        (tmp_path / name).mkdir(exist_ok=True)
        contiguous = {key: value.clone(memory_format=torch.contiguous_format) for key, value in tensors.items()}
        save_file(contiguous, tmp_path / name / "model.safetensors")
    modules = [{"path": part} for part in MODULE_FOLDERS[encoder.config.family]]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "any", **describe(encoder.config)}))
    np.testing.assert_array_equal(vectors(read_encoder(tmp_path)), vectors(encoder))
    if family != "ngram":
        frozen = load_file(tmp_path / "model.safetensors")
        frozen["embeddings.LayerNorm.bias"][0] = 0.5
        save_file(frozen, tmp_path / "model.safetensors")
        expected = f"{re.escape(str(tmp_path))}: embeddings.LayerNorm.bias .*keeps it fixed"
        with pytest.raises(ModelFolderError, match=expected):
            read_encoder(tmp_path)
    for changed, message in (
        ([*modules, {"path": "9_Dense"}], "9_Dense.*modules were added"),
        (3, "no list of modules"),
    ):
        (tmp_path / "modules.json").write_text(json.dumps(changed))
        with pytest.raises(ModelFolderError, match=message):
            read_encoder(tmp_path)
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelFolderError, match=f"cannot read .* from {re.escape(str(tmp_path / 'model.safetensors'))}"):
        read_encoder(tmp_path)


def change_config(folder: Path, change) -> None:
    content = json.loads((folder / "config.json").read_text())
    change(content["beast"])
    (folder / "config.json").write_text(json.dumps(content))


def change_weights(folder: Path, change) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors")


def truncate(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


BAD_FOLDERS = {
    "no configuration": (
        lambda folder: (folder / "config.json").unlink(),
        ["is no model folder", "config.json is missing", "found model.safetensors"],
    ),
    "no weights": (
        lambda folder: (folder / "model.safetensors").unlink(),
        ["model.safetensors is missing", "holds config.json"],
    ),
    "no json": (
        lambda folder: (folder / "config.json").write_text("beast"),
        ["config.json does not describe a BEAST model", "JSON object", "format_version"],
    ),
    "another program's configuration": (
        lambda folder: (folder / "config.json").write_text('{"model_type": "bert"}'),
        ["config.json does not describe a BEAST model", '"beast"'],
    ),
    "newer format": (
        lambda folder: change_config(folder, lambda beast: beast.update(format_version=2)),
        ["format version 2, expected 1", "a newer", "pip install --upgrade beast-vectors"],
    ),
    "unknown key": (
        lambda folder: change_config(folder, lambda beast: beast["encoder"].update(colour="red")),
        ["config.json", "unknown key 'colour'", "known keys: ['causal', 'family'"],
    ),
    "wrong value": (
        lambda folder: change_config(folder, lambda beast: beast["encoder"].update(heads=3)),
        ["config.json", "hidden_width 8 is not a multiple of heads 3"],
    ),
    "no encoder": (
        lambda folder: change_config(folder, lambda beast: beast.pop("encoder")),
        ["config.json", "a JSON object, found NoneType"],
    ),
    "truncated weights": (truncate, ["model.safetensors", "bytes) is not a whole safetensors file", "truncated"]),
    "empty weights": (
        lambda folder: (folder / "model.safetensors").write_bytes(b""),
        ["model.safetensors (0 bytes) is not a whole safetensors file"],
    ),
    "pickle": (
        lambda folder: torch.save({"a": torch.ones(3)}, folder / "model.safetensors"),
        ["model.safetensors", "not a whole safetensors file", "pickles are never read"],
    ),
    "wrong shape": (
        lambda folder: change_weights(folder, lambda tensors: tensors.update({"projection.bias": torch.ones(7)})),
        ["do not fit its config.json", "projection.bias has shape (7,), expected (6,)"],
    ),
    "missing and unknown tensor": (
        lambda folder: change_weights(
            folder, lambda tensors: tensors.update({"final.weight": tensors.pop("final_norm.weight")})
        ),
        ["do not fit its config.json", "final_norm.weight is missing", "final.weight is not part of the encoder"],
    ),
    "not a number": (
        lambda folder: change_weights(folder, lambda tensors: tensors["projection.bias"].fill_(torch.nan)),
        ["NaN or infinite weights in projection.bias"],
    ),
    "int8 table without scales": (
        lambda folder: change_weights(folder, lambda tensors: tensors.pop(SCALE)),
        [TABLE, SCALE, "needs one scale for each of its rows"],
    ),
    "too few scales": (
        lambda folder: change_weights(folder, lambda tensors: tensors.update({SCALE: tensors[SCALE][:-1].clone()})),
        [TABLE, SCALE, "needs one scale for each of its rows"],
    ),
    "infinite scale": (
        lambda folder: change_weights(folder, lambda tensors: tensors[SCALE].fill_(torch.inf)),
        [f"NaN or infinite weights in {TABLE}"],
    ),
}


@pytest.mark.parametrize("damage", BAD_FOLDERS)
def test_a_damaged_folder_is_named_with_what_was_found_and_expected(model, damage):
    spoil, expected = BAD_FOLDERS[damage]
    spoil(model)
    with pytest.raises(ModelFolderError) as caught:
        read_encoder(model)
    assert [part for part in [str(model), *expected] if part not in str(caught.value)] == []


def test_an_older_or_odd_format_version_is_not_called_newer(model):
    for version in (0, "1", None):
        change_config(model, lambda beast, version=version: beast.update(format_version=version))
        with pytest.raises(ModelFolderError, match=f"format version {version!r}, expected 1") as caught:
            read_encoder(model)
        assert "newer" not in str(caught.value)


@pytest.mark.parametrize(
    ("given_path", "found"),
    [("missing", "found nothing"), ("model/config.json", "found a file")],
)
def test_no_folder(model, monkeypatch, given_path, found):
    monkeypatch.chdir(model.parent)
    with pytest.raises(FileNotFoundError, match="expected a model folder") as caught:
        read_encoder(given_path)
    assert [
        part for part in (str(model.parent / given_path), repr(given_path), found) if part not in str(caught.value)
    ] == []


def test_an_empty_folder(tmp_path):
    with pytest.raises(ModelFolderError, match=f"{re.escape(str(tmp_path))} is no model folder.*found nothing"):
        read_encoder(tmp_path)


@pytest.mark.parametrize(("value", "compact"), [(torch.nan, True), (torch.inf, False), (70_000.0, True)])
def test_weights_that_cannot_be_kept_are_refused_before_anything_is_written(make_encoder, model, value, compact, files):
    before, encoder = files(model.parent), make_encoder("ngram", seed=9)
    with torch.no_grad():
        encoder.projection.bias[0] = value
    with pytest.raises(ModelFolderError, match=r"(NaN or infinite|compact=False).*projection\.bias"):
        write_encoder(encoder, model, compact=compact)
    assert files(model.parent) == before
    assert [path.name for path in model.parent.iterdir()] == ["model"]
