"""The configurations that a user copies, by spaCy's own function for training."""

import json
import re
from pathlib import Path

import pytest
import spacy
from spacy.cli.train import train
from spacy.tokens import Doc, DocBin, Span

ROOT = Path(__file__).parents[2]
READY = ROOT / "training" / "configs" / "spacy"
CONFIGS = sorted(READY.glob("*.cfg"))


@pytest.fixture(scope="module")
def annotated(tmp_path_factory):
    """A file of sentences that have whatever a component may want."""
    vocab, docs = spacy.blank("es").vocab, DocBin(store_user_data=True)
    for name, label, verb in (
        ("Ana", "PER", "canta"),
        ("Quito", "LOC", "brilla"),
        ("Luis", "PER", "corre"),
    ) * 12:  # a parser learns labels that come thirty times
        words, deps = [name, verb, "mucho", "."], ["nsubj", "ROOT", "advmod", "punct"]
        doc = Doc(vocab, words=words, tags=list("NVAP"), heads=[1, 1, 1, 1], deps=deps)
        doc.set_ents([Span(doc, 0, 1, label)], default="outside")
        doc.cats = {"persona": float(label == "PER"), "lugar": float(label == "LOC")}
        docs.add(doc)
    path = tmp_path_factory.mktemp("annotated") / "sentences.spacy"
    docs.to_disk(path)
    return str(path)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda file: file.stem)
def test_a_ready_configuration_trains_as_it_is(config, annotated, tmp_path):
    given = {"paths.train": annotated, "paths.dev": annotated, "training.max_steps": 4, "training.eval_frequency": 4}
    train(config, tmp_path, overrides=given)
    nlp = spacy.load(tmp_path / "model-last")
    scores = json.loads((tmp_path / "model-last" / "meta.json").read_text(encoding="utf-8"))["performance"]
    assert nlp.pipe_names == nlp.config["nlp"]["pipeline"] and len(scores) > 1
    embeds = "BeastEmbed" in config.read_text(encoding="utf-8")
    assert (nlp.vocab.vectors_length == 256) is not embeds
    layers = {layer.name for _, pipe in nlp.pipeline for layer in pipe.model.walk()}
    assert ("beast_embed" in layers) is embeds


def test_the_encoder_learns_along_where_that_is_asked(annotated, model_path, tmp_path):
    given = {"paths.train": annotated, "paths.dev": annotated, "training.max_steps": 2, "training.eval_frequency": 2}
    given |= {"components.tok2vec.model.embed.trainable": True, "components.tok2vec.model.embed.model": model_path}
    given |= {"nlp.pipeline": ["tok2vec", "tagger"]}
    train(READY / "beast_embed.cfg", tmp_path, overrides=given)
    doc = spacy.load(tmp_path / "model-last")("Ana canta")
    assert all(token.tag_ for token in doc)


def test_what_the_guide_shows_runs(capsys):
    guide = (ROOT / "docs" / "spacy.md").read_text(encoding="utf-8")
    assert all(config.name in guide for config in CONFIGS if config.name.startswith("beast"))
    for snippet in re.findall(r"^```python\n(.*?)^```", guide, flags=re.M | re.S):
        exec(snippet, {})
    assert 0.5 < float(capsys.readouterr().out) < 1
