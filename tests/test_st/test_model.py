"""`st_beast.load`: the host's interface on the fast encoder."""

import copy
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator

import st_beast
from beast_core import ModelFolderError, load_encoder

WORDS = ["perro", "gato", "perro", "", "x" * 30, "CAN\u0303A", "caña", " "]


def test_vectors_are_those_of_the_core_and_of_the_stock_folder(small, model, tmp_path):
    expected = load_encoder(small).encode(WORDS)
    folder = st_beast.save(tmp_path / "stock", model=small)
    assert np.abs(model.encode(WORDS) - expected).max() < 1e-6
    assert np.abs(st_beast.load(folder).encode(WORDS) - expected).max() < 1e-6
    assert np.abs(SentenceTransformer(str(folder)).encode(WORDS) - expected).max() < 1e-5


def test_the_shipped_model_is_the_default():
    assert np.array_equal(st_beast.load().encode(["perro"]), load_encoder().encode(["perro"]))


def test_one_word_gives_one_vector_and_a_collection_gives_rows(model):
    one, rows = model.encode("perro"), model.encode(["perro", "gato"])
    assert one.shape == (16,)
    assert rows.shape == (2, 16)
    assert np.abs(rows[0] - one).max() < 1e-6
    for same in (("perro", "gato"), np.array(["perro", "gato"]), (word for word in ["perro", "gato"])):
        assert np.array_equal(model.encode(same), rows)
    assert model.encode([]).shape == (0,)
    assert model.encode("x" * 2**20).shape == (16,)


def test_forms_of_the_result(model):
    vectors = model.encode(WORDS)
    assert vectors.dtype == np.float32
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6
    tensor = model.encode(WORDS, convert_to_tensor=True)
    assert isinstance(tensor, torch.Tensor)
    assert np.array_equal(tensor.numpy(), vectors)
    assert [tuple(row.shape) for row in model.encode(WORDS, convert_to_numpy=False)] == [(16,)] * len(WORDS)
    assert np.abs(model.encode(WORDS, batch_size=1, show_progress_bar=True) - vectors).max() < 1e-6
    assert np.array_equal(model.encode(WORDS, None, None, 3, False), model.encode(WORDS, batch_size=3))
    assert np.array_equal(model.encode(sentences=WORDS), vectors)  # the host's older name
    shorter = model.encode(WORDS, truncate_dim=8, normalize_embeddings=True)
    assert np.abs(shorter - vectors[:, :8] / np.linalg.norm(vectors[:, :8], axis=1, keepdims=True)).max() < 1e-6


def test_precisions(model):
    vectors = model.encode(WORDS)
    bits = np.packbits(vectors > 0, axis=1)
    assert np.array_equal(model.encode(WORDS, precision="ubinary"), bits)
    assert np.array_equal(model.encode(WORDS, precision="binary"), (bits.astype(np.int16) - 128).astype(np.int8))
    quantized, lowest = model.encode(WORDS, precision="int8"), vectors.min(axis=0)
    steps = (vectors.max(axis=0) - lowest) / 255
    assert quantized.dtype == np.int8
    assert (np.abs((quantized + 128.0) * steps + lowest - vectors) < 1.01 * steps).all()


def test_queries_documents_and_similarity(model):
    vectors = model.encode(WORDS)
    assert np.abs(model.encode_query(WORDS) - vectors).max() < 1e-6
    assert np.abs(model.encode_document(WORDS) - vectors).max() < 1e-6
    assert np.abs(model.similarity(vectors, vectors).numpy() - vectors @ vectors.T).max() < 1e-5


def test_dimensions_and_lengths(model):
    assert model.get_embedding_dimension() == 16
    with pytest.warns(FutureWarning, match="renamed"):
        assert model.get_sentence_embedding_dimension() == 16
    assert model.max_seq_length == 24
    model.max_seq_length = 24
    with pytest.raises(ValueError, match="max_seq_length is 10, expected 24: how many bytes of a word"):
        model.max_seq_length = 10


