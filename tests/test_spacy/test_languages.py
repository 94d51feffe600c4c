"""Which model a pipeline takes: that of its language, unless it is told another one."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import spacy
import srsly
from spacy.cli.init_config import fill_config
from spacy.cli.train import train
from spacy.tokens import Doc, DocBin
from spacy.util import load_config

from beast_core import BeastEncoder, UnknownLanguageError, read_encoder, shipped, write_encoder
from beast_core.credits import read_credits
from spacy_beast import BeastVectors

# Three ways in which a German pipeline comes to the German model.
CHOICES = {"own": {}, "model": {"model": "de"}, "language": {"language": "de"}}
CARD = "---\nlicense: cc-by-4.0\nlanguage: {}\nauthor: Ana\ncredits:\n- Wörter (CC BY 4.0)\n---\n# Card\n"


@pytest.fixture
def models(model_path, tmp_path, monkeypatch):
    """A package with small models of two languages and one of several beside the Spanish one, each other than all."""
    folder = tmp_path / "pretrained"
    folder.mkdir()
    (folder / "es").symlink_to(shipped.PRETRAINED / "es")
    for number, language in enumerate(("de", "en", "multilingual")):
        small = read_encoder(model_path)
        encoder = BeastEncoder(replace(small.config, language=language, space="of tests"))
        encoder.load_state_dict(small.state_dict())
        encoder.projection.bias.data[number] += 3
        (write_encoder(encoder, folder / language) / "README.md").write_text(CARD.format(language), encoding="utf-8")
    monkeypatch.setattr(shipped, "PRETRAINED", folder)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return folder


def pipeline(code, **config):
    nlp = spacy.blank(code)
    nlp.add_pipe("beast_vectors", config=config)
    return nlp


def model_of(nlp):
    assert nlp("Haus")[0].vector.any()
    return nlp.vocab.vectors.encoder.language


def test_a_pipeline_takes_the_model_of_its_language_or_the_one_it_is_told(models):
    assert [model_of(pipeline(language)) for language in ("de", "en", "es", "xx")] == ["de", "en", "es", "multilingual"]
    assert model_of(pipeline("en", model="de")) == model_of(pipeline("pl", language="de")) == "de"
    assert model_of(pipeline("pl", model=str(models / "en"))) == "en"
    settings = {name: pipeline("en", **config).config["nlp"]["vectors"] for name, config in CHOICES.items()}
    told = {name: (each["model"], each["language"]) for name, each in settings.items()}
    assert told == {"own": (None, "en"), "model": ("de", None), "language": (None, "de")}
    for name, each in settings.items():
        for language in ("es", "pl"):
            again = spacy.blank(language, config={"nlp": {"vectors": each}})
            assert model_of(again) == ("en" if name == "own" else "de")
    assert BeastVectors().encoder.language == "es"


def test_a_model_that_could_be_trained_says_how(models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"run train \. --vars\.language ru"):
        model_of(pipeline("de", model="ru"))
    write_encoder(read_encoder(models / "en"), tmp_path / "ru")  # a folder that is here is one
    assert model_of(pipeline("de", model="ru")) == "en"


@pytest.mark.parametrize("language", ["pl", "xx"])
def test_a_language_without_a_model_is_told_what_there_is_and_how_to_say_it(models, language):
    (models / "multilingual/config.json").unlink()
    named = "multilingual" if language == "xx" else "pl"
    expected = f"no model of the language '{named}' comes with the package, expected one of: de, en, es; "
    how = re.escape('nlp.add_pipe("beast_vectors", config={"model": "de"}), or the path of a folder')
    with pytest.raises(UnknownLanguageError, match=f"^{expected}.*{how}"):
        pipeline(language)
    nlp = spacy.blank(language, config={"nlp": {"vectors": {"@vectors": "spacy_beast.BeastVectors.v1"}}})
    assert nlp.vocab.vectors_length == 0
    with pytest.raises(UnknownLanguageError, match=f"^{expected}"):
        nlp("dom")[0].vector  # noqa: B018
    embed = {"@architectures": "spacy_beast.BeastEmbed.v1"}
    nlp = with_embed(spacy.blank(language), **embed)
    with pytest.raises(UnknownLanguageError, match=f"^{expected}"):
        nlp.initialize()


def with_embed(nlp, **embed):
    encode = {"@architectures": "spacy.MaxoutWindowEncoder.v2", "width": 16, "depth": 1}
    encode |= {"window_size": 1, "maxout_pieces": 2}
    nlp.add_pipe("tok2vec", config={"model": {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}})
    return nlp


def test_an_embedding_layer_starts_from_the_model_of_the_pipelines_language(models):
    for language, config, expected in (
        ("de", {}, "de"),
        ("en", {"model": "de"}, "de"),
        ("xx", {"language": "en"}, "en"),
    ):
        nlp = with_embed(spacy.blank(language), **{"@architectures": "spacy_beast.BeastEmbed.v1", **config})
        nlp.initialize()
        (embed,) = [node for node in nlp.get_pipe("tok2vec").model.walk() if node.name == "beast_embed"]
        assert embed.layers[0].shims[0]._model.encoder.language == expected


def test_both_or_neither_a_folder_nor_a_language_is_refused(models, model_path):
    for config in ({"model": "de", "language": "de"}, {"model": model_path, "language": "en"}):
        with pytest.raises(ValueError, match=r"model is .* and language is .*, expected one of them"):
            pipeline("de", **config)
    write_encoder(read_encoder(model_path), Path("de"))
    with pytest.raises(ValueError, match=r'there is a folder .*/here/de too: say language="de" .*, or "\./de" for'):
        pipeline("es", model="de")
    assert model_of(pipeline("es", language="de")) == model_of(pipeline("de")) == "de"
    assert model_of(pipeline("es", model="./de")) == ""


def test_credits_are_those_of_the_model(models, tmp_path):
    nlp = pipeline("de")
    nlp.to_disk(tmp_path / "saved")
    meta = srsly.read_json(tmp_path / "saved/meta.json")
    named = {"name": "BEAST word vectors", "author": "Ana", "license": "CC-BY-4.0"}
    assert (meta["license"], meta["sources"]) == ("CC-BY-4.0", [named, {"name": "Wörter (CC BY 4.0)"}])
    sources = [source["name"] for source in pipeline("de", model="es").meta["sources"]]
    assert sources == ["BEAST word vectors", *read_credits(models / "es").sources]


SAVED = """
import sys
from pathlib import Path
import numpy, spacy
from beast_core import shipped

