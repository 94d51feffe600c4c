"""The model of a language, by its name: loaded, saved, with its own credits, language and space."""

from dataclasses import replace

import numpy as np
import pytest
from huggingface_hub import ModelCard
from sentence_transformers import SentenceTransformer

import st_beast
from beast_core import BeastEncoder, UnknownLanguageError, load_encoder, read_encoder, shipped, write_encoder
from st_beast.__main__ import main

WORDS = ["Haus", "Häuser", ""]
CARD = "---\nlicense: cc-by-4.0\nlanguage: de\nauthor: Ana\ncredits:\n- Wörter (CC BY 4.0)\n---\n# Card\n"


@pytest.fixture
def german(small, tmp_path, monkeypatch):
    """A package with a small German model beside the Spanish one."""
    folder = tmp_path / "pretrained"
    folder.mkdir()
    (folder / "es").symlink_to(shipped.PRETRAINED / "es")
    encoder = read_encoder(small)
    named = BeastEncoder(replace(encoder.config, language="de", space="of tests"))
    named.load_state_dict(encoder.state_dict())
    (write_encoder(named, folder / "de") / "README.md").write_text(CARD, encoding="utf-8")
    monkeypatch.setattr(shipped, "PRETRAINED", folder)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return folder / "de"


def test_a_language_travels_through_saving_and_training(german, tmp_path):
    expected = load_encoder("de").encode(WORDS)
    for model in (st_beast.load("de"), st_beast.load(language="de"), st_beast.load(german)):
        np.testing.assert_array_equal(model.encode(WORDS), expected)
    assert main(["save", "beast", "--language", "de"]) == 0
    assert np.abs(SentenceTransformer("beast").encode(WORDS) - expected).max() < 1e-5
    tuned = st_beast.load("beast", trainable=True)
    tuned[0].encoder.projection.bias.data += 1
    tuned.model_card_data.add_tags("generated_from_trainer")  # what makes the host write a new card
    tuned.save_pretrained("tuned")
    for name in ("beast", "tuned"):
        config = read_encoder(name).config
        assert (config.language, config.space) == ("de", "of tests")
        text = (tmp_path / "here" / name / "README.md").read_text(encoding="utf-8")
        assert (ModelCard(text).data.license, ModelCard(text).data.language) == ("cc-by-4.0", ["de"])
        assert "a model by Ana, under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), that" in text
        assert text.count("- Wörter (CC BY 4.0)\n") == 2 and "wordfreq" not in text


def test_which_model_is_meant_is_asked_where_it_is_not_clear(german, small, tmp_path, capsys):
    with pytest.raises(UnknownLanguageError, match="'pl' comes with the package, expected one of: de, es"):
        st_beast.load(language="pl")
    with pytest.raises(ValueError, match="got the model 'es' and the language 'de', expected one of them"):
        st_beast.save("beast", model="es", language="de")
    assert main(["save", "beast", "--language", "pl"]) == 1
    assert "run train . --vars.language pl" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["save", "beast", "--language", "de", "--model", str(small)])
    assert "not allowed with" in capsys.readouterr().err
    st_beast.save("de", model=small)
    assert main(["save", "beast", "--model", "de"]) == 1
    assert 'say language="de" for the language, or "./de" for the folder' in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "here").iterdir()] == ["de"]
