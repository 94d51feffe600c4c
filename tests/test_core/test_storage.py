import json
import math
import operator
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from beast_core import (
    PRESETS,
    BeastEncoder,
    EncoderConfig,
    ModelFolderError,
    NetworkEncoder,
    read_encoder,
    shipped_languages,
    write_encoder,
)
from beast_core.config import linear_shapes
from beast_core.family import FAMILIES, Family
from beast_core.network.encoder import NETWORKS
from beast_core.network.tables import NgramTable, PackedTable, TableEncoder
from beast_core.packing import packed_width
from beast_core.shipped import model_folder

WORDS = ["", "sol", "ñandú", "electroencefalografistas", "👩‍👩‍👧"]
TABLE = "ngram_embedding.weight"


def vectors(encoder) -> np.ndarray:
    return NetworkEncoder(encoder).encode(WORDS)


@pytest.mark.parametrize("compact", [True, False])
def test_round_trip(encoder, tmp_path, compact, files):
    first = write_encoder(encoder, tmp_path / "new" / "parents" / "model", compact=compact)
    assert (first.is_absolute(), sorted(files(first))) == (True, ["config.json", "model.safetensors"])
    restored = read_encoder(first)
    assert (restored.config, restored.training) == (encoder.config, False)
    assert {parameter.dtype for parameter in restored.parameters()} == {torch.float32}
    assert all(parameter.requires_grad for parameter in restored.parameters())
    if compact:
        # Four values leave an eighth of the variance of random entries, an angle of a third; random layers make
        # anything of it. What nothing is left of is caught by the row's own tests.
        lowest = 0.5 if encoder.config.quantised_tables else 0.9999
        assert (vectors(restored) * vectors(encoder)).sum(axis=1).min() > lowest
    else:
        np.testing.assert_array_equal(vectors(restored), vectors(encoder))
    assert files(write_encoder(restored, tmp_path / "second", compact=compact)) == files(first)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.floats(-9, 3), st.floats(-8, 1))
def test_a_compact_row_has_four_values_that_fit_it_and_compacting_twice_changes_nothing(
    tmp_path_factory, make_encoder, files, seed, magnitude, spread
):
    """Rows of any magnitude that float16 holds, from scattered around zero to all but constant."""
    encoder, folder = make_encoder("averaged"), tmp_path_factory.mktemp("rows")
    generator = torch.Generator().manual_seed(seed)
    middle, entries = torch.randn(54, 1, generator=generator), torch.randn(54, 8, generator=generator)
    rows = (middle + entries * 10**spread) * 10**magnitude
    rows[0], rows[1], rows[2, 1:] = 0, middle[1] * 10**magnitude, 0
    with torch.no_grad():
        encoder.ngram_embedding.weight.copy_(rows)
    first = write_encoder(encoder, folder / "first")
    restored = read_encoder(first)
    packed = load_file(first / "model.safetensors")[TABLE]
    fours = packed[:, :2, None] >> torch.tensor([0, 2, 4, 6], dtype=torch.uint8) & 3
    scales = packed[:, 2:].contiguous().view(torch.float16)[:, 0].tolist()
    for row, found, four, scale in zip(
        rows.tolist(), restored.ngram_embedding.weight.tolist(), fours.flatten(1).tolist(), scales, strict=True
    ):
        spread = math.sqrt(sum(entry**2 for entry in row) / len(row))
        if scale == 0:  # it would be below 2^-14
            assert not any(found) and spread < 2**-12
            continue
        levels = [value - 1.5 for value in four]
        assert found == [level * scale for level in levels]
        for entry, level in zip(row, levels, strict=True):
            assert entry * level >= 0
            assert abs(entry) >= 0.9999 * spread if abs(level) == 1.5 else abs(entry) <= 1.0001 * spread
        # The scale of least squares, of which a bfloat16 keeps eight bits.
        best = sum(map(operator.mul, row, levels)) / sum(level**2 for level in levels)
        assert scale == pytest.approx(best, rel=2**-8)
    assert files(write_encoder(restored, folder / "second")) == files(first)


