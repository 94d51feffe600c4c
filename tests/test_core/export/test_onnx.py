import json

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from beast_core import EncoderConfig, Model, NetworkEncoder, encode_words, load_encoder
from beast_core.credits import Credits
from beast_core.export import write_onnx
from beast_core.export.checking import padded_bytes
from beast_core.inference import make_encoder as encoder_of
from beast_core.network.folders import stored

WORDS = ["", "a", "perro", "\0", "x" * 24, "ñ" * 40, "otorrinolaringólogos", "👩‍👩‍👧", "日本語", " Ñandú\n", "ﬁn"]
texts = st.lists(st.sampled_from(WORDS) | st.text(max_size=40), min_size=1, max_size=6)


class Exported:
    """A model that was written and read again, and the encoder that it was made of."""

    def __init__(self, encoder, file, **given):
        self.encoder = encoder
        write_onnx(encoder.model, output=file, **given)
        self.session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
        self.file = onnx.load(file)

    def __call__(self, word_bytes):
        return self.session.run(None, {"bytes": word_bytes})[0]

    def encode(self, words):
        return self(padded_bytes(words, model=self.encoder.model))


@pytest.fixture(scope="module")
def exported(encoder, tmp_path_factory):
    return Exported(NetworkEncoder(encoder), tmp_path_factory.mktemp("onnx") / "model.onnx")


@pytest.fixture(scope="module")
def spanish(tmp_path_factory):
    file = tmp_path_factory.mktemp("onnx") / "es.onnx"
    return Exported(load_encoder("es", threads=1), file, credits=Credits(licence="cc-by-sa-4.0", author="who"))


@settings(max_examples=30)
@given(texts)
@example(WORDS)
def test_every_family_computes_the_vectors_of_the_encoder(exported, words):
    np.testing.assert_allclose(exported.encode(words), exported.encoder.encode(words), atol=1e-5, rtol=0)


@settings(max_examples=30)
@given(texts)
@example(WORDS)
def test_the_shipped_model_computes_the_vectors_of_the_kernel(spanish, words):
    np.testing.assert_allclose(spanish.encode(words), spanish.encoder.encode(words), atol=1e-5, rtol=0)


def test_a_table_in_two_bits_stays_so_in_the_file_and_beside_layers(make_encoder, spanish, tmp_path):
    assert spanish.file.ByteSize() < 12.5e6
    for shape in ("ngram", "averaged"):
        compact = encoder_of(stored(make_encoder(shape), compact=True, where="here"))
        exported = Exported(compact, tmp_path / f"{shape}.onnx")
        sizes = {value.name: value.data_type for value in exported.file.graph.initializer}
        assert sizes["ngram_entries"] == onnx.TensorProto.UINT8
        np.testing.assert_allclose(exported.encode(WORDS), exported.encoder.encode(WORDS), atol=1e-5, rtol=0)


def test_any_padding_up_to_the_window_gives_the_same_vectors_and_more_is_refused(exported):
    word_bytes, lengths = encode_words(["sol", "mar"], config=exported.encoder.config)
    whole = exported(padded_bytes(["sol", "mar"], model=exported.encoder.model))
    np.testing.assert_allclose(exported(word_bytes[:, :3].astype(np.int32)), whole, atol=1e-6, rtol=0)
    assert lengths.tolist() == [3, 3]
    too_many = np.full((2, exported.encoder.config.window + 1), 97, dtype=np.int32)
    with pytest.raises(Exception, match=r"(?s)\[ONNXRuntimeError\]"):
        exported(too_many)


def test_words_without_bytes(exported):
    empty = exported(np.empty((2, 0), dtype=np.int32))
    np.testing.assert_allclose(empty, exported.encoder.encode(["", ""]), atol=1e-5, rtol=0)


def test_the_file_says_what_it_takes_and_gives_and_of_whom_it_is(spanish):
    [takes], [gives] = spanish.session.get_inputs(), spanish.session.get_outputs()
    assert (takes.name, takes.type, takes.shape) == ("bytes", "tensor(int32)", ["words", "positions"])
    assert (gives.name, gives.type, gives.shape) == ("vectors", "tensor(float)", ["words", 256])
    assert {each.version for each in spanish.file.opset_import} == {17}
    metadata = spanish.session.get_modelmeta().custom_metadata_map
    assert (metadata["model_license"], metadata["model_author"]) == ("cc-by-sa-4.0", "who")
    said = json.loads(metadata["beast"])
    config = spanish.encoder.config
    assert (said["language"], said["space"], said["licence"]) == ("es", config.space, "cc-by-sa-4.0")
    assert (said["head"], said["tail"], said["padding"], said["width"]) == (16, 8, -1, 256)
    assert EncoderConfig.from_dict(said["encoder"]) == config


def test_the_same_model_gives_the_same_bytes(spanish, tmp_path):
    write_onnx(spanish.encoder.model, output=tmp_path / "a.onnx")
    write_onnx(spanish.encoder.model, output=tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_a_graph_that_computes_other_vectors_is_not_written(tmp_path, monkeypatch):
    from beast_core.export.graphs import builder

    monkeypatch.setattr(builder.Graph, "gelu", lambda self, value: value)
    config = EncoderConfig.preset("asterisk", hidden_width=8, output_width=6, feed_forward_width=12, layers=1)
    draw = np.random.default_rng(0).normal
    weights = {name: draw(size=shape).astype(np.float32) for name, shape in config.weight_shapes.items()}
    with pytest.raises(ValueError, match=r"the ONNX export of this model gives another vector for .*'flatten'"):
        write_onnx(Model(config, weights), output=tmp_path / "wrong.onnx")
    assert list(tmp_path.iterdir()) == []


def test_presets_with_layers_keep_their_size(tmp_path):
    config = EncoderConfig.preset("asterisk")
    draw = np.random.default_rng(0).normal
    weights = {name: (draw(size=shape) / 16).astype(np.float16) for name, shape in config.weight_shapes.items()}
    write_onnx(Model(config, weights), output=tmp_path / "asterisk.onnx")
    assert (tmp_path / "asterisk.onnx").stat().st_size < 2.1 * sum(map(np.size, weights.values()))
