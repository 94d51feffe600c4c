"""`nlp.add_pipe("beast_vectors")`: where it works, what it refuses, and what it leaves in the configuration."""

import re
import shutil

import numpy as np
import pytest
import spacy
import srsly
from spacy.tokens import Doc
from spacy.training.initialize import init_vocab
from spacy.vectors import Vectors

from beast_core import ModelFolderError, WordEncoder, load_encoder
from spacy_beast import BeastVectors


@pytest.fixture
def sizes(monkeypatch):
    """The number of words in each call of the encoder."""
    sizes, encode = [], WordEncoder.encode
    monkeypatch.setattr(WordEncoder, "encode", lambda self, words: (sizes.append(len(words)), encode(self, words))[1])
    return sizes


def test_the_new_words_of_all_documents_are_encoded_in_one_go_and_none_twice(nlp, sizes):
    docs = list(nlp.pipe(["uno dos tres", "dos cuatro", "uno cinco\n"], batch_size=2))
    assert sizes == []  # nobody has asked for a vector
    assert [token.has_vector for doc in docs for token in doc if token.vector.any()] == [True] * 7
    assert sizes == [5]
    assert nlp("uno seis siete")[1].vector.any() and sizes == [5, 2]


def test_more_new_words_than_are_kept_are_computed_together_all_the_same(make_nlp, sizes):
    nlp = make_nlp(cache_size=600)
    docs = [Doc(nlp.vocab, words=[f"palabra{doc}de{word}" for word in range(100)]) for doc in range(20)]
    before = load_encoder(nlp.vocab.vectors.model).encode([token.text for doc in docs for token in doc])
    sizes.clear()
    vectors = [token.vector for doc in list(nlp.pipe(docs)) for token in doc]
    np.testing.assert_allclose(vectors, before, atol=1e-5)
    assert sizes == [600, 600, 600, 200]
    with nlp.memory_zone():
        nlp(" ".join(f"fugaz{word}" for word in range(100)))
    list(nlp.pipe(docs))
    assert nlp.vocab.vectors["fugaz1"].any()  # though its string, and those computed with it, are gone


def test_words_are_noted_again_once_one_is_asked_for_that_is_not_kept(nlp, sizes):
    usual, late = nlp.make_doc("uno dos tres"), nlp.make_doc("cuatro cinco seis")
    list(nlp.pipe([usual] * 1100))  # so long without a new word that no more documents are noted
    list(nlp.pipe([late]))
    assert late[0].vector.any() and sizes == [3]  # those of the usual document, and it alone
    list(nlp.pipe([late]))
    assert late[1].vector.any() and late[2].vector.any() and sizes == [3, 2]


def test_documents_of_several_vocabs_pass_in_order(make_nlp, sizes):
    nlp, other = make_nlp(), make_nlp()
    docs = [nlp.make_doc("uno dos"), other.make_doc("tres uno"), other.make_doc("cuatro"), nlp.make_doc("cinco")]
    assert [doc.text for doc in nlp.pipe(docs)] == ["uno dos", "tres uno", "cuatro", "cinco"]
    assert all(doc.vector.any() for doc in docs) and sizes == [3, 3]


def test_it_works_beside_other_pipes_and_in_any_language(model_path):
    for lang in ("es", "en", "xx"):
        nlp = spacy.blank(lang)
        nlp.add_pipe("sentencizer")
        nlp.add_pipe("beast_vectors", first=True, name="vectors", config={"model": model_path})
        nlp.add_pipe("doc_cleaner")
        docs = list(nlp.pipe(["Uno dos. Tres.", "", "\n"]))
        assert len(list(docs[0].sents)) == 2 and docs[0][0].vector.any() and not docs[1].vector.any()
        assert nlp.analyze_pipes()["problems"]["vectors"] == []


def test_the_configuration_names_the_vectors(nlp, model_path):
    expected = {"@vectors": "spacy_beast.BeastVectors.v1", "model": model_path, "language": None}
    expected |= {"attr": "ORTH", "cache_size": 50_000}
    assert nlp.config["nlp"]["vectors"] == expected
    again = spacy.blank("es").from_config(nlp.config)
    assert isinstance(again.vocab.vectors, BeastVectors) and again.vocab.vectors == nlp.vocab.vectors
    assert nlp.meta["vectors"] == {"width": 16, "vectors": 1, "keys": -1, "name": "beast", "mode": "beast"}