def test_a_compact_row_by_hand(make_encoder, tmp_path):
    """Of this row, 3 and -3 are beyond the root of the mean square, 1.73: a scale of 2. The low bits of a byte come
    first."""
    encoder, row = make_encoder("averaged"), [3.0, -3.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0]
    with torch.no_grad():
        encoder.ngram_embedding.weight[5] = torch.tensor(row)
    folder = write_encoder(encoder, tmp_path / "model")
    packed = load_file(folder / "model.safetensors")[TABLE][5]
    assert packed[:2].tolist() == [0b01_10_00_11, 0b01_10_01_10]
    assert packed[2:].view(torch.float16).tolist() == [2, -3]
    assert read_encoder(folder).ngram_embedding.weight[5].tolist() == row


def test_a_packed_table_is_written_as_it_was_read(make_encoder, tmp_path, files, monkeypatch):
    first = write_encoder(make_encoder("averaged"), tmp_path / "first")
    encoder = read_encoder(first, packed=True)
    monkeypatch.setattr(PackedTable, "values", None)  # neither unpacked
    monkeypatch.setattr("beast_core.network.folders.pack_table", None)  # nor packed anew
    for compact in (True, None):
        assert files(write_encoder(encoder, tmp_path / str(compact), compact=compact)) == files(first)


def test_unless_told_a_model_is_compact_where_that_loses_nothing(encoder, tmp_path, files):
    full = write_encoder(encoder, tmp_path / "full", compact=False)
    assert files(write_encoder(encoder, tmp_path / "unrounded", compact=None)) == files(full)
    compact = write_encoder(encoder, tmp_path / "compact")
    for packed in (True, False):
        rounded = read_encoder(compact, packed=packed)
        assert files(write_encoder(rounded, tmp_path / str(packed), compact=None)) == files(compact)
    unpacked = write_encoder(rounded, tmp_path / "unpacked", compact=False)
    assert {value.dtype for value in load_file(unpacked / "model.safetensors").values()} == {torch.float32}
    with torch.no_grad():
        rounded.projection.bias[0] = 70_000  # beyond the range of float16
    restored = read_encoder(write_encoder(rounded, tmp_path / "large", compact=None))
    assert all(value.equal(restored.state_dict()[name]) for name, value in rounded.state_dict().items())


def test_compact_is_small(make_encoder, tmp_path):
    encoder = make_encoder("averaged", hidden_width=64, ngram_buckets=2000)
    compact, full = (
        (write_encoder(encoder, tmp_path / str(compact), compact=compact) / "model.safetensors").stat().st_size
        for compact in (True, False)
    )
    assert compact < full / 9


