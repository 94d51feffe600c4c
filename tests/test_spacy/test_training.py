"""spaCy's own commands: train with our vectors, evaluate, package, install."""

import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.cli.init_config import init_config
from spacy.tokens import Doc, DocBin

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


def test_a_stock_configuration_trains_by_two_overrides(corpus, tmp_path, run_command):
    config = init_config(lang="es", pipeline=["tagger"], optimize="accuracy")
    embed = config["components"]["tok2vec"]["model"]["embed"]
    assert embed["include_static_vectors"] and config["paths"]["vectors"] == "es_core_news_lg"
    config.to_disk(tmp_path / "base.cfg")
    python = [sys.executable, "-W", "error", "-m", "spacy"]
    run_command(
        *(*python, "train", "base.cfg", "--output", "out", "--paths.train", corpus, "--paths.dev", corpus),
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


def test_a_packaged_pipeline_installs_with_its_vectors(make_nlp, tmp_path, run_command, run_fresh):
    nlp = make_nlp(attr="LOWER")
    expected = [nlp.vocab.get_vector(word) for word in ("perro", "jamásvista")]
    nlp.to_disk(tmp_path / "saved")
    (tmp_path / "packages").mkdir()
    run_command(sys.executable, "-m", "spacy", "package", "saved", "packages", "--name", "demo", "--build", "wheel")
    [wheel] = Path(tmp_path / "packages").rglob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        assert "Requires-Dist: beast-vectors>=" in archive.read(metadata).decode()
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
