"""Folders that were damaged or made to harm: an error of ours at once, or the right vectors."""

import json
import os
import struct
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from beast_core import ModelFolderError, NetworkEncoder, read_encoder, write_encoder
from beast_core.model_files import CONFIG_FILE, MODULES_FILE, WEIGHTS_FILE
from beast_core.stock import module_folders, to_stock
from beast_core.storage import describe

WORDS = ["", "sol", "ñandú", "electroencefalografistas", "👩‍👩‍👧"]


def write_stock(encoder, folder):
    """A folder that `read_encoder` takes for one of sentence-transformers: the configuration and the weights alone."""
    weights = {name: value.detach().numpy() for name, value in encoder.weights().items()}
    for where, arrays in to_stock(weights, config=encoder.config).items():
        (folder / where).mkdir(parents=True, exist_ok=True)
        tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}
        save_file(tensors, folder / where / WEIGHTS_FILE)
    modules = [{"path": part} for part in module_folders(encoder.config)]
    (folder / MODULES_FILE).write_text(json.dumps(modules))
    (folder / CONFIG_FILE).write_text(json.dumps({"model_type": "any", **describe(encoder.config)}))
    return folder


def vectors(encoder):
    return NetworkEncoder(encoder).encode(WORDS)


@pytest.fixture(params=["ours", "stock"])
def folder(request, make_encoder, tmp_path):
    """A compact folder of ours, and the stock folder of the same encoder."""
    ours = write_encoder(make_encoder("averaged", seed=5), tmp_path / "ours")
    return ours if request.param == "ours" else write_stock(read_encoder(ours), tmp_path / "stock")


def refused(folder, *parts):
    """Reads the folder, which has to fail at once, naming the file and the rest."""
    start = time.perf_counter()
    with pytest.raises(ModelFolderError) as caught:
        read_encoder(folder)
    assert time.perf_counter() - start < 2
    assert [part for part in (str(folder), *parts) if part not in str(caught.value)] == []
    assert len(str(caught.value)) < 3000


def change_config(folder, **changes):
    content = json.loads((folder / CONFIG_FILE).read_text())
    content["beast"]["encoder"].update(changes)
    (folder / CONFIG_FILE).write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"layers": 65_536}, "layers is 65536, expected at most 64"),
        ({"layers": 64, "hidden_width": 8192, "feed_forward_width": 32_768}, "is missing"),
        ({"hidden_width": 10**18}, "hidden_width is 1000000000000000000, expected at most"),
        ({"output_width": 10**18}, "output_width is"),
        ({"projection_width": 2**62}, "projection_width is"),
        ({"ngram_buckets": [2**40, 31]}, "ngram_buckets is"),
        ({"ngram_sizes": [2, 2**40]}, "ngram_sizes is"),
        ({"ngram_sizes": list(range(2, 5000)), "ngram_buckets": 1}, "ngram_sizes is"),
        ({"heads": 0}, "heads is 0"),
        ({"heads": True}, "heads is True"),
        ({"layers": 1e300}, "layers is"),
        ({"window": float("nan")}, "window is nan"),
        ({"layers": "0" * 500_000}, "layers is"),
        ({"spelling": 3}, "spelling is 3, expected"),
    ],
)
def test_a_configuration_beyond_all_bounds_builds_nothing(folder, changes, expected):
    change_config(folder, **changes)
    refused(folder, expected)


JSON = {
    "deep": (b"[" * 500_000, "nested too deeply"),
    "deep within": (b'{"beast": {"format_version": 4, "encoder": ' + b"[" * 900 + b"]" * 900 + b"}}", CONFIG_FILE),
    "no UTF-8": (b"\xff\xfe{}", "utf-8"),
    "empty": (b"", "JSON"),
    "a list": (b"[1, 2]", "JSON object"),
    "a number of a million digits": (b"1" * 1_000_000, "JSON"),
    "large": (b" " * 2**21, "2,097,152 bytes, expected at most"),
    "null": (b"null", "JSON object"),
}


@pytest.mark.parametrize("kind", JSON)
def test_json_that_harms(folder, kind):
    content, expected = JSON[kind]
    (folder / CONFIG_FILE).write_bytes(content)
    refused(folder, CONFIG_FILE, expected)


def test_a_sparse_file_is_not_read(folder):
    for name in filter(lambda name: (folder / name).is_file(), (CONFIG_FILE, MODULES_FILE, WEIGHTS_FILE)):
        before = (folder / name).read_bytes()
        os.truncate(folder / name, 2**40)
        if name == WEIGHTS_FILE:  # what follows the data is nobody's
            assert np.isfinite(vectors(read_encoder(folder))).all()
            (folder / name).write_bytes(b"")
            os.truncate(folder / name, 2**40)
            refused(folder, WEIGHTS_FILE, "not a whole safetensors file")
        else:
            refused(folder, name, "1,099,511,627,776 bytes")
        (folder / name).write_bytes(before)


def header_of(file: Path) -> tuple[dict, bytes]:
    content = file.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def write_header(file: Path, header: object, data: bytes) -> None:
    encoded = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)