@pytest.mark.parametrize("language", shipped_languages())
def test_a_shipped_model_says_its_language_and_is_small(language):
    folder = model_folder(language=language)
    assert read_encoder(folder).config.language == language
    assert sorted(file.name for file in folder.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    assert sum(file.stat().st_size for file in folder.iterdir()) < (48e6 if language == "multilingual" else 12.5e6)


def test_the_shipped_spanish_model_is_the_default_preset():
    assert read_encoder().config.network == PRESETS["beast"]


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
        ["is no model folder", "config.json is missing", "found model.safetensors; save or copy the model again"],
    ),
    "no weights": (
        lambda folder: (folder / "model.safetensors").unlink(),
        ["model.safetensors is missing", "holds config.json; save or copy the model again"],
    ),
    "no json": (
        lambda folder: (folder / "config.json").write_text("beast"),
        ["config.json cannot be read as JSON", "Expecting value"],
    ),
    "another program's configuration": (
        lambda folder: (folder / "config.json").write_text('{"model_type": "bert"}'),
        ["config.json does not describe a BEAST model", '"beast"'],
    ),
    "newer format": (
        lambda folder: change_config(folder, lambda beast: beast.update(format_version=7)),
        ["format version 7, expected 3 to 6", "a newer", "pip install --upgrade beast-vectors"],
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
        ["do not fit its config.json", "projection.bias is F32 (7,), expected F32, F16 or BF16 (6,)"],
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
    "packed table of another width": (
        lambda folder: change_weights(folder, lambda tensors: tensors.update({TABLE: tensors[TABLE][:, 1:].clone()})),
        ["model.safetensors", f"{TABLE} is U8 (54, 5), expected F32, F16 or BF16 (54, 8), or U8 (54, 6)"],
    ),
    "packed table of other rows": (
        lambda folder: change_weights(folder, lambda tensors: tensors.update({TABLE: tensors[TABLE][1:].clone()})),
        ["model.safetensors", f"{TABLE} is U8 (53, 6), expected F32, F16 or BF16 (54, 8), or U8 (54, 6)"],
    ),
    "table of another type": (
        lambda folder: change_weights(folder, lambda tensors: tensors.update({TABLE: tensors[TABLE].view(torch.int8)})),
        ["model.safetensors", f"{TABLE} is I8 (54, 6), expected F32, F16 or BF16 (54, 8), or U8 (54, 6)"],
    ),
    "another tensor of whole numbers": (
        lambda folder: change_weights(
            folder, lambda tensors: tensors.update({"projection.bias": torch.ones(6, dtype=torch.uint8)})
        ),
        ["model.safetensors", "projection.bias is U8 (6,), expected F32, F16 or BF16 (6,)"],
    ),
    "infinite scale": (
        lambda folder: change_weights(
            folder, lambda tensors: tensors[TABLE][3, 2:4].view(torch.float16).fill_(torch.inf)
        ),
        [f"NaN or infinite weights in {TABLE}"],
    ),
    "offset that is no number": (
        lambda folder: change_weights(
            folder, lambda tensors: tensors[TABLE][3, 4:].view(torch.float16).fill_(torch.nan)
        ),
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
    for version in (2, "3", None, 3.0, True, [3]):
        change_config(model, lambda beast, version=version: beast.update(format_version=version))
        with pytest.raises(ModelFolderError, match="expected 3 to 6; train the model again") as caught:
            read_encoder(model)
        assert f"version {version!r}" in str(caught.value) and "newer" not in str(caught.value)


def test_a_folder_from_before_there_were_spelling_rules_keeps_the_first(model):
    change_config(model, lambda beast: (beast.update(format_version=3), beast["encoder"].pop("spelling")))
    old = read_encoder(model)
    assert old.config.spelling == 1
    again = read_encoder(write_encoder(old, model.parent / "again"))
    assert again.config == old.config
    for word, alike in (("sol", True), ("sol\u00ad", False)):
        first, newest = (NetworkEncoder(BeastEncoder(replace(old.config, spelling=spelling))) for spelling in (1, 2))
        newest.network.load_state_dict(first.network.state_dict())
        assert np.array_equal(first.encode([word]), newest.encode([word])) == alike


def test_the_language_and_the_space_are_written_and_change_no_weight(ngram, model, files):
    named = BeastEncoder(replace(ngram.config, language="pt-br", space="lexical ñ 1"))
    named.load_state_dict(ngram.state_dict())
    folder = write_encoder(named, model.parent / "named")
    described = json.loads((folder / "config.json").read_text())["beast"]
    assert (described["format_version"], described["encoder"]["language"]) == (5, "pt-br")
    assert json.loads((model / "config.json").read_text())["beast"]["format_version"] == 4
    assert read_encoder(folder).config == named.config
    assert files(folder)["model.safetensors"] == files(model)["model.safetensors"]


def test_a_card_beside_a_model_is_read_past_and_goes_with_it(ngram, model, files):
    (model / "README.md").write_text("# A card")
    assert read_encoder(model).config == ngram.config
    assert sorted(files(write_encoder(ngram, model))) == ["config.json", "model.safetensors"]


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


UNKEEPABLE = [
    ("projection.bias", (torch.nan,), True),
    ("projection.bias", (torch.inf,), False),
    ("projection.bias", (70_000,), True),
    (TABLE, (torch.nan,), True),
    (TABLE, (75_000, *[25_000] * 7), True),  # the offset: 1.5 times a scale of 50,000
    (TABLE, (140_000,) * 8, True),  # the scale
]


@pytest.mark.parametrize(("name", "values", "compact"), UNKEEPABLE)
def test_weights_that_cannot_be_kept_are_refused_before_anything_is_written(
    make_encoder, model, name, values, compact, files
):
    before, encoder = files(model.parent), make_encoder("ngram", seed=9)
    with torch.no_grad():
        encoder.get_parameter(name).view(-1)[: len(values)] = torch.tensor(values)
    with pytest.raises(ModelFolderError, match=rf"(NaN or infinite|compact=False).* in {re.escape(name)};"):
        write_encoder(encoder, model, compact=compact)
    assert files(model.parent) == before
    assert [path.name for path in model.parent.iterdir()] == ["model"]


@dataclass(frozen=True, kw_only=True)
class TwoTablesConfig(EncoderConfig):
    family = "two tables"

    @property
    def quantised_tables(self) -> dict[str, tuple[int, int]]:
        packed = packed_width(self.hidden_width)
        return {"first.table.weight": (23, packed), "second.weight": (31, packed)}

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        width = self.hidden_width
        tables = {"first.table.weight": (23, width), "second.weight": (31, width)}
        embeddings = {"byte_embedding.weight": (256, width), **tables}
        return embeddings | linear_shapes("projection", inputs=width, outputs=self.output_width)

    def summary(self) -> str:
        return "two tables"


class TwoTablesEncoder(TableEncoder):
    def build_backbone(self) -> int:
        width = self.config.hidden_width
        self.byte_embedding = nn.Embedding(256, width)
        self.first, self.second = nn.ModuleDict({"table": NgramTable(23, width)}), NgramTable(31, width)
        return width

    def initialise_embeddings(self) -> None:
        pass

    def backbone(self, word_bytes: Tensor, *, lengths: Tensor) -> Tensor:
        bytes_, starts = word_bytes[:, 0].long(), torch.arange(len(word_bytes))
        first = self.first["table"].sum_rows(bytes_ % 23, starts=starts)
        return self.byte_embedding(bytes_) + first + self.second.sum_rows(bytes_ % 31, starts=starts)


def test_tables_of_any_name_are_quantised(tmp_path, monkeypatch, make_encoder, files):
    monkeypatch.setitem(FAMILIES, "two tables", Family(config=TwoTablesConfig, presets={}))
    monkeypatch.setitem(NETWORKS, TwoTablesConfig, TwoTablesEncoder)
    config = TwoTablesConfig(layers=1, heads=2, hidden_width=8, output_width=6)
    compact = write_encoder(make_encoder(config), tmp_path / "compact")
    stored = load_file(compact / "model.safetensors")
    assert {name for name, value in stored.items() if value.dtype == torch.uint8} == set(config.quantised_tables)
    packed, unpacked = read_encoder(compact, packed=True), read_encoder(compact)
    assert (packed.is_packed, unpacked.is_packed) == (True, False)
    assert isinstance(packed.first["table"], PackedTable) and isinstance(packed.second, PackedTable)
    assert all(value.equal(unpacked.state_dict()[name]) for name, value in packed.weights().items())
    with pytest.raises(RuntimeError, match="expected one that can be trained"):
        packed.train()(torch.zeros(1, 24, dtype=torch.uint8), torch.tensor([1]))
    for number, restored in enumerate((packed, unpacked, unpacked.pack())):
        assert files(write_encoder(restored, tmp_path / str(number), compact=None)) == files(compact)
    # What the kernel does not know is unpacked to be computed.
    np.testing.assert_allclose(vectors(packed), vectors(read_encoder(compact)), atol=1e-6)
    assert not packed.is_packed
    change_weights(compact, lambda tensors: tensors["second.weight"][3, 2:4].view(torch.float16).fill_(torch.inf))
    with pytest.raises(ModelFolderError, match=r"NaN or infinite weights in second\.weight;"):
        read_encoder(compact)
