"""Checkpoints of real torch modules, converted: the vectors are those of the module."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from beast_core import ModelFolderError, load_encoder, read_model
from beast_core.positions import sinusoidal_positions
from beast_core.published import ModuleNames, Unsaid, convert_checkpoint
from beast_core.published.__main__ import main

WINDOW, WIDTH, HEADS = 24, 16, 4
WORDS = ["a", "sol", "ñandú", "electroencefalografista", "x" * WINDOW]


class Original(nn.Module):
    """A word encoder as one writes it with torch's own parts. Padding is the byte 0, or a row of its own."""

    def __init__(self, *, activation="relu", input_norm="none", masked=False, causal=False, rows=256, scaled=False):
        super().__init__()
        self.embedding = nn.Embedding(rows, WIDTH)
        self.register_buffer("positions", torch.from_numpy(sinusoidal_positions(40, width=WIDTH))[None])
        if input_norm != "none":
            self.norm = nn.LayerNorm(WIDTH, elementwise_affine=input_norm == "weighted")
        layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 32, dropout=0.1, activation=activation, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, 2, enable_nested_tensor=masked == "nested")
        self.projection = nn.Linear(WINDOW * WIDTH, 8)
        self.masked, self.causal, self.scale = masked, causal, WIDTH**0.5 if scaled else 1

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        hidden = self.embedding(ids) * self.scale + self.positions[:, :WINDOW]
        hidden = self.norm(hidden) if hasattr(self, "norm") else hidden
        padding = torch.arange(WINDOW) >= lengths[:, None] if self.masked else None
        later = torch.ones(WINDOW, WINDOW, dtype=torch.bool).triu(1) if self.causal else None
        hidden = self.transformer(hidden, mask=later, src_key_padding_mask=padding)
        return functional.normalize(torch.tanh(self.projection(hidden.flatten(1))), dim=-1)


def original(**options) -> Original:
    torch.manual_seed(5)
    module = Original(**options).eval()
    for name, parameter in module.named_parameters():
        nn.init.normal_(parameter, mean=float("norm" in name and name.endswith("weight")), std=0.3)
    return module


def write(module: nn.Module, file: Path, *, positions: bool = False) -> Path:
    state = {name: value for name, value in module.state_dict().items() if positions or name != "positions"}
    save_file(state, file)
    return file


@torch.inference_mode()
def vectors(module: Original, words=WORDS, *, first_byte=0, padding=0) -> np.ndarray:
    ids = torch.full((len(words), WINDOW), padding)
    for row, word in enumerate(words):
        ids[row, : len(word.encode())] = torch.tensor(list(word.encode())) + first_byte
    return module(ids, torch.tensor([len(word.encode()) for word in words])).numpy()


def converted(file: Path, *options: str) -> np.ndarray:
    assert main([str(file), str(file.parent / "model"), "--heads", str(HEADS), *options]) == 0
    return load_encoder(file.parent / "model").encode(WORDS)


KINDS = {
    "as torch does by itself": ({}, []),
    "GELU": ({"activation": "gelu"}, ["--activation", "gelu"]),
    "masked": ({"masked": "dense"}, ["--padding", "masked"]),
    "masked, evaluated by nested tensors": ({"masked": "nested"}, ["--padding", "zeroed"]),
    "plain norm": ({"input_norm": "plain"}, ["--input-norm", "plain"]),
    "weighted norm": (
        {"input_norm": "weighted", "masked": "dense"},
        ["--input-norm", "weighted", "--padding", "masked"],
    ),
    "causal": ({"causal": True}, ["--causal"]),
    "causal, masked": ({"causal": True, "masked": "dense"}, ["--causal", "--padding", "masked"]),
    "scaled": ({"scaled": True}, ["--scaled"]),
}


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors is in prototype stage")
@pytest.mark.parametrize("kind", KINDS)
def test_a_converted_checkpoint_has_the_vectors_of_the_module(kind, tmp_path):
    options, told = KINDS[kind]
    module = original(**options)
    file = write(module, tmp_path / "original.safetensors")
    expected = vectors(module)
    np.testing.assert_allclose(converted(file, *told), expected, atol=1e-5, rtol=0)
    if told and "weighted" not in told:  # which is refused where it is not told
        assert np.abs(converted(file) - expected).max() > 1e-3