def test_training_puts_the_vectors_into_a_configuration_that_has_only_the_pipe(model_path):
    config = {"nlp": {"lang": "es", "pipeline": ["beast_vectors"]}, "components": {"beast_vectors": {}}}
    config["components"]["beast_vectors"] = {"factory": "beast_vectors", "model": model_path, "cache_size": 7}
    nlp = spacy.blank("es").from_config(config)
    nlp.initialize()
    assert nlp.config["nlp"]["vectors"]["cache_size"] == nlp.vocab.vectors.cache_size == 7


class TestRefusals:
    """Each bad input ends in one error that says what was given, what was expected and what to do."""

    def add(self, nlp=None, **config):
        (nlp or spacy.blank("es")).add_pipe("beast_vectors", config=config)

    def test_no_such_model(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for given in ("nowhere", str(tmp_path / "nowhere")):
            message = f"no model at {tmp_path / 'nowhere'}: found nothing, expected a model folder such as ./beast"
            with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)} .*, or a language that a model comes"):
                self.add(model=given)

    def test_not_a_model(self, tmp_path):
        with pytest.raises(ModelFolderError, match=r"config\.json is missing; found nothing; save or copy the model"):
            self.add(model=str(tmp_path))

    @pytest.mark.parametrize("attr", ["LEMMA", "SHAPES", ""])
    def test_attribute(self, attr, model_path):
        with pytest.raises(ValueError, match=rf"attr is '{attr}', expected one of \['LOWER', 'NORM', 'ORTH', 'TEXT'\]"):
            self.add(attr=attr, model=model_path)

    def test_negative_cache(self, model_path):
        with pytest.raises(ValueError, match="cache_size is -1, expected a whole number of words, 0 or more"):
            self.add(cache_size=-1, model=model_path)

    @pytest.mark.parametrize("cache_size", ["many", 1.5, None])
    def test_cache_that_is_no_number(self, cache_size, model_path):
        with pytest.raises(ValueError, match=r"beast_vectors -> cache_size.*is not <class 'int'>"):
            self.add(cache_size=cache_size, model=model_path)
        with pytest.raises(ValueError, match=r"cache_size is .*, expected a whole number of words, 0 or more"):
            BeastVectors(cache_size=cache_size)

    def test_a_pipeline_with_a_table(self):
        nlp = spacy.blank("es")
        nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=np.ones((1, 4)), keys=["sol"], name="mine")
        with pytest.raises(ValueError, match=r"already has a table of 1 word vectors \(mine\).*reset_vectors\(shape"):
            self.add(nlp)
        assert nlp.vocab.vectors.shape == (1, 4) and nlp.config["nlp"]["vectors"]["@vectors"] == "spacy.Vectors.v1"
        nlp.vocab.reset_vectors(shape=(0, 0))
        self.add(nlp)
        assert nlp("sol")[0].vector.any()

    def test_a_second_pipe_with_other_settings(self, nlp, model_path):
        nlp.add_pipe("beast_vectors", name="same", config={"model": model_path})
        with pytest.raises(ValueError, match=r"model is None here and .*attr is 'LOWER' here and 'ORTH' there"):
            nlp.add_pipe("beast_vectors", name="other", config={"attr": "LOWER"})
        assert nlp.pipe_names == ["beast_vectors", "same"] and nlp("sol")[0].vector.any()

    def test_the_pipe_with_other_settings_says_how_to_change_them(self, nlp, model_path):
        changed = {"model": model_path, "attr": "LOWER"}
        with pytest.raises(ValueError, match=r"first change the vectors: .*nlp.vocab.vectors = BeastV.*attr='LOWER'"):
            nlp.replace_pipe("beast_vectors", "beast_vectors", config=changed)
        nlp.vocab.vectors = BeastVectors(strings=nlp.vocab.strings, **changed)
        nlp.add_pipe("beast_vectors", config=changed)
        assert nlp.config["nlp"]["vectors"]["attr"] == "LOWER" and nlp("Sol")[0].vector.any()

    def test_a_document_of_another_vocab(self, nlp):
        with pytest.raises(ValueError, match=r"type Vectors on the vocab .*own vocab: nlp\.make_doc\(text\)"):
            nlp(spacy.blank("es").make_doc("sol"))

    def test_a_pipe_from_another_pipeline(self, nlp):
        other = spacy.blank("es")
        with pytest.warns(UserWarning, match="W113"):
            other.add_pipe("beast_vectors", source=nlp)
        for use in (other, lambda text: list(other.pipe([text])), lambda _: other.initialize()):
            with pytest.raises(ValueError, match=r"found vectors of type Vectors .* without source"):
                use("sol")