@pytest.mark.parametrize("wrong", [0, -1, True, 2.0, "8"], ids=repr)
def test_vectors_are_not_cut_to_nothing(small, model, wrong):
    for cut in (
        lambda: st_beast.load(small, truncate_dim=wrong),
        lambda: model.encode(WORDS, truncate_dim=wrong),
        lambda: setattr(model, "truncate_dim", wrong),
        lambda: model.truncate_embeddings(wrong).__enter__(),
    ):
        with pytest.raises(ValueError, match=f"truncate_dim is {wrong!r}, expected a whole number above 0"):
            cut()
    with model.truncate_embeddings(3):
        assert model.encode(WORDS).shape == (len(WORDS), 3)
    assert model.encode(WORDS).shape == (len(WORDS), 16)


@pytest.mark.parametrize("method", ["encode", "encode_query", "encode_document", "preprocess"])
def test_unknown_keywords_are_named(model, method):
    with pytest.raises(TypeError, match=r"got processing_kwargs=\{'text': \{'max_length': 3\}\}, batchsize=7, which"):
        getattr(model, method)(WORDS, processing_kwargs={"text": {"max_length": 3}}, batchsize=7)


def test_there_are_no_vectors_of_parts_of_a_word(model):
    with pytest.raises(ValueError, match="output_value is 'token_embeddings', expected 'sentence_embedding'"):
        model.encode(WORDS, output_value="token_embeddings")
    assert np.array_equal(model.encode("perro", output_value=None)["sentence_embedding"], model.encode("perro"))


def test_features_are_those_of_the_stock_tokenizer(model, tmp_path):
    """Ids and masks are what losses look at; the tokenizer is what reads words from ids, and may be saved anywhere."""
    model.save(tmp_path / "saved")
    stock, ours = SentenceTransformer(str(tmp_path / "saved")).preprocess(WORDS), model.preprocess(WORDS)
    for name in ("input_ids", "attention_mask"):
        assert torch.equal(ours[name], stock[name])
    before = (tmp_path / "saved" / "tokenizer.json").read_bytes()
    model.tokenizer.save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / "tokenizer.json").read_bytes() == before
    assert np.abs(SentenceTransformer(str(tmp_path / "saved")).encode(WORDS) - model.encode(WORDS)).max() < 1e-5


def test_weights_too_large_to_compute_with_are_named(model):
    with torch.no_grad():
        model[0].encoder.byte_embedding.weight.fill_(3e38)
    with pytest.raises(FloatingPointError, match="gave NaN or infinity for 'perro'"):
        model.encode(["perro"])


def test_evaluator(model):
    vectors = model.encode(WORDS)
    others = WORDS[::-1]
    gold = (vectors * model.encode(others)).sum(axis=1).tolist()
    scores = EmbeddingSimilarityEvaluator(WORDS, others, gold, write_csv=False)(model)
    assert scores["spearman_cosine"] == pytest.approx(1.0)


def test_pool_of_processes(model):
    pool = model.start_multi_process_pool(["cpu"])
    try:
        found = model.encode(WORDS, pool=pool)
    finally:
        model.stop_multi_process_pool(pool)
    assert np.abs(found - model.encode(WORDS)).max() < 1e-6


def test_pickles(model):
    assert np.array_equal(pickle.loads(pickle.dumps(model)).encode(WORDS), model.encode(WORDS))


@pytest.mark.parametrize("words", [None, 7, 0.5, b"perro", {"perro"}, {"perro": 1}, len], ids=repr)
def test_what_is_no_collection_of_words_is_refused(model, words):
    with pytest.raises(TypeError, match="expected a list of words"):
        model.encode(words)


@pytest.mark.parametrize("wrong", [None, 7, b"gato", ("gato", "gata"), ["gato"], {"text": "gato"}], ids=repr)
def test_what_is_no_word_is_refused_by_its_place(model, wrong):
    with pytest.raises(TypeError, match=rf"found {type(wrong).__name__} at index 1"):
        model.encode(["perro", wrong])
    with pytest.raises(TypeError, match=rf"found {type(wrong).__name__} at index 1"):
        model.preprocess(["perro", wrong])


def test_lone_surrogates_and_prompts_are_refused(model):
    with pytest.raises(ValueError, match="lone surrogate"):
        model.encode(["perro", "\ud800"])
    with pytest.raises(ValueError, match="got the prompt 'palabra: '"):
        model.encode(["perro"], prompt="palabra: ")
    model.prompts["corta"] = "p"
    with pytest.raises(ValueError, match="expected none"):
        model.encode(["perro"], prompt_name="corta")


