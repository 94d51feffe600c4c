"""Programs of `torch.export`, and the other ways in which torch writes a network down."""

import copy
import json
import warnings

import numpy as np
import pytest
import torch

from beast_core import NetworkEncoder, encode_words, read_encoder, read_model
from beast_core.export import write_program
from beast_core.export.checking import padded_bytes

WORDS = ["", "perro", "x" * 40, "añañ", " hola", "👩‍👩‍👧"]


def inputs(words, *, config):
    return tuple(map(torch.from_numpy, encode_words(words, config=config)))


def compare(found, network):
    """The vectors of another batch than that which was followed, of shorter and longer words and of one."""
    reference = copy.deepcopy(network)
    for words in (WORDS, ["uno"], WORDS[1:] * 5):
        given = inputs(words, config=network.config)
        with torch.inference_mode():
            torch.testing.assert_close(found(*given), reference(*given), atol=1e-6, rtol=0)


def test_programs_compute_the_vectors_in_a_fresh_process_without_this_package(
    shapes, make_encoder, run_python, tmp_path
):
    models = {shape: NetworkEncoder(make_encoder(shape)).model for shape in shapes}
    for shape, model in models.items():
        write_program(model, output=tmp_path / f"{shape}.pt2")
        np.save(tmp_path / f"{shape}.npy", padded_bytes(WORDS * 3, model=model))
    script = """
import sys; sys.modules["beast_core"] = None
import json, pathlib, numpy, torch
told = {}
for file in pathlib.Path(sys.argv[1]).glob("*.pt2"):
    described = {"beast.json": ""}
    program = torch.export.load(file, extra_files=described).module()
    given = torch.from_numpy(numpy.load(file.with_suffix(".npy")))
    vectors = [program(given[:many]).detach() for many in (1, 18)]
    assert torch.allclose(vectors[0], vectors[1][:1], atol=1e-6)
    numpy.save(file.with_suffix(".vectors.npy"), vectors[1].numpy())
    told[file.stem] = json.loads(described["beast.json"])
print(json.dumps(told))
"""
    told = json.loads(run_python(script, tmp_path, timeout=300))
    for shape, model in models.items():
        assert (told[shape]["width"], told[shape]["padding"]) == (model.config.output_width, -1)
        expected = NetworkEncoder(make_encoder(shape)).encode(WORDS * 3)
        np.testing.assert_allclose(np.load(tmp_path / f"{shape}.vectors.npy"), expected, atol=1e-6, rtol=0)


def test_the_shipped_model_keeps_its_table_in_two_bits(tmp_path):
    write_program(read_model("es"), output=tmp_path / "es.pt2")
    assert (tmp_path / "es.pt2").stat().st_size < 13e6


def test_torch_exports_any_network_as_it_is(encoder):
    given = inputs(["sol", "marea"], config=encoder.config)
    sizes = {"word_bytes": {0: torch.export.Dim("words")}, "lengths": {0: torch.export.Dim("words")}}
    compare(torch.export.export(copy.deepcopy(encoder), given, dynamic_shapes=sizes).module(), encoder)
    compare(encoder, encoder)  # nothing of what was followed is kept


def test_a_traced_network_takes_other_batches(encoder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that tracing is deprecated, and may be incorrect: it is not
        traced = torch.jit.trace(copy.deepcopy(encoder), inputs(["sol", "marea"], config=encoder.config))
    compare(traced, encoder)


def test_a_packed_table_cannot_be_traced_and_says_what_to_do():
    packed = read_encoder("es", packed=True)
    with (
        warnings.catch_warnings(),
        pytest.raises(RuntimeError, match=r"cannot follow an n-gram table in 2 bits.*encoder\.unpack\(\)"),
    ):
        warnings.simplefilter("ignore")
        torch.jit.trace(packed, inputs(["sol"], config=packed.config))


def test_dynamic_quantisation_is_near_the_network(encoder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch says that it is deprecated
        quantised = torch.ao.quantization.quantize_dynamic(copy.deepcopy(encoder))
        given = inputs(WORDS, config=encoder.config)
        with torch.inference_mode():
            torch.testing.assert_close(quantised(*given), encoder(*given), atol=0.1, rtol=0)
