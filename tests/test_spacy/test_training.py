"""spaCy's own commands: train with our vectors, evaluate, package, install."""

import contextlib
import importlib.metadata
import json
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import spacy
import srsly
from hatchling.build import build_wheel
from spacy.cli.init_config import fill_config
from spacy.language import DEFAULT_CONFIG_PRETRAIN_PATH
from spacy.tokens import Doc, DocBin
from spacy.training.pretrain import pretrain
from spacy.util import load_config
from thinc.api import Config

PROJECT = Path(__file__).parents[2]

TAGS = {"el": "DET", "la": "DET", "perro": "N", "gata": "N", "mesa": "N", "ladra": "V", "salta": "V", "cae": "V"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    vocab, docs = spacy.blank("es").vocab, DocBin()
    for first in ("el", "la"):
        for noun in ("perro", "gata", "mesa"):
            words = [first, noun, "salta" if first == "el" else "cae", "\n"]
            docs.add(Doc(vocab, words=words, tags=[TAGS.get(word, "SP") for word in words]))
    path = tmp_path_factory.mktemp("corpus") / "corpus.spacy"
    docs.to_disk(path)
    return path


# The parts that matter here of what https://spacy.io/usage/training#quickstart gives.
QUICKSTART = """
[paths]
train = null
dev = null
vectors = "es_core_news_lg"

[nlp]
lang = "es"
pipeline = ["tok2vec", "tagger"]

[components]

[components.tok2vec]
factory = "tok2vec"

[components.tok2vec.model]
@architectures = "spacy.Tok2Vec.v2"

[components.tok2vec.model.embed]
@architectures = "spacy.MultiHashEmbed.v2"
width = ${components.tok2vec.model.encode.width}
attrs = ["NORM", "PREFIX", "SUFFIX", "SHAPE"]
rows = [5000, 1000, 2500, 2500]
include_static_vectors = true

[components.tok2vec.model.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
width = 256
depth = 8
window_size = 1
maxout_pieces = 3

[components.tagger]
factory = "tagger"

[components.tagger.model]
@architectures = "spacy.Tagger.v2"

[components.tagger.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = ${components.tok2vec.model.encode.width}

[initialize]
vectors = ${paths.vectors}
"""


def fill(text, folder):
    """What `spacy init fill-config` makes of a configuration: its path."""
    (folder / "base.cfg").write_text(text, encoding="utf-8")
    fill_config(folder / "config.cfg", folder / "base.cfg", silent=True)
    return folder / "config.cfg"


def test_a_quickstart_configuration_trains_by_two_overrides(corpus, tmp_path, run_command):
    fill(QUICKSTART, tmp_path)
    python = [sys.executable, "-W", "error", "-m", "spacy"]
    run_command(
        *(*python, "train", "config.cfg", "--output", "out", "--paths.train", corpus, "--paths.dev", corpus),
        *("--paths.vectors", "null", "--nlp.vectors.@vectors", "spacy_beast.BeastVectors.v1"),
        *("--training.max_steps", 6, "--training.eval_frequency", 3),
        *("--components.tok2vec.model.encode.width", 32, "--components.tok2vec.model.encode.depth", 1),
    )
    trained = tmp_path / "out" / "model-best"
    run_command(*python, "evaluate", trained, corpus, "--output", "scores.json")
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    performance = json.loads((trained / "meta.json").read_text(encoding="utf-8"))["performance"]
    assert scores["tag_acc"] == pytest.approx(performance["tag_acc"]) and scores["tag_acc"] > 0.7
    nlp = spacy.load(trained)
    assert type(nlp.vocab.vectors).__name__ == "BeastVectors" and not nlp("jamásvista")[0].is_oov


def test_a_layer_is_pretrained_to_predict_the_vectors(tmp_path):
    """spaCy's own objective asks for the vectors of any word if they are of the mode that it knows."""
    objective = {"@architectures": "spacy.PretrainVectors.v1", "maxout_pieces": 2, "hidden_size": 8, "loss": "cosine"}
    config = load_config(fill(QUICKSTART.replace('"es_core_news_lg"', "null"), tmp_path), interpolate=False)
    config["nlp"]["vectors"] = {"@vectors": "spacy_beast.BeastVectors.v1"}
    config["components"]["tok2vec"]["model"]["encode"].update(width=16, depth=1)
    config["paths"]["raw_text"] = str(tmp_path / "raw.jsonl")
    reader = {"@readers": "spacy.JsonlCorpus.v1", "path": "${paths.raw_text}", "min_length": 0}
    config["corpora"]["pretrain"] = {**reader, "max_length": 100, "limit": 0}
    defaults = load_config(DEFAULT_CONFIG_PRETRAIN_PATH, interpolate=False)["pretraining"]
    config["pretraining"] = {**defaults, "max_epochs": 4, "component": "tok2vec", "objective": objective}
    (tmp_path / "out").mkdir()
    srsly.write_jsonl(tmp_path / "raw.jsonl", [{"text": "el perro ladra y la gata salta"}] * 40)
    pretrain(Config(config).interpolate(), tmp_path / "out", silent=True)
    losses = [entry["epoch_loss"] for entry in srsly.read_jsonl(tmp_path / "out" / "log.jsonl")]
    assert losses[-1] < losses[0] and (tmp_path / "out" / "model-last.bin").is_file()


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Our distribution as a wheel installs it, in a folder."""
    folder = tmp_path_factory.mktemp("installed")
    with contextlib.chdir(PROJECT):
        wheel = build_wheel(str(folder))
    with zipfile.ZipFile(folder / wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_distribution_says_which_packages_it_has(installed):
    [distribution] = importlib.metadata.distributions(path=[str(installed)])
    packages = {entry.name for entry in installed.iterdir() if (entry / "__init__.py").is_file()}
    assert set(distribution.read_text("top_level.txt").split()) == packages == {"beast_core", "spacy_beast", "st_beast"}
    assert any(str(file).endswith(".dist-info/top_level.txt") for file in distribution.files)


def test_a_package_requires_us_if_only_its_vectors_or_a_layer_are_ours(make_nlp, model_path, installed, run_fresh):
    nlp = make_nlp()
    nlp.remove_pipe("beast_vectors")
    nlp.to_disk(installed.parent / "vectors")
    layer = spacy.blank("es")
    embed = {"@architectures": "spacy_beast.BeastEmbed.v1", "model": model_path}
    encode = {"@architectures": "spacy.MaxoutWindowEncoder.v2", "width": 16, "depth": 1}
    encode |= {"window_size": 1, "maxout_pieces": 2}
    layer.add_pipe(
        "tok2vec", config={"model": {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}}
    )
    layer.initialize()
    layer.to_disk(installed.parent / "layer")
    printed = run_fresh(
        """
import sys
sys.path.insert(0, sys.argv[1])
from spacy.cli.package import get_meta
for pipeline in sys.argv[2:]:
    print(*get_meta(pipeline, {})["requirements"])
""",
        installed,
        installed.parent / "vectors",
        installed.parent / "layer",
    )
    assert [line.startswith("beast-vectors>=") for line in printed.splitlines()] == [True, True]


def test_a_packaged_pipeline_installs_with_its_vectors(
    make_nlp, installed, tmp_path, monkeypatch, run_command, run_fresh
):
    monkeypatch.setenv("PYTHONPATH", str(installed), prepend=os.pathsep)
    nlp = make_nlp(attr="LOWER")
    expected = [nlp.vocab.get_vector(word) for word in ("perro", "jamásvista")]
    nlp.to_disk(tmp_path / "saved")
    (tmp_path / "packages").mkdir()
    run_command(sys.executable, "-m", "spacy", "package", "saved", "packages", "--name", "demo", "--build", "wheel")
    [wheel] = Path(tmp_path / "packages").rglob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        assert "Requires-Dist: beast-vectors<0.2.0,>=0.1.0" in archive.read(metadata).decode()
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", "--target", "site"]
    run_command(*pip, wheel)
    run_fresh(
        """
import sys
sys.path.insert(0, "site")
import numpy, spacy
nlp = spacy.load("es_demo")
numpy.save("vectors.npy", [nlp.vocab.get_vector(word) for word in ("perro", "jamásvista")])
assert nlp.path.is_relative_to("site") or "site" in nlp.path.parts
"""
    )
    np.testing.assert_allclose(np.load(tmp_path / "vectors.npy"), expected, atol=1e-6)