def test_paths_that_hold_no_model(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model at .*nowhere"):
        st_beast.load(tmp_path / "nowhere")
    with pytest.raises(ModelFolderError, match=r"config\.json is missing"):
        st_beast.load(tmp_path)


def test_what_it_saves_is_stock_and_keeps_its_options(small, tmp_path, contents):
    model = st_beast.load(small, truncate_dim=8, similarity_fn_name="dot")
    model.save_pretrained(tmp_path / "saved")
    modules = json.loads((tmp_path / "saved" / "modules.json").read_text())
    assert {module["type"].split(".")[0] for module in modules} == {"sentence_transformers"}
    for loaded in (SentenceTransformer(str(tmp_path / "saved")), st_beast.load(tmp_path / "saved")):
        assert loaded.encode(WORDS).shape == (len(WORDS), 8)
        assert loaded.similarity_fn_name == "dot"
        assert np.abs(loaded.encode(WORDS) - model.encode(WORDS)).max() < 1e-5
    assert st_beast.load(tmp_path / "saved", truncate_dim=4).encode("perro").shape == (4,)


def test_a_file_is_never_replaced(small, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("precious")
    for target, place in ((file, "it"), (file / "inside", file)):
        message = f"cannot save to {target}: {place} is a file, expected a folder or nothing"
        with pytest.raises(FileExistsError, match=f"^{re.escape(message)}$"):
            st_beast.load(small).save(target)
    assert file.read_text() == "precious"


def test_saving_keeps_other_files_and_the_model_it_came_from(small, tmp_path):
    folder = st_beast.save(tmp_path / "stock", model=small)
    (folder / "checkpoint-1").mkdir()
    (folder / "checkpoint-1" / "optimizer.pt").write_bytes(b"precious")
    model = st_beast.load(folder)
    expected = model.encode(WORDS)
    with torch.no_grad():
        model[0].encoder.projection.bias += 0.5
    changed = model.encode(WORDS)
    model.save(str(folder))
    assert (folder / "checkpoint-1" / "optimizer.pt").read_bytes() == b"precious"
    assert not list(folder.glob(".saving*"))
    assert np.abs(changed - expected).max() > 0.01
    assert np.array_equal(model.encode(WORDS), changed)
    assert np.array_equal(st_beast.load(folder).encode(WORDS), changed)


def test_the_card_names_words(model, tmp_path):
    model.save(str(tmp_path / "saved"))
    card = Path(tmp_path, "saved", "README.md").read_text()
    assert "BEAST word vectors" in card
    assert "'hotel'" in card
    assert "sunny" not in card
    assert "(1): Pooling" in card
    assert model.model_card_data.model is model


def test_what_cannot_be_saved_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match="never pickled"):
        model.save(str(tmp_path / "saved"), safe_serialization=False)
    model.append(torch.nn.Identity())
    with pytest.raises(ValueError, match="Identity added"):
        model.save(str(tmp_path / "saved"))
    assert not (tmp_path / "saved").exists()


def test_half_precision_is_close(small):
    words = ["perro", "", "electroencefalografista"]
    full = st_beast.load(small).encode(words)
    half = st_beast.load(small).bfloat16().encode(words)
    assert half.dtype == np.float32 and np.abs(half - full).max() < 0.05


@pytest.mark.parametrize("method", ["encode", "encode_query", "encode_document"])
def test_words_are_taken_in_large_batches_unless_told_otherwise(model, method):
    encode, sizes = getattr(model, method), []
    model[0].register_forward_hook(lambda _, inputs, output: sizes.append(len(inputs[0]["lengths"])))
    words = [f"palabra{number}" for number in range(1500)]
    for options in ({}, {"batch_size": 700}):
        encode(words, **options)
    encode(words, None, None, 800)
    assert np.array_equal(encode(sentences=words[:3]), model.encode(words[:3]))
    assert sizes == [1024, 476, 700, 700, 100, 800, 700, 3, 3]


def test_a_packed_table_is_unpacked_where_it_cannot_stay(model):
    encoder = model[0].encoder
    assert encoder.is_packed
    vectors = model.encode(["perro"])
    for place in ("meta", torch.bfloat16):  # the one stands for a GPU: any device but the CPU
        elsewhere = copy.deepcopy(encoder).to(place)
        assert not elsewhere.is_packed and encoder.is_packed
    assert np.array_equal(model.encode(["perro"]), vectors)