@pytest.mark.parametrize(("first_byte", "padding"), [(1, 0), (0, 256)])
def test_padding_may_have_a_row_of_its_own(first_byte, padding, tmp_path):
    module = original(rows=257)
    found = converted(write(module, tmp_path / "original.safetensors"), "--padding-row", str(padding))
    np.testing.assert_allclose(found, vectors(module, first_byte=first_byte, padding=padding), atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shape", [(40, WIDTH), (1, 40, WIDTH), (40, 1, WIDTH), (WINDOW, WIDTH)])
def test_names_half_precision_and_the_table_of_positions(dtype, shape, tmp_path):
    module = original().to(dtype)
    state = {f"model.{name.replace('projection', 'fc')}": value for name, value in module.state_dict().items()}
    table = state.pop("model.positions")[0, : max(shape[:2])]
    save_file(state | {"model.pe": table.view(shape).contiguous()}, tmp_path / "model.safetensors")
    named = [
        "projection=model.fc",
        "embedding=model.embedding",
        "layers=model.transformer.layers",
        "positions=model.pe",
    ]
    assert main([str(tmp_path), str(tmp_path / "model"), "--heads", "4", "--cased", "--names", *named]) == 0
    assert not read_model(tmp_path / "model").config.lowercase
    exact = original()
    exact.load_state_dict(
        {name: value.float() for name, value in module.state_dict().items() if name != "positions"}, strict=False
    )
    np.testing.assert_allclose(load_encoder(tmp_path / "model").encode(WORDS), vectors(exact), atol=1e-5, rtol=0)


def refused(module_or_state, file: Path, *, names=None, **unsaid) -> str:
    state = module_or_state.state_dict() if isinstance(module_or_state, nn.Module) else module_or_state
    save_file({name: value.contiguous() for name, value in state.items()}, file)
    unsaid = {"heads": HEADS, **unsaid}
    with pytest.raises(ModelFolderError) as caught:
        convert_checkpoint(file, unsaid=Unsaid(**unsaid), names=ModuleNames(**names or {}))
    assert str(file) in str(caught.value)
    return str(caught.value)


def test_all_that_does_not_fit_is_listed_at_once(tmp_path):
    state = original(input_norm="weighted", rows=258).state_dict()
    state["transformer.layers.1.norm2.bias"] = torch.zeros(WIDTH + 1)
    state["transformer.layers.0.linear2.bias"] = torch.zeros(WIDTH, dtype=torch.float64)
    state["classifier.weight"] = torch.zeros(2, 8)
    del state["transformer.layers.0.self_attn.in_proj_bias"], state["projection.bias"]
    message = refused(state, tmp_path / "model.safetensors")
    for part in (
        *("projection.bias is missing", "transformer.layers.0.self_attn.in_proj_bias is missing"),
        "transformer.layers.1.norm2.bias is F32 (17,), expected F32, F16 or BF16 (16,)",
        "transformer.layers.0.linear2.bias is F64 (16,), expected",
        "norm.weight is not part of the encoder (if it is of a norm of the embeddings: --input-norm weighted",
        "norm.bias is not part",
        "positions is not part of the encoder (if it is a table of positions: --names positions=positions)",
        "classifier.weight is not part",
        "the embedding has 258 rows, expected 256, one a byte, or 257",
    ):
        assert part in message


def test_what_says_the_shape_has_to_be_there(tmp_path):
    file = tmp_path / "model.safetensors"
    message = refused({"embed.weight": torch.zeros(256, 4), "blocks.3.up": torch.zeros(3)}, file)
    for part in (
        "no embedding.weight, no transformer.layers.0.linear1.weight, no projection.weight",
        "blocks.*.up, embed",
    ):
        assert part in message
    module = original()
    module.projection = nn.Linear(WINDOW * WIDTH - 1, 8)
    assert "takes 383 numbers, expected a multiple of the width of the embeddings, 16" in refused(module, file)
    for unsaid, part in (
        ({"heads": 3}, "hidden_width 16 is not a multiple of heads 3"),
        ({"activation": "silu"}, "activation is 'silu', expected one of ('gelu', 'relu')"),
        ({"language": "../es"}, "language is '../es'"),
    ):
        assert part in refused(original(), file, **unsaid)


@pytest.mark.parametrize(
    ("rows", "padding_row", "expected"),
    [
        (257, None, "257 rows and the padding row None, expected --padding-row 0, if bytes begin at row 1, or 256"),
        (257, 3, "257 rows and the padding row 3, expected --padding-row 0"),
        (256, 256, "256 rows and the padding row 256, expected none or 0"),
        (259, 0, "259 rows, expected 256, one a byte, or 257"),
    ],
)
def test_a_vocabulary_that_is_not_bytes_is_refused(rows, padding_row, expected, tmp_path):
    state = {name: value for name, value in original(rows=rows).state_dict().items() if name != "positions"}
    assert expected in refused(state, tmp_path / "model.safetensors", padding_row=padding_row)


def test_other_positions_are_refused(tmp_path):
    module, names = original(), {"positions": "positions"}
    halves = torch.cat([module.positions[..., ::2], module.positions[..., 1::2]], dim=-1)
    for table, expected in (
        (halves, "is not the table of sines and cosines"),
        (torch.where(module.positions == 1, torch.nan, module.positions), "row 0 differs by nan"),
        (module.positions.roll(1, dims=1), "row 0 differs by"),
        (module.positions[:, : WINDOW - 1], "positions is F32 (1, 23, 16), expected F32, F16 or BF16 (24, 16)"),
        (module.positions[..., :-1], "expected F32, F16 or BF16 (24, 16)"),
        (torch.ones(2, 20, WIDTH), "expected F32, F16 or BF16 (24, 16)"),
    ):
        state = {**module.state_dict(), "positions": table}
        assert expected in refused(state, tmp_path / "model.safetensors", names=names)


def test_what_is_not_finite_or_not_a_checkpoint_is_refused_and_nothing_is_written(tmp_path, capsys):
    module, file = original(), tmp_path / "model.safetensors"
    with torch.no_grad():
        module.transformer.layers[1].linear1.weight[3, 3] = torch.inf
    write(module, file)
    arguments = [str(file), str(tmp_path / "model"), "--heads", "4"]
    assert main(arguments) == 1
    assert "NaN or infinite weights in blocks.1.up.weight" in capsys.readouterr().err
    torch.save(module.state_dict(), file)
    assert main(arguments) == 1
    assert "pickles are never read" in capsys.readouterr().err
    file.unlink()
    assert main(arguments) == 1
    assert re.search(r"model\.safetensors is missing", capsys.readouterr().err)
    assert main([*arguments, "--names", "projektion=fc", "fc"]) == 1
    assert "projektion=fc fc: expected some of embedding=NAME" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


CONVERT = """
import sys
sys.modules["torch"] = None
from beast_core.published.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_command_needs_no_torch_and_says_what_it_assumes(tmp_path, run_python):
    file = write(original(), tmp_path / "original.safetensors")
    options = ["--heads", "4", "--padding", "masked", "--language", "es"]
    printed = run_python(CONVERT, file, tmp_path / "model", *options)
    for part in ("2 layers, 16 wide, feed-forward 32 wide, a window of 24 bytes", "11,624 parameters", "heads = 4"):
        assert part in printed
    assert "activation = 'relu', padding = 'masked', input_norm = 'none', causal = False" in printed
    described = json.loads((tmp_path / "model" / "config.json").read_text())["beast"]
    assert (described["format_version"], described["encoder"]["language"]) == (6, "es")
    assert load_file(tmp_path / "model" / "model.safetensors")["projection.bias"].shape == (8,)
