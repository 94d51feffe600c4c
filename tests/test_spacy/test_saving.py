"""Vectors that go through files, bytes, pickles and processes come out the same."""

import pickle
import shutil
import time

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.vectors import Vectors

from beast_core import read_encoder, write_encoder
from spacy_beast import BeastVectors

TEXTS = ["El perrito ladra.", "Una murciélaga  vuela,\n¿no?", "", "Tuiteé 3,14 veces 😀 esternocleidomastoideos"]
WORDS = ["perrito", "jamásvista", "Ñu", "3,14", "😀"]


def files_of(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def same(nlp, other):
    """Whether two pipelines give known and new words the same vectors."""
    ours, theirs = [[nlp.vocab.get_vector(word) for word in WORDS] for nlp in (nlp, other)]
    np.testing.assert_allclose(theirs, ours, atol=1e-6)
    assert np.any(ours) and len(ours[0]) == 16
    return True


@pytest.fixture(params=[True, False], ids=["compact", "full"])
def model(request, model_path, tmp_path):
    """A model whose weights 2 bits and float16 hold exactly, and one with weights that they do not hold at all."""
    encoder = read_encoder(model_path)
    if not request.param:
        for parameter in encoder.parameters():
            parameter.data *= 1.001
        encoder.byte_embedding.weight.data[0] = 1e6  # of padding, which no word looks at
    return write_encoder(encoder, tmp_path / "model", compact=request.param)


def test_files_and_bytes_hold_the_very_weights(make_nlp, model, tmp_path):
    nlp = make_nlp(model=str(model), attr="NORM")
    list(nlp.pipe(TEXTS))
    nlp.to_disk(tmp_path / "saved")
    assert files_of(tmp_path / "saved" / "vocab" / "beast") == files_of(model)
    loaded = spacy.load(tmp_path / "saved")
    loaded.to_disk(tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(tmp_path / "saved")
    other = make_nlp().from_bytes(nlp.to_bytes())
    for copy in (loaded, other):
        assert same(nlp, copy) and copy.vocab.vectors == nlp.vocab.vectors
        assert copy.vocab.vectors.settings["attr"] == "NORM"
        assert copy.vocab.vectors.to_bytes() == nlp.vocab.vectors.to_bytes()


def test_a_saved_pipeline_needs_no_import_and_no_model(make_nlp, model_path, tmp_path, run_fresh):
    shutil.copytree(model_path, tmp_path / "model")
    nlp = make_nlp(model=str(tmp_path / "model"), attr="LOWER")
    list(nlp.pipe(TEXTS))
    nlp.to_disk(tmp_path / "saved")
    shutil.rmtree(tmp_path / "model")
    run_fresh(
        """
import sys, spacy, numpy
nlp = spacy.load(sys.argv[1])
numpy.save("with.npy", [nlp.vocab.get_vector(word) for word in sys.argv[2:]])
nlp = spacy.load(sys.argv[1], exclude=["beast_vectors"])
numpy.save("without.npy", [token.vector for token in nlp(" ".join(sys.argv[2:]))])
assert nlp("Ñu")[0].similarity(nlp("ñu")[0]) == 1.0, "attr was lost"
""",
        tmp_path / "saved",
        *WORDS,
    )
    expected = [nlp.vocab.get_vector(word) for word in WORDS]
    for file in ("with.npy", "without.npy"):
        np.testing.assert_allclose(np.load(tmp_path / file), expected, atol=1e-6)


def test_an_unpickled_pipeline_knows_new_words_too(nlp):
    twice = pickle.loads(pickle.dumps(pickle.loads(pickle.dumps(nlp))))
    assert same(nlp, twice) and twice.vocab.vectors.settings == nlp.vocab.vectors.settings
    doc = twice("nuncaoída")
    assert doc[0].vector.any() and not doc[0].is_oov
    alone = spacy.blank("es")
    alone.vocab.vectors = pickle.loads(pickle.dumps(nlp.vocab.vectors))
    assert same(nlp, alone) and same(nlp, pickle.loads(pickle.dumps(alone)))
    docs = pickle.loads(pickle.dumps(list(nlp.pipe(TEXTS))))
    np.testing.assert_allclose([doc.vector for doc in docs], [nlp(text).vector for text in TEXTS], atol=1e-6)


def test_pickles_of_shipped_weights_are_quick_small_and_do_not_grow():
    nlp = spacy.blank("es")
    nlp.add_pipe("beast_vectors")
    first = pickle.dumps(nlp("hola mundo"))
    for _ in range(3):
        nlp = pickle.loads(pickle.dumps(nlp))
    started = time.process_time()
    last = pickle.dumps(nlp("hola mundo"))
    assert time.process_time() - started < 0.5 and len(last) < 13_000_000  # unpacked, they are 180 MB
    assert abs(len(last) - len(first)) < 1000 and nlp.vocab.strings["mundo"] in nlp.vocab.vectors
    assert nlp("nuncaoída")[0].has_vector


def test_neighbours_of_an_unpickled_pipeline_are_in_its_strings(nlp):
    again = pickle.loads(pickle.dumps(nlp))
    keys, _, _ = again.vocab.vectors.most_similar(again.vocab["sol"].vector[None], keys=["nuncaoída"])
    assert again.vocab.strings[keys[0, 0]] == "nuncaoída"


def test_saved_documents_find_their_vectors_in_another_pipeline(nlp, make_nlp):
    docs, reader = list(nlp.pipe(TEXTS)), make_nlp()
    binned = list(DocBin().from_bytes(DocBin(docs=docs).to_bytes()).get_docs(reader.vocab))
    copies = [Doc(reader.vocab).from_bytes(doc.to_bytes()) for doc in docs]
    for doc, *others in zip(docs, binned, copies, strict=True):
        for other in others:
            assert other.vocab is reader.vocab
            np.testing.assert_allclose(other.vector, doc.vector, atol=1e-6)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_several_processes_give_what_one_gives(model_path, run_fresh, method):
    """The parent has used several threads of torch before: forked children hang if they do the same."""
    printed = run_fresh(
        """
import multiprocessing, sys, numpy, spacy, torch

if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    torch.ones(2000, 2000) @ torch.ones(2000, 2000)
    nlp = spacy.blank("es")
    nlp.add_pipe("beast_vectors", config={"model": sys.argv[2]})
    embed = {"@architectures": "spacy_beast.BeastEmbed.v1", "model": sys.argv[2]}
    shape = {"width": 16, "window_size": 1, "maxout_pieces": 2, "depth": 1}
    encode = {"@architectures": "spacy.MaxoutWindowEncoder.v2", **shape}
    nlp.add_pipe("tok2vec", config={"model": {"@architectures": "spacy.Tok2Vec.v2", "embed": embed, "encode": encode}})
    nlp.initialize()
    texts = [f"palabra{i} otra{i * 7} común\\n" for i in range(60)]
    one = list(nlp.pipe(texts[:30])) + list(nlp.pipe(texts[30:]))
    two = list(nlp.pipe(texts, n_process=2, batch_size=20))
    assert torch.get_num_threads() == 2
    for doc, other in zip(one, two, strict=True):
        numpy.testing.assert_allclose(other.tensor, doc.tensor, atol=1e-5)
        numpy.testing.assert_allclose([t.vector for t in other], [t.vector for t in doc], atol=1e-5)
        assert not other[0].is_oov and other[0].vector.any()
    print("equal")
""",
        method,
        model_path,
        threads=2,
    )
    assert printed == "equal\n"


def test_equal_means_the_same_vectors(model_path, tmp_path):
    vectors = BeastVectors(model=model_path)
    again = BeastVectors(model=write_encoder(read_encoder(model_path), tmp_path / "copy"))
    changed = read_encoder(model_path)
    changed.projection.bias.data[0] += 0.5
    assert vectors == again and vectors != BeastVectors(model=write_encoder(changed, tmp_path / "changed"))
    assert vectors != BeastVectors(model=model_path, attr="LOWER") and vectors != Vectors()
