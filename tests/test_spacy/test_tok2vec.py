"""The encoder as a spaCy embedding layer: in training, in files, and beside the vectors."""

import pickle

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry
from thinc.api import data_validation

from beast_core import ModelFolderError, read_model

TAGS = {"el": "DET", "la": "DET", "perro": "N", "gata": "N", "mesa": "N", "ladra": "V", "salta": "V", "cae": "V"}
SENTENCES = ["El perro ladra", "la gata salta", "la mesa cae", "el perro  salta"]


def make_tagger(model, **embed):
    """A tagger that listens to a tok2vec that embeds with BEAST."""
    nlp = spacy.blank("es")
    embed = {"@architectures": "spacy_beast.BeastEmbed.v1", "model": model, "width": 8, **embed}
    encode = {"@architectures": "spacy.MaxoutWindowEncoder.v2", "width": embed["width"] or 16}
    encode |= {"window_size": 1, "maxout_pieces": 2, "depth": 1}
    nlp.add_pipe("tok2vec", config={"model": {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": encode["width"]}
    nlp.add_pipe("tagger", config={"model": {"@architectures": "spacy.Tagger.v2", "tok2vec": listener}})
    return nlp


def examples(nlp):
    docs = [nlp.make_doc(sentence) for sentence in SENTENCES]
    tags = [[TAGS.get(token.lower_, "SP") for token in doc] for doc in docs]
    return [Example.from_dict(doc, {"tags": row}) for doc, row in zip(docs, tags, strict=True)]


def train(nlp, *, steps=12):
    spacy.util.fix_random_seed(0)
    optimizer = nlp.initialize(lambda: examples(nlp))
    optimizer.learn_rate = 0.01
    losses = [nlp.update(examples(nlp), sgd=optimizer, losses={})["tagger"] for _ in range(steps)]
    return losses


def weights(nlp):
    embed = nlp.get_pipe("tok2vec").model.get_ref("embed")
    [shim] = [shim for node in embed.walk() for shim in node.shims]
    model = shim._model.encoder.model
    return {name: value.copy() for name, value in model.weights.items()}


def tensors(nlp):
    return [doc.tensor for doc in nlp.pipe([*SENTENCES, "un zorro rarísimo\n", ""])]


def test_a_trained_encoder_learns_and_survives_saving(model_path, tmp_path, run_fresh):
    nlp = make_tagger(model_path, trainable=True)
    losses = train(nlp, steps=40)
    assert losses[-1] < losses[0] * 0.2
    docs = list(nlp.pipe(SENTENCES))
    tags = [token.tag_ for doc in docs for token in doc if not token.is_space]
    assert tags == [TAGS[token.lower_] for doc in docs for token in doc if not token.is_space]
    before, after = read_model(model_path).weights, weights(nlp)
    assert {value.dtype for value in after.values()} == {np.dtype(np.float32)}
    assert not any(np.array_equal(value, after[name]) for name, value in before.items())
    nlp.to_disk(tmp_path / "saved")
    run_fresh(
        """
import sys, numpy, spacy
nlp = spacy.load(sys.argv[1])
docs = list(nlp.pipe(sys.argv[2:]))
numpy.savez("tensors.npz", *[doc.tensor for doc in docs])
numpy.save("tags.npy", [token.tag_ for doc in docs for token in doc if not token.is_space])
""",
        tmp_path / "saved",
        *SENTENCES,
    )
    for doc, tensor in zip(docs, np.load(tmp_path / "tensors.npz").values(), strict=True):
        np.testing.assert_allclose(tensor, doc.tensor, atol=1e-5)
    assert np.load(tmp_path / "tags.npy").tolist() == tags


def test_a_frozen_encoder_stays_as_it_is_while_the_pipeline_learns(model_path):
    nlp = make_tagger(model_path, trainable=False)
    losses = train(nlp, steps=24)
    assert losses[-1] < losses[0] * 0.5
    before = read_model(model_path).weights
    assert all(np.array_equal(value, before[name]) for name, value in weights(nlp).items())


def test_bytes_and_pickles_keep_trained_weights(model_path):
    nlp = make_tagger(model_path, trainable=True)
    train(nlp, steps=2)
    loaded = make_tagger("not/needed", trainable=True).from_bytes(nlp.to_bytes())
    for other in (loaded, pickle.loads(pickle.dumps(loaded))):
        assert all(np.array_equal(value, weights(other)[name]) for name, value in weights(nlp).items())
        for ours, theirs in zip(tensors(nlp), tensors(other), strict=True):
            np.testing.assert_allclose(theirs, ours, atol=1e-5)


def test_what_is_trained_is_for_the_configuration_to_say(model_path):
    nlp = make_tagger(model_path, trainable=True)
    train(nlp, steps=1)
    frozen = make_tagger(model_path, trainable=False).from_bytes(nlp.to_bytes())
    before = weights(frozen)
    frozen.update(examples(frozen), sgd=frozen.resume_training())
    assert all(np.array_equal(value, before[name]) for name, value in weights(frozen).items())


@pytest.mark.parametrize("attr", ["ORTH", "LOWER"])
@pytest.mark.parametrize("trainable", [True, False])
def test_without_a_projection_the_output_is_the_vectors(make_nlp, model_path, trainable, attr):
    nlp = make_nlp(attr=attr)
    docs = [nlp.make_doc("Uno  dos UNO\n"), nlp.make_doc(""), nlp.make_doc("tres dos")]
    embed = registry.architectures.get("spacy_beast.BeastEmbed.v1")(model=model_path, trainable=trainable, attr=attr)
    embed.initialize(X=docs)
    assert embed.get_dim("nO") == 16
    for output in (embed.predict(docs), embed.begin_update(docs)[0]):
        assert [array.shape for array in output] == [(5, 16), (0, 16), (2, 16)]
        for doc, array in zip(docs, output, strict=True):
            np.testing.assert_allclose(array, [*map(nlp.vocab.get_vector, [t.text for t in doc])] or array, atol=1e-5)
    assert embed.predict([docs[1]])[0].shape == (0, 16)


@pytest.mark.parametrize("width", [None, 8])
@pytest.mark.parametrize("trainable", [True, False])
def test_the_layer_alone_stands_what_thinc_and_its_users_do(model_path, nlp, trainable, width):
    docs = [nlp.make_doc("uno dos"), spacy.blank("en").make_doc("dos thistle")]  # of two vocabs
    with data_validation(True):
        embed = registry.architectures.get("spacy_beast.BeastEmbed.v1")(
            model=model_path, trainable=trainable, width=width
        )
        embed.initialize()  # without data
        assert embed.get_dim("nO") == (width or 16)
        assert embed.predict([]) == [] and embed.begin_update([])[1]([]) == []
        output, backprop = embed.begin_update(docs)
        assert backprop([np.ones_like(array) for array in output]) == []
    assert [array.shape for array in output] == [(2, width or 16)] * 2
    np.testing.assert_allclose(output[0][1], output[1][0], atol=1e-6)
    np.testing.assert_allclose(embed.predict([docs[1]])[0], output[1], atol=1e-5)
    again = registry.architectures.get("spacy_beast.BeastEmbed.v1")(trainable=trainable, width=width)
    np.testing.assert_allclose(again.from_bytes(embed.to_bytes()).predict(docs)[1], output[1], atol=1e-5)


def test_static_vectors_work_where_get_batch_does_and_say_so_where_it_does_not(nlp):
    settings = {"width": 8, "attrs": ["NORM"], "rows": [50], "include_static_vectors": True}
    docs = [nlp.make_doc("uno dos")]
    works = registry.architectures.get("spacy.MultiHashEmbed.v2")(**settings)
    works.initialize(X=docs)
    assert works.predict(docs)[0].shape == (2, 8)
    refuses = registry.get("architectures", "spacy.MultiHashEmbed.v1")(**settings)
    with pytest.raises(ValueError, match=r"no rows to find: .*spacy\.MultiHashEmbed\.v2 in place of v1"):
        refuses.initialize(X=docs)


def test_gradients_of_a_repeated_word_add_up(model_path, nlp):
    embed = registry.architectures.get("spacy_beast.BeastEmbed.v1")(model=model_path, trainable=True)
    docs = [Doc(nlp.vocab, words=["sol", " ", "sol"]), Doc(nlp.vocab, words=["sol"])]
    embed.initialize(X=docs)
    encoder = embed.layers[0].shims[0]._model.network

    def gradient(docs, ups):
        encoder.zero_grad()
        _, backprop = embed.begin_update(docs)
        backprop([np.asarray(up, dtype=np.float32) for up in ups])
        return encoder.projection.bias.grad.numpy().copy()

    up = np.random.default_rng(0).normal(size=(3, 16))
    spread = gradient(docs, [[up[0], np.ones(16), up[1]], [up[2]]])
    np.testing.assert_allclose(spread, gradient([docs[1]], [[up.sum(axis=0)]]), atol=1e-5)
    assert np.abs(spread).max() > 1e-3


def test_vectors_and_embedding_do_not_share_weights(make_nlp, model_path):
    nlp = make_tagger(model_path, trainable=True)
    nlp.add_pipe("beast_vectors", config={"model": model_path}, first=True)
    before = nlp.vocab.get_vector("perro")
    train(nlp, steps=2)
    nlp.vocab.vectors.clear()
    assert nlp.vocab.get_vector("perro").tolist() == before.tolist()
    assert not np.array_equal(weights(nlp)["projection.bias"], read_model(model_path).weights["projection.bias"])


class TestRefusals:
    def test_no_model_at_initialisation(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"no model at .*nowhere"):
            make_tagger(str(tmp_path / "nowhere")).initialize()
        with pytest.raises(ModelFolderError, match=r"config\.json is missing"):
            make_tagger(str(tmp_path)).initialize()

    def test_settings(self, model_path):
        with pytest.raises(ValueError, match="attr is 'LEMMA', expected one of"):
            make_tagger(model_path, attr="LEMMA")
        make = registry.architectures.get("spacy_beast.BeastEmbed.v1")
        with pytest.raises(ValueError, match="width is 0, expected a whole number of at least 1"):
            make(width=0)

    def test_use_before_there_are_weights(self, model_path):
        nlp = make_tagger(model_path)
        with pytest.raises(ValueError, match=r"BeastEmbed has no weights yet: call nlp\.initialize"):
            nlp.get_pipe("tok2vec")(nlp.make_doc("sol"))
