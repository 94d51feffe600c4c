"""Ours and spaCy's own vectors meet wherever a configuration, a vocab and what is saved disagree: what is saved loads
as what it was, or is refused."""

import json

import numpy as np
import pytest
import spacy
import srsly
from spacy.training.initialize import init_vocab
from spacy.vectors import Vectors
from spacy.vocab import Vocab

from beast_core import ModelFolderError, read_encoder, write_encoder
from spacy_beast import BeastVectors

HOW_TO_LOAD = (
    'under \\[nlp.vectors\\], @vectors = "spacy_beast.BeastVectors.v1" .*BeastVectors\\(strings=vocab.strings\\)'
)
NAMED = {"nlp": {"vectors": {"@vectors": "spacy_beast.BeastVectors.v1"}}}


def vector(nlp, word="jamásvista"):
    return nlp.vocab.get_vector(word).tolist()


def table(nlp, rows=1):
    words = ["sol", "mar"][:rows]
    return Vectors(strings=nlp.vocab.strings, data=np.ones((rows, 4), dtype="f"), keys=words, name="own")


def set_by_hand(nlp, model_path):
    other = spacy.blank("es")
    other.vocab.vectors = BeastVectors(strings=other.vocab.strings, model=model_path)
    return other


def share_the_vocab(nlp, model_path):
    return spacy.blank("es", vocab=nlp.vocab)


def leave_the_configuration(nlp, model_path):
    nlp.config["nlp"]["vectors"] = {"@vectors": "spacy.Vectors.v1"}
    nlp.remove_pipe("beast_vectors")
    return nlp


class TestStockInTheConfiguration:
    @pytest.mark.parametrize("make", [set_by_hand, share_the_vocab, leave_the_configuration])
    def test_a_folder_loads_as_what_it_was(self, nlp, model_path, tmp_path, make):
        other = make(nlp, model_path)
        other.add_pipe("sentencizer")
        other.to_disk(tmp_path / "saved")
        loaded = spacy.load(tmp_path / "saved")
        assert type(loaded.vocab.vectors) is BeastVectors and vector(loaded) == vector(nlp) == vector(other)
        assert loaded.pipe_names == ["sentencizer"]

    def test_bytes_are_refused_and_say_what_to_do(self, nlp, model_path):
        data = leave_the_configuration(nlp, model_path).to_bytes()
        with pytest.raises(ValueError, match=HOW_TO_LOAD):
            spacy.blank("es").from_bytes(data)

    def test_a_vocab_alone_is_refused_until_it_has_such_vectors(self, nlp, tmp_path):
        nlp.vocab.to_disk(tmp_path / "vocab")
        for read in (lambda v: v.from_bytes(nlp.vocab.to_bytes()), lambda v: v.from_disk(tmp_path / "vocab")):
            vocab = Vocab()
            with pytest.raises(ValueError, match=HOW_TO_LOAD):
                read(vocab)
            vocab.vectors = BeastVectors(strings=vocab.strings)
            read(vocab)
            assert vocab.get_vector("jamásvista").tolist() == vector(nlp)

    def test_vectors_taken_for_training_are_saved_with_what_is_trained(self, nlp, tmp_path):
        nlp.to_disk(tmp_path / "vectors")
        trained = spacy.blank("es")
        init_vocab(trained, vectors=tmp_path / "vectors")  # what --paths.vectors does
        trained.to_disk(tmp_path / "trained")
        assert vector(spacy.load(tmp_path / "trained")) == vector(nlp)

    def test_vectors_without_a_pipe_are_refused_for_training_at_once(self, nlp, tmp_path):
        nlp.remove_pipe("beast_vectors")
        nlp.to_disk(tmp_path / "vectors")
        with pytest.raises(ValueError, match=r"spacy train takes --nlp\.vectors\.@vectors spacy_beast"):
            init_vocab(spacy.blank("es"), vectors=tmp_path / "vectors")
        trained = spacy.blank("es", config=NAMED)
        init_vocab(trained, vectors=tmp_path / "vectors")
        assert vector(trained) == vector(nlp)

    def test_a_given_vocab_gets_the_vectors_of_the_pipe(self, nlp, tmp_path):
        nlp.to_disk(tmp_path / "saved")
        loaded = spacy.load(tmp_path / "saved", vocab=spacy.blank("es").vocab)
        loaded.to_disk(tmp_path / "again")
        assert vector(spacy.load(tmp_path / "again")) == vector(nlp)

    def test_files_of_somebody_else_stay_as_they_are(self, nlp, tmp_path):
        config = spacy.blank("es").config.to_str()
        (tmp_path / "config.cfg").write_text(config, encoding="utf-8")
        nlp.vocab.to_disk(tmp_path / "vocab")
        assert (tmp_path / "config.cfg").read_text(encoding="utf-8") == config
        for mode in ("default", "floret"):
            (tmp_path / "meta.json").write_text(json.dumps({"vectors": {"mode": mode}}), encoding="utf-8")
            nlp.vocab.to_disk(tmp_path / "vocab")
            assert (tmp_path / "config.cfg").read_text(encoding="utf-8") == config


