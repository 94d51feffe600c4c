"""What a user reads off tokens, documents, lexemes and the vectors themselves."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vectors import Vectors
from thinc.api import NumpyOps

from beast_core import WordEncoder, load_encoder, shipped_languages
from spacy_beast import BeastVectors


@pytest.fixture(scope="module")
def vectors(model_path):
    return BeastVectors(model=model_path)


def test_the_host_sees_a_vector_for_every_word(nlp, model_path):
    doc = nlp("El xyzzyñú  ladra.\n")
    expected = load_encoder(model_path).encode([token.text for token in doc])
    words = [token for token in doc if not token.is_space]
    assert [token.text for token in doc if token.is_space] == [" ", "\n"]
    for token in words:
        for thing in (token, nlp.vocab[token.text], doc[token.i : token.i + 1]):
            np.testing.assert_allclose(thing.vector, expected[token.i], atol=1e-6)
            assert thing.has_vector and thing.vector_norm == pytest.approx(1, abs=1e-5)
        assert not token.is_oov and not nlp.vocab[token.text].is_oov
        np.testing.assert_allclose(nlp.vocab.get_vector(token.text), expected[token.i], atol=1e-6)
    mean = sum(expected[token.i] for token in words) / len(doc)
    np.testing.assert_allclose(doc.vector, mean, atol=1e-6)
    np.testing.assert_allclose(doc[0:2].vector, (expected[0] + expected[1]) / 2, atol=1e-6)
    assert doc.has_vector and nlp.vocab.has_vector("qwertyuiop") and nlp.vocab.vectors_length == 16


def test_similarity_is_the_cosine_and_warns_of_nothing(nlp):
    doc, other = nlp("perro gatos"), nlp("mesa")
    cosine = float(doc[0].vector @ doc[1].vector)
    assert doc[0].similarity(doc[1]) == pytest.approx(cosine, abs=1e-6)
    assert nlp.vocab["perro"].similarity(nlp.vocab["gatos"]) == pytest.approx(cosine, abs=1e-6)
    norm = np.linalg.norm(doc.vector)
    assert doc.similarity(other) == pytest.approx(float(doc.vector @ other[0].vector / norm), abs=1e-6)
    assert doc[0:2].similarity(other[0]) == pytest.approx(doc.similarity(other), abs=1e-6)


def test_white_space_and_nothing_have_no_vector(nlp):
    vectors = nlp.vocab.vectors
    doc = Doc(nlp.vocab, words=["\n\n", "a"])
    for blank in ("", " ", "\n\n", "\t", "\u00a0", "\u2003", "\x1c", "\u00ad", "\ufeff", "\ufe0f", " \u200b"):
        assert blank not in vectors and not nlp.vocab.has_vector(blank)
        assert nlp.vocab.get_vector(blank).tolist() == [0.0] * 16 == vectors[blank].tolist()
    assert not doc[0].has_vector and doc[0].vector_norm == 0 and doc[1].has_vector
    assert vectors.get_batch([" ", "a", ""]).any(axis=1).tolist() == [False, True, False]
    assert not nlp("").vector.any() and nlp("").vector.shape == (16,)
    invisible = Doc(nlp.vocab, words=["sol", "\ufe0f", "\u00ad"])
    assert invisible.vector.any() and (3 * invisible.vector).tolist() == pytest.approx(invisible[0].vector.tolist())


def test_documents_made_without_the_pipeline_have_vectors(nlp):
    doc = Doc(nlp.vocab, words=["Nunca", "vista"])
    assert doc[0].vector.any() and not doc[0].is_oov
    assert doc.copy()[1].vector.tolist() == doc[1].vector.tolist() == doc[1:2].as_doc()[0].vector.tolist()


def test_merged_and_split_tokens_have_the_vectors_of_their_texts(nlp, model_path):
    doc = nlp("Nueva York  duerme\n \n bien")
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
        retokenizer.merge(doc[4:5])
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[2], ["du", "erme"], heads=[(doc[2], 1), doc[1]])
    assert [token.text for token in doc][:4] == ["Nueva York", " ", "du", "erme"]
    expected = load_encoder(model_path).encode(["Nueva York", "du", "erme"])
    np.testing.assert_allclose([doc[i].vector for i in (0, 2, 3)], expected, atol=1e-6)


def test_merging_white_space_is_silent(nlp):
    doc = Doc(nlp.vocab, words=["a", "\n", " ", "b"], spaces=[False] * 4)
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[1:3])
    assert doc[1].text == "\n " and not doc[1].has_vector


@pytest.mark.parametrize("attr", ["LOWER", "NORM", "lower", "TEXT", "ORTH"])
def test_the_attribute_is_what_is_embedded(make_nlp, model_path, attr):
    nlp = make_nlp(attr=attr)
    nlp.tokenizer.add_special_case("Pq", [{"ORTH": "Pq", "NORM": "porque"}])
    texts = {"LOWER": "pq", "NORM": "porque"}
    expected = load_encoder(model_path).encode([texts.get(attr.upper(), "Pq")])[0]
    doc = nlp("Pq sí")
    np.testing.assert_allclose(doc[0].vector, expected, atol=1e-6)
    np.testing.assert_allclose(
        nlp.vocab.vectors.get_batch(doc.to_array(nlp.vocab.vectors.attr))[0], expected, atol=1e-6
    )
    assert doc[0].has_vector and not doc[0].is_oov


def test_a_vector_belongs_to_who_asked_for_it(nlp):
    vector = nlp.vocab.get_vector("perro")
    before = vector.copy()
    vector *= 0
    assert nlp.vocab.get_vector("perro").tolist() == before.tolist()
    assert nlp.vocab.vectors.get_batch(["perro"])[0].tolist() == before.tolist()


words = st.text(max_size=30, alphabet=st.characters(exclude_categories=["Cs"]))


@settings(deadline=None, max_examples=60)
@given(batch=st.lists(words, min_size=1, max_size=8), cache_size=st.integers(0, 4))
def test_a_batch_is_its_words_whatever_is_remembered(model_path, vectors, batch, cache_size):
    small = BeastVectors(model=model_path, cache_size=cache_size)
    small._lookup._encoder = vectors.encoder
    together = small.get_batch(batch)
    for word, vector in zip(batch, together, strict=True):
        assert (word in small) == bool(word.strip()) == bool(vector.any())
        np.testing.assert_allclose(small[word], vector, atol=1e-5)
        np.testing.assert_allclose(vectors[word], vector, atol=1e-5)
    assert len(small._cache.rows) <= cache_size


def test_the_oldest_words_are_forgotten_first(make_nlp):
    nlp = make_nlp(cache_size=3)
    kept = lambda: {word for word in "abcdefghi" if nlp.vocab.strings[word] in nlp.vocab.vectors._cache.rows}  # noqa: E731
    _ = nlp("a b c")[0].vector
    assert kept() == {"a", "b", "c"}
    _ = nlp("a d")[1].vector
    assert kept() == {"b", "c", "d"}
    _ = nlp("e f g h i")[4].vector
    assert len(kept()) == 3 and kept() <= {"e", "f", "g", "h", "i"}


def test_a_key_without_a_string_is_an_error_not_zeros(nlp):
    vectors = nlp.vocab.vectors
    assert 123456789 not in vectors
    for ask in (lambda: vectors[123456789], lambda: vectors.get_batch(np.array([123456789], dtype=np.uint64))):
        with pytest.raises(KeyError, match="no string is known for the key 123456789"):
            ask()
    assert vectors.get_batch([]).shape == vectors.get_batch(np.empty(0, dtype=np.uint64)).shape == (0, 16)


def test_vectors_survive_the_memory_zone_they_were_made_in(nlp):
    with nlp.memory_zone():
        inside = nlp("palabrarara")[0].vector
    assert "palabrarara" not in nlp.vocab.strings
    assert nlp.vocab.vectors["palabrarara"].tolist() == inside.tolist()


def test_vectors_cannot_be_set_and_the_user_is_told(nlp):
    before = nlp.vocab.get_vector("perro").tolist()
    with pytest.warns(UserWarning, match="computes vectors from the words themselves"):
        nlp.vocab.set_vector("perro", np.ones(16, dtype=np.float32))
    assert nlp.vocab.get_vector("perro").tolist() == before


def test_what_only_a_table_has_is_refused(vectors):
    for ask in (lambda: vectors.find(key="sol"), lambda: vectors.find(keys=["sol"]), lambda: vectors.find(row=1)):
        with pytest.raises(ValueError, match=r"no rows to find: .*expected vectors\[key\]"):
            ask()
    with pytest.raises(ValueError, match="no table to resize"):
        vectors.resize((5, 16))
    with pytest.warns(UserWarning, match="computes vectors from the words themselves"):
        vectors["sol"] = np.ones(16)


def test_everything_public_that_spacys_own_vectors_have_is_there(vectors):
    floret = {"hash_count", "hash_seed", "bow", "eow"}  # settings of its table
    missing = {name for name in dir(Vectors) if not name.startswith("_") and not hasattr(vectors, name)}
    assert missing == floret


def test_threads_get_the_same_vectors_as_one(make_nlp, vectors):
    nlp = make_nlp(cache_size=5)
    texts = [f"palabra{i % 13}" for i in range(300)]
    barrier = threading.Barrier(4)

    def work(_):
        barrier.wait()
        return [nlp.vocab.vectors[text] for text in texts]

    with ThreadPoolExecutor(4) as pool:
        for result in pool.map(work, range(4)):
            np.testing.assert_allclose(result, vectors.get_batch(texts), atol=1e-5)


class OtherArray(np.ndarray):
    pass


class OtherOps(NumpyOps):
    """Stands in for the ops of another device: arrays of another type."""

    class xp:
        zeros = np.zeros

    def asarray(self, data, dtype=None):
        return np.asarray(data, dtype=dtype).view(OtherArray)

    def alloc2f(self, *shape):
        return np.zeros(shape, dtype=np.float32).view(OtherArray)


def test_arrays_are_those_of_the_current_ops(vectors, model_path):
    other = BeastVectors(model=model_path)
    other.to_ops(OtherOps())
    first, again, batch = other["sol"], other["sol"], other.get_batch(["sol"])
    found = other.most_similar(batch, keys=["sol", "mar"])
    for array in (first, again, batch, other.data, *found):
        assert type(array) is OtherArray
    np.testing.assert_allclose(again, vectors["sol"], atol=1e-6)
    other.to_ops(NumpyOps())
    assert type(other["sol"]) is type(other.data) is np.ndarray


class TestMostSimilar:
    WORDS = ("gato", " ", "can", "perro", "mesa")

    def test_finds_the_neighbours_of_a_vector_among_given_words(self, nlp):
        vectors = nlp.vocab.vectors
        query = vectors["perro"] * 3
        cosines = vectors.get_batch(self.WORDS) @ vectors["perro"]
        order = np.argsort(-cosines)
        keys, rows, scores = vectors.most_similar(query[None], keys=list(self.WORDS), n=4)
        assert keys.shape == rows.shape == scores.shape == (1, 4)
        assert (keys.dtype, rows.dtype, scores.dtype) == (np.uint64, np.int32, np.float32)
        assert rows[0, 0] == 3 and rows[0].tolist() == [place for place in order if place != 1]
        assert [nlp.vocab.strings[key] for key in keys[0]] == [self.WORDS[row] for row in rows[0]]
        np.testing.assert_allclose(scores[0], cosines[rows[0]], atol=1e-5)

    def test_batches_of_queries_and_no_order_give_the_same_sets(self, vectors):
        words = [f"palabra{i}" for i in range(50)]
        queries = vectors.get_batch(words[:7])
        whole = vectors.most_similar(queries, keys=words, n=5)
        parts = vectors.most_similar(queries, keys=words, n=5, batch_size=2)
        loose = vectors.most_similar(queries, keys=words, n=5, sort=False)
        assert whole[1].tolist() == parts[1].tolist() and whole[1][:, 0].tolist() == list(range(7))
        assert np.sort(loose[1]).tolist() == np.sort(whole[1]).tolist()
        assert vectors.most_similar(np.zeros((0, 16)), keys=words, n=5)[0].shape == (0, 5)

    def test_without_words_it_searches_what_the_pipeline_has_seen(self, nlp):
        nlp("ornitorrinco")
        keys, _, scores = nlp.vocab.vectors.most_similar(nlp.vocab["ornitorrinco"].vector[None])
        assert nlp.vocab.strings[keys[0, 0]] == "ornitorrinco" and scores[0, 0] == pytest.approx(1, abs=1e-5)

    def test_searching_everything_again_computes_only_new_words(self, nlp, monkeypatch):
        vectors, encode, computed = nlp.vocab.vectors, WordEncoder.encode, []
        nlp("ornitorrinco pez")
        query = vectors["pez"][None]
        monkeypatch.setattr(WordEncoder, "encode", lambda self, words: (computed.extend(words), encode(self, words))[1])
        vectors.most_similar(query)
        assert len(computed) == len(set(computed)) == len(vectors.keys())
        computed.clear()
        nlp.vocab.strings.add("avutarda")
        keys, _, _ = vectors.most_similar(vectors["avutarda"][None])
        assert computed == ["avutarda"] and nlp.vocab.strings[keys[0, 0]] == "avutarda"
        np.testing.assert_allclose(dict(vectors.items())[nlp.vocab.strings["pez"]], query[0], atol=1e-6)
        vectors.clear()
        assert len(list(vectors.values())) == len(vectors.keys())

    def test_searching_much_leaves_what_is_kept(self, make_nlp):
        nlp = make_nlp(cache_size=20)
        nlp("ornitorrinco pez")
        vectors = nlp.vocab.vectors
        kept = set(vectors._cache.rows)
        vectors.most_similar(vectors["pez"][None])
        vectors.most_similar(vectors["pez"][None], keys=[f"palabra{i}" for i in range(15)])
        assert set(vectors._cache.rows) == kept

    def test_a_words_cosine_to_itself_is_one(self, vectors):
        words = [f"palabra{i}" for i in range(200)]
        scores = vectors.most_similar(vectors.get_batch(words), keys=words)[2]
        assert scores.dtype == np.float32 and scores.tolist() == [[1.0]] * 200

    def test_takes_keys_and_leaves_the_query_alone(self, nlp):
        keys = [nlp.vocab.strings.add(word) for word in ("sol", "mar")]
        query = nlp.vocab.vectors["mar"][None] * 2
        before = query.copy()
        assert nlp.vocab.vectors.most_similar(query, keys=np.array(keys, dtype=np.uint64))[0].tolist() == [[keys[1]]]
        assert query.tolist() == before.tolist()

    @pytest.mark.parametrize(
        ("query", "n", "message"),
        [
            (np.ones(16), 1, r"queries have shape \(16,\), expected \(queries, 16\)"),
            (np.ones((1, 300)), 1, r"queries have shape \(1, 300\), expected \(queries, 16\)"),
            (np.full((1, 16), np.nan), 1, "without NaN"),
            (np.ones((1, 16)), 3, "n is 3, expected 1 to 2"),
            (np.ones((1, 16)), 0, "n is 0, expected 1 to 2"),
        ],
    )
    def test_says_what_is_wrong(self, vectors, query, n, message):
        with pytest.raises(ValueError, match=message):
            vectors.most_similar(query, keys=["a", "b", " "], n=n)


@pytest.mark.parametrize("language", sorted({*shipped_languages()} - {"multilingual"}))
def test_the_shipped_model_of_the_language_is_the_default(language):
    nlp = spacy.blank(language)
    nlp.add_pipe("beast_vectors")
    np.testing.assert_allclose(nlp("perro")[0].vector, load_encoder(language=language).encode(["perro"])[0], atol=1e-6)