def test_a_sourced_pipe_works_where_the_vectors_are_ours_too(make_nlp):
    other = make_nlp()
    other.add_pipe("beast_vectors", source=make_nlp(), name="sourced")
    assert other("sol")[0].vector.any()


def test_vectors_named_in_the_configuration_complain_when_first_asked(tmp_path):
    vectors = {"@vectors": "spacy_beast.BeastVectors.v1", "model": str(tmp_path / "nowhere")}
    nlp = spacy.blank("es", config={"nlp": {"vectors": vectors}})
    doc = nlp("sol")
    doc.tensor = np.ones((1, 4), dtype=np.float32)
    for ask in (lambda: doc[0].vector, lambda: doc.vector, lambda: nlp.vocab.get_vector("sol"), nlp.to_bytes):
        with pytest.raises(FileNotFoundError, match=r"no model at .*nowhere"):
            ask()
    with pytest.raises(ValueError, match="attr is 'POS'"):
        spacy.blank("es", config={"nlp": {"vectors": {**vectors, "attr": "POS"}}})


def test_a_relative_model_is_relative_to_where_it_was_named(model_path, tmp_path, monkeypatch):
    monkeypatch.chdir(f"{model_path}/..")
    vectors = BeastVectors(model="small")
    monkeypatch.chdir(tmp_path)
    np.testing.assert_allclose(vectors["sol"], load_encoder(model_path).encode(["sol"])[0], atol=1e-6)


def test_documents_pass_at_once(nlp):
    taken = []
    stream = (taken.append(text) or nlp.make_doc(text) for text in ["sol mar", "mar \n sol", "luna"])
    for number, doc in enumerate(nlp.get_pipe("beast_vectors").pipe(stream, batch_size=2), start=1):
        assert len(taken) == number and doc.text == taken[-1] and doc[0].vector.any()


class TestCredits:
    """What is saved says whose work the vectors are, wherever the user has said nothing."""

    def saved_meta(self, nlp, folder):
        nlp.to_disk(folder)
        return srsly.read_json(folder / "meta.json")

    @pytest.fixture
    def licensed(self, model_path, tmp_path):
        shutil.copytree(model_path, tmp_path / "licensed")
        (tmp_path / "licensed" / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
        return str(tmp_path / "licensed")

    def test_of_the_shipped_model(self, tmp_path):
        nlp = spacy.blank("es")
        nlp.add_pipe("beast_vectors")
        assert nlp.meta["license"] == "CC-BY-SA-4.0"
        meta = self.saved_meta(nlp, tmp_path / "saved")
        ours = {"name": "BEAST word vectors", "author": "BEAST contributors", "license": "CC-BY-SA-4.0"}
        assert meta["license"] == "CC-BY-SA-4.0" and meta["sources"][0] == ours
        assert any("wordfreq" in source["name"] for source in meta["sources"])
        assert self.saved_meta(spacy.load(tmp_path / "saved"), tmp_path / "again")["sources"] == meta["sources"]

    def test_of_a_model_folder_and_of_one_that_says_nothing(self, make_nlp, licensed, tmp_path):
        meta = self.saved_meta(make_nlp(model=licensed), tmp_path / "licensed_pipeline")
        expected = ("mit", [{"name": "BEAST word vectors", "license": "mit"}])
        assert (meta["license"], meta["sources"]) == expected
        silent = self.saved_meta(make_nlp(), tmp_path / "silent")
        assert silent["license"] == "" and "sources" not in silent
        taken = spacy.blank("es")
        init_vocab(taken, vectors=tmp_path / "licensed_pipeline")
        meta = self.saved_meta(taken, tmp_path / "taken")
        assert (meta["license"], meta["sources"]) == expected

    def test_the_users_own_words_win(self, make_nlp, licensed, tmp_path):
        nlp = make_nlp(model=licensed)
        nlp.meta.update(license="GPL-3.0", author="Ana", sources=[{"name": "corpus"}])
        meta = self.saved_meta(nlp, tmp_path / "saved")
        assert (meta["license"], meta["author"], meta["sources"][0]) == ("GPL-3.0", "Ana", {"name": "corpus"})
        assert [source["name"] for source in meta["sources"]] == ["corpus", "BEAST word vectors"]