class TestOursInTheConfiguration:
    @pytest.mark.parametrize("rows", [0, 2])
    def test_another_table_is_refused(self, nlp, tmp_path, rows):
        nlp.remove_pipe("beast_vectors")
        nlp.vocab.vectors = table(nlp, rows) if rows else Vectors(strings=nlp.vocab.strings)
        nlp.to_disk(tmp_path / "saved")
        with pytest.raises(ValueError, match=rf"holds a table of {rows} word vectors of spaCy's own, expected BEAST"):
            spacy.load(tmp_path / "saved")
        with pytest.raises(ValueError, match=rf"bytes hold a table of {rows} word vectors of spaCy's own"):
            spacy.blank("es").from_config(nlp.config).from_bytes(nlp.to_bytes())
        config = tmp_path / "saved" / "config.cfg"
        head, _, tail = config.read_text(encoding="utf-8").partition("[nlp.vectors]")
        rest = tail.partition("\n[")[2]
        config.write_text(f'{head}[nlp.vectors]\n@vectors = "spacy.Vectors.v1"\n\n[{rest}', encoding="utf-8")
        assert spacy.load(tmp_path / "saved").vocab.vectors.shape[0] == rows

    def test_missing_and_damaged_weights_are_errors_at_load(self, nlp, tmp_path):
        nlp.to_disk(tmp_path / "saved")
        weights = tmp_path / "saved" / "vocab" / "beast" / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:100])
        with pytest.raises(ModelFolderError, match="not a whole safetensors file"):
            spacy.load(tmp_path / "saved")
        for file in weights.parent.iterdir():
            file.unlink()
        with pytest.raises(ModelFolderError, match=r"config\.json is missing"):
            spacy.load(tmp_path / "saved")
        weights.parent.rmdir()
        with pytest.raises(FileNotFoundError, match="no model at"):
            spacy.load(tmp_path / "saved")

    @pytest.mark.parametrize("settings", ["", "{", "[]", '{"mode": "beast: x"}', '{"mode": "beast: x", "attr": "POS"}'])
    def test_damaged_settings_are_errors_at_load(self, nlp, tmp_path, settings):
        nlp.to_disk(tmp_path / "saved")
        (tmp_path / "saved" / "vocab" / "vectors.cfg").write_text(settings, encoding="utf-8")
        with pytest.raises(ModelFolderError, match=r"vectors\.cfg does not describe vectors"):
            spacy.load(tmp_path / "saved")

    def test_a_pipeline_without_its_vectors_is_refused_unless_they_are_excluded(self, nlp, tmp_path):
        nlp.to_disk(tmp_path / "saved", exclude=["vectors"])
        with pytest.raises(ModelFolderError, match=r"holds no whole BEAST vectors.*exclude=\[\"vectors\"\]"):
            spacy.load(tmp_path / "saved")
        assert vector(spacy.load(tmp_path / "saved", exclude=["vectors"])) == vector(nlp)
        nlp.to_disk(tmp_path / "bare", exclude=["vocab"])
        with pytest.raises(ModelFolderError, match=r"word vectors are missing: there is no .*vocab"):
            spacy.load(tmp_path / "bare")


