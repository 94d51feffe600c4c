"""The configurations of text classifiers train with spaCy's own command, and what they save has all that it needs."""

from pathlib import Path

import pytest
import spacy
from spacy.cli.train import train
from spacy.tokens import DocBin

CONFIGS = Path(__file__).parents[2] / "training" / "configs" / "spacy"
TEXTS = {
    "animal": ["el perro ladra", "un gato negro", "la vaca come", "dos ovejas blancas"],
    "mueble": ["la mesa de madera", "una silla vieja", "el armario grande", "dos sofás cómodos"],
}
LAYER = "components.textcat.model.tok2vec"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    nlp, docs = spacy.blank("es"), DocBin()
    for right, texts in TEXTS.items():
        for doc in map(nlp, texts):
            doc.cats = {label: float(label == right) for label in TEXTS}
            docs.add(doc)
    path = tmp_path_factory.mktemp("corpus") / "texts.spacy"
    docs.to_disk(path)
    return str(path)


@pytest.mark.parametrize(
    ("config", "model", "changes"),
    [
        ("textcat.cfg", None, {}),
        ("textcat.cfg", f"{LAYER}.model", {f"{LAYER}.trainable": True}),
        ("textcat_vectors.cfg", None, {}),
    ],
    ids=["frozen", "trainable", "vectors"],
)
def test_a_classifier_trains_and_is_saved_with_all_that_it_knows(corpus, tmp_path, model_path, config, model, changes):
    paths = {"paths.train": corpus, "paths.dev": corpus, **({model: model_path} if model else {})}
    steps = {"training.max_steps": 40, "training.eval_frequency": 20}
    train(CONFIGS / config, tmp_path / "out", overrides={**paths, **steps, **changes})
    nlp = spacy.load(tmp_path / "out" / "model-last")
    right = [max(doc.cats, key=doc.cats.get) == field for field, texts in TEXTS.items() for doc in nlp.pipe(texts)]
    assert all(right)
    assert nlp("perro").cats["animal"] + nlp("perro").cats["mueble"] == pytest.approx(1, abs=1e-5)
    if config == "textcat_vectors.cfg":  # eight texts teach its other features too little to say more of new words
        assert type(nlp.vocab.vectors).__name__ == "BeastVectors" and nlp("butacas")[0].has_vector
    elif not model:  # of the shipped model, not of random weights
        assert nlp("ovejitas").cats["animal"] > 0.5 > nlp("butacas").cats["animal"]