shipped.PRETRAINED = Path("nowhere")
Path("de").mkdir()  # nor does it look there
for name in ("own", "model", "language", "trained"):
    for exclude in ([], ["beast_vectors"]):
        nlp = spacy.load(Path(sys.argv[1]) / name, exclude=exclude)
        assert nlp.vocab.vectors.encoder.language == "de"
        numpy.save(f"{name}.npy", nlp("Haus")[0].vector)
        nlp.to_disk("again")
        assert spacy.load("again")("Haus")[0].vector.tolist() == nlp("Haus")[0].vector.tolist()
"""

TRAINING = """
[nlp]
lang = "de"
pipeline = ["tagger"]

[components]

[components.tagger]
factory = "tagger"

[components.tagger.model]
@architectures = "spacy.Tagger.v2"

[components.tagger.model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = true
width = 8
depth = 1
embed_size = 50
window_size = 1
maxout_pieces = 2
subword_features = true
"""


def test_a_pipeline_that_was_saved_or_trained_never_looks_for_a_model_again(models, tmp_path, run_fresh):
    (tmp_path / "pipelines").mkdir()
    for name, config in CHOICES.items():
        nlp = pipeline("de", **config)
        nlp.to_disk(tmp_path / "pipelines" / name)
    doc = Doc(nlp.vocab, words=["das", "Haus", "steht"], tags=["D", "N", "V"])
    DocBin(docs=[doc]).to_disk("corpus.spacy")
    Path("base.cfg").write_text(TRAINING)
    fill_config(Path("config.cfg"), Path("base.cfg"), silent=True)
    paths = {"paths.train": "corpus.spacy", "paths.dev": "corpus.spacy", "training.max_steps": 2}
    train("config.cfg", "out", overrides={**paths, "nlp.vectors.@vectors": "spacy_beast.BeastVectors.v1"})
    (Path("out") / "model-last").rename(tmp_path / "pipelines/trained")
    saved = load_config(tmp_path / "pipelines/trained/config.cfg")
    assert saved["nlp"]["vectors"]["@vectors"] == "spacy_beast.BeastVectors.v1"
    run_fresh(SAVED, tmp_path / "pipelines")
    for name in (*CHOICES, "trained"):
        np.testing.assert_allclose(np.load(tmp_path / f"{name}.npy"), nlp("Haus")[0].vector, atol=1e-6)