class TestDamagedBytes:
    @pytest.mark.parametrize("change", ["cut", "no model", "no weights", "text", "other"])
    def test_are_errors_that_say_so(self, nlp, change):
        message = srsly.msgpack_loads(nlp.vocab.vectors.to_bytes())
        model = srsly.msgpack_loads(message["model"])
        if change == "cut":
            model["model.safetensors"] = model["model.safetensors"][:100]
        if change == "no weights":
            del model["model.safetensors"]
        message["model"] = srsly.msgpack_dumps(model)
        if change == "no model":
            del message["model"]
        data = {"text": b"\xc1 no message", "other": srsly.msgpack_dumps([1])}.get(change, srsly.msgpack_dumps(message))
        before = vector(nlp)
        with pytest.raises(ModelFolderError, match=r"bytes.*(save|send|copy) (them|the model) again"):
            nlp.vocab.vectors.from_bytes(data)
        assert vector(nlp) == before

    def test_so_are_those_of_a_layer(self, model_path):
        embed = spacy.registry.architectures.get("spacy_beast.BeastEmbed.v1")(model=model_path)
        embed.initialize()
        deserialize = embed.layers[0].shims[0].from_bytes
        message = srsly.msgpack_loads(embed.layers[0].shims[0].to_bytes())
        message["state"] = message["state"][:200]
        with pytest.raises(ModelFolderError, match="are not the model that spacy_beast writes"):
            deserialize(srsly.msgpack_dumps(message))


class TestSourcing:
    """spaCy reads the vectors of each pipeline that components are taken from, and then the pipeline's own again."""

    def test_an_empty_table_changes_nothing(self, nlp, tmp_path):
        stock = spacy.blank("es")
        stock.vocab.to_disk(tmp_path / "vocab")
        before = vector(nlp)
        nlp.vocab.from_bytes(stock.vocab.to_bytes())
        nlp.vocab.from_disk(tmp_path / "vocab")
        nlp.vocab.vectors.from_bytes(b"").from_disk(tmp_path)
        assert vector(nlp) == before

    def test_a_full_table_is_not_dropped_in_silence(self, nlp, tmp_path):
        other = spacy.blank("es")
        other.vocab.vectors = table(other)
        other.to_disk(tmp_path / "other")
        before = vector(nlp)
        with pytest.warns(UserWarning, match="a table of 1 word vectors is not loaded"):
            nlp.vocab.from_disk(tmp_path / "other" / "vocab")
        with pytest.raises(ValueError, match="the bytes hold a table of 1 word vectors"):
            nlp.vocab.from_bytes(other.vocab.to_bytes())
        assert vector(nlp) == before

    @pytest.mark.parametrize("named", [False, True])
    def test_components_and_vectors_come_from_a_saved_pipeline(self, nlp, tmp_path, named):
        settings = {"vectors": nlp.config["nlp"]["vectors"]} if named else {}
        nlp.add_pipe("sentencizer")
        nlp.to_disk(tmp_path / "saved")
        components = {name: {"source": str(tmp_path / "saved")} for name in nlp.pipe_names}
        config = {"nlp": {"lang": "es", "pipeline": list(components), **settings}, "components": components}
        other = spacy.blank("es").from_config(config)
        assert vector(other) == vector(nlp)
        other.initialize()
        other.to_disk(tmp_path / "again")
        assert vector(spacy.load(tmp_path / "again", exclude=["beast_vectors"])) == vector(nlp)

    def test_a_component_comes_from_a_pipeline_without_vectors(self, nlp, model_path, tmp_path):
        stock = spacy.blank("es")
        stock.add_pipe("sentencizer")
        stock.to_disk(tmp_path / "stock")
        ours = {"factory": "beast_vectors", "model": model_path}
        components = {"sentencizer": {"source": str(tmp_path / "stock")}, "beast_vectors": ours}
        for pipeline in (["sentencizer", "beast_vectors"], ["beast_vectors", "sentencizer"]):
            config = {"nlp": {"lang": "es", "pipeline": pipeline}, "components": components}
            assert vector(spacy.blank("es").from_config(config)) == vector(nlp)


def test_weights_of_another_model_come_back_as_they_are(make_nlp, model_path, tmp_path):
    encoder = read_encoder(model_path)
    encoder.projection.bias.data[0] += 0.5
    other = make_nlp(model=str(write_encoder(encoder, tmp_path / "other", compact=False)))
    other.to_disk(tmp_path / "saved")
    nlp = make_nlp()
    nlp.vocab.from_disk(tmp_path / "saved" / "vocab")
    assert vector(nlp) == vector(other)