ENTRIES = {
    "huge shape": {"shape": [2**40, 2**40]},
    "negative shape": {"shape": [-1, -6]},
    "shape of text": {"shape": "6"},
    "empty": {"shape": []},
    "data beyond the end": {"data_offsets": [10**15, 10**15 + 24]},
    "data before the beginning": {"data_offsets": [-24, 0]},
    "data of another length": {"data_offsets": [0, 10**15]},
    "data of no place": {"data_offsets": None},
    "a place of text": {"data_offsets": ["0", "24"]},
    "unknown type": {"dtype": "F128"},
    "a type of numbers": {"dtype": 7},
    "a type of lists": {"dtype": [["F32"]]},
    "float8": {"dtype": "F8_E4M3"},
    "booleans": {"dtype": "BOOL"},
    "integers": {"dtype": "I32"},
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_header_that_claims_what_is_not_so(folder, kind):
    file = folder / WEIGHTS_FILE
    header, data = header_of(file)
    name = next(name for name in header if "byte_embedding" in name or "embed_tokens" in name)
    header[name] |= ENTRIES[kind]
    write_header(file, header, data)
    refused(folder, WEIGHTS_FILE)


@pytest.mark.parametrize("header", [[], None, {"projection.bias": 3}, {"projection.bias": None}, "beast", {}])
def test_a_header_of_another_kind(folder, header):
    write_header(folder / WEIGHTS_FILE, header, b"\0" * 5000)
    refused(folder, WEIGHTS_FILE)


def test_a_deep_header(folder):
    encoded = b'{"projection.bias": ' + b"[" * 500_000
    (folder / WEIGHTS_FILE).write_bytes(struct.pack("<Q", len(encoded)) + encoded)
    refused(folder, WEIGHTS_FILE, "nested too deeply")


@pytest.mark.parametrize("dtype", [torch.int32, torch.int8, torch.uint8, torch.bool, torch.float8_e4m3fn])
def test_weights_of_a_type_that_nobody_writes(folder, dtype):
    tensors = load_file(folder / WEIGHTS_FILE)
    name = next(name for name in tensors if "byte_embedding" in name or "embed_tokens" in name)
    tensors[name] = tensors[name].to(dtype)
    save_file(tensors, folder / WEIGHTS_FILE)
    refused(folder, WEIGHTS_FILE, name, "expected F32, F16 or BF16 (")


@pytest.mark.parametrize(("value", "expected"), [(3e38, "3e+38"), (1e7, "1e+07"), (-3e38, "3e+38"), (0, "all zeros")])
def test_weights_that_give_no_vectors_are_refused_when_read_and_when_written(make_encoder, tmp_path, value, expected):
    encoder = make_encoder("averaged")
    folder = write_encoder(encoder, tmp_path / "model", compact=False)
    tensors = load_file(folder / WEIGHTS_FILE)
    tensors["projection.weight"].fill_(value)
    save_file(tensors, folder / WEIGHTS_FILE)
    refused(folder, "projection.weight", expected)
    with torch.no_grad():
        encoder.projection.weight.fill_(value)
    for compact in (True, False, None):
        with pytest.raises(ModelFolderError, match=r"cannot save .*projection\.weight"):
            write_encoder(encoder, tmp_path / "other", compact=compact)


@settings(max_examples=300)
@given(data=st.data())
def test_any_damage_is_an_error_of_ours_or_none(tmp_path_factory, make_encoder, data):
    """Bytes of one file flipped, cut out or put in: the folder is refused, or it reads as some whole encoder. (Nothing
    can tell a weight that was changed from another weight.)"""
    root = tmp_path_factory.mktemp("damaged")
    folder = write_encoder(make_encoder("averaged", seed=5), root / "ours", compact=data.draw(st.booleans()))
    if data.draw(st.booleans()):
        folder = write_stock(read_encoder(folder), root / "stock")
    file = data.draw(st.sampled_from(sorted(path for path in folder.rglob("*") if path.is_file())))
    content = bytearray(file.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, min(len(content), 2000)) | st.integers(0, len(content)))
        end = place + data.draw(st.integers(0, 3) | st.integers(0, len(content)))
        content[place:end] = data.draw(st.binary(max_size=3) | st.sampled_from([b"[", b"9" * 20, b"null", b"1e999"]))
    file.write_bytes(content)
    try:
        encoder = read_encoder(folder, packed=data.draw(st.booleans()))
    except ModelFolderError as error:
        assert str(folder) in str(error)
    else:
        np.testing.assert_allclose(np.linalg.norm(vectors(encoder), axis=1), 1, rtol=1e-5)


OVERWRITE = """
import os, sys
import numpy as np
from pathlib import Path
from beast_core import NetworkEncoder, read_encoder

folders, words = map(Path, sys.argv[1:3]), sys.argv[3:]
for folder, packed in ((folder, packed) for folder in folders for packed in (True, False)):
    encoder = read_encoder(folder, packed=packed)
    files = [(file, file.read_bytes()) for file in folder.rglob("*.safetensors")]
    before = NetworkEncoder(encoder).encode(words)
    for file, content in files:
        with file.open("r+b") as stream:  # the file itself, as `cp` would
            stream.write(b"\\1" * len(content))
    assert np.array_equal(NetworkEncoder(encoder).encode(words), before), "overwritten"
    for file, content in files:
        os.truncate(file, 0)
    assert np.array_equal(NetworkEncoder(encoder).encode(words), before), "truncated"
    for file, content in files:
        file.write_bytes(content)
    print(len(files), end=" ")
"""


@pytest.mark.parametrize("compact", [True, False])
def test_a_loaded_model_is_its_own_whatever_becomes_of_its_files(make_encoder, tmp_path, run_python, compact):
    """Of many pages each, so that some are never looked at before the file is gone."""
    encoder = make_encoder("averaged", hidden_width=64, ngram_buckets=2000)
    ours = write_encoder(encoder, tmp_path / "ours", compact=compact)
    stock = write_stock(read_encoder(ours), tmp_path / "stock")
    assert run_python(OVERWRITE, ours, stock, *WORDS) == "1 1 3 3 "
