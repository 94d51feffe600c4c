"""What libraries on top of sentence-transformers do with `st_beast.load()`, and what torch does with any model."""

import copy

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize

import st_beast
from beast_core import ModelFolderError

WORDS = ["perro", "gato", "perro", "", "electroencefalografista"]


def test_libraries_recognise_it(model):
    """KeyBERT and BERTopic look for these words in a type's name, in this order, and then take a model of their own.

    KeyBERT 0.9, keybert/backend/_utils.py; BERTopic 0.17, bertopic/backend/_utils.py.
    """
    name = str(type(model))
    rules = ("model2vec", "flair", "spacy", "gensim", "tensorflow", "saved_model", "sentence_transformers", "pipeline")
    assert next(rule for rule in rules if rule in name) == "sentence_transformers"


def test_keybert_takes_it(model):
    keybert = pytest.importorskip("keybert")
    found = keybert.KeyBERT(model=model).extract_keywords("el perro y la casa", top_n=9)
    expected = model.encode(["el perro y la casa"])[0] @ model.encode([word for word, _ in found]).T
    assert [score for _, score in found] == pytest.approx(expected.tolist(), abs=1e-3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*quantize:UserWarning")
@pytest.mark.parametrize("name", ["beast", "mini"])
def test_layers_are_quantised_dynamically(name, write_small, tmp_path):
    model = st_beast.load(write_small(tmp_path / name, name, layers=1))
    quantised = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    assert "dynamic" in type(quantised[0].encoder.projection).__module__
    assert np.abs(quantised.encode(WORDS) - model.encode(WORDS)).max() < 0.1
    with pytest.raises(ValueError, match="cannot save a model with quantised layers"):
        quantised.save(tmp_path / "saved")


def test_other_modules_may_follow_the_encoder(model, tmp_path):
    """In a plain SentenceTransformer, which saves the encoder as a module of this package."""
    longer = SentenceTransformer(modules=[copy.deepcopy(model[0]), Dense(16, 4), Normalize()])
    longer.save(str(tmp_path / "saved"))
    with pytest.raises(ValueError, match=r"trust_remote_code=True"):
        SentenceTransformer(str(tmp_path / "saved"))
    loaded = SentenceTransformer(str(tmp_path / "saved"), trust_remote_code=True)
    assert np.array_equal(loaded.encode(WORDS), longer.encode(WORDS))
    assert loaded[0].get_config_dict() == model[0].encoder.config.to_dict()
    with pytest.raises(ModelFolderError, match="0_WordModule"):
        st_beast.load(tmp_path / "saved")
    with pytest.raises(ValueError, match="never pickled"):
        longer.save(str(tmp_path / "pickled"), safe_serialization=False)


def test_a_model_with_modules_added_says_how_to_save_it(model, tmp_path):
    model.append(Dense(16, 4))
    with pytest.raises(ValueError, match=r"Dense added to it.*add modules to SentenceTransformer\(folder\)"):
        model.save(tmp_path / "saved")
    assert not (tmp_path / "saved").exists()
