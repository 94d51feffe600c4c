"""Vectors of lists of words, read back by what they are written for."""

import subprocess
import sys

import numpy as np
import pytest
import spacy
from gensim.models import KeyedVectors

from beast_core import load_encoder
from beast_core.export import read_word_list, tables, write_keyed_vectors, write_numpy, write_word2vec

WORDS = ["perro", "añó", "Perro", "a_b", "日本語", "#1", "👩‍👩‍👧"]
SPACED = [*WORDS, "Nueva York", "a\u3000b"]


@pytest.fixture(scope="module")
def spanish():
    return load_encoder("es", threads=1)


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    monkeypatch.setattr(tables, "_WORDS_AT_ONCE", 2)  # so that seven words are several parts


def test_word2vec_is_read_by_gensim_and_spacy(spanish, tmp_path):
    write_word2vec(spanish, words=WORDS, output=tmp_path / "es.vec")
    read = KeyedVectors.load_word2vec_format(str(tmp_path / "es.vec"))
    assert read.index_to_key == WORDS
    np.testing.assert_allclose(read.vectors, spanish.encode(WORDS), atol=1e-6, rtol=0)
    command = [sys.executable, "-m", "spacy", "init", "vectors", "es", tmp_path / "es.vec", tmp_path / "pipeline"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    vocabulary = spacy.load(tmp_path / "pipeline").vocab
    for word, vector in zip(WORDS, spanish.encode(WORDS), strict=True):
        np.testing.assert_allclose(vocabulary.get_vector(word), vector, atol=1e-6, rtol=0)


def test_gensim_reads_its_own_format_with_any_words(spanish, tmp_path):
    write_keyed_vectors(spanish, words=SPACED, output=tmp_path / "es.kv")
    read = KeyedVectors.load(str(tmp_path / "es.kv"))
    assert (read.index_to_key, read.language, read.space) == (SPACED, "es", spanish.space)
    np.testing.assert_array_equal(read.vectors, spanish.encode(SPACED))
    np.testing.assert_array_equal(read["Nueva York"], spanish.encode_word("Nueva York"))
    assert read.most_similar("perro", topn=1)[0][0] == "Perro"
    assert [file.name for file in tmp_path.iterdir()] == ["es.kv"]


def test_gensim_maps_what_is_large_and_a_smaller_list_leaves_nothing_of_it(spanish, tmp_path):
    many = [f"palabra{number}" for number in range(5000)]
    write_keyed_vectors(spanish, words=many, output=tmp_path / "es.kv")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["es.kv", "es.kv.vectors.npy"]
    read = KeyedVectors.load(str(tmp_path / "es.kv"), mmap="r")
    np.testing.assert_array_equal(read["palabra4999"], spanish.encode_word("palabra4999"))
    write_keyed_vectors(spanish, words=WORDS, output=tmp_path / "es.kv")
    assert [file.name for file in tmp_path.iterdir()] == ["es.kv"]


def test_numpy_reads_its_own_format_without_pickle_and_it_is_the_same_each_time(spanish, tmp_path):
    for name in ("a.npz", "b.npz"):
        write_numpy(spanish, words=SPACED, output=tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as read:
        assert read["words"].tolist() == SPACED
        np.testing.assert_array_equal(read["vectors"], spanish.encode(SPACED))
        assert (read["language"].item(), read["space"].item()) == ("es", spanish.space)


@pytest.mark.parametrize(
    ("write", "words", "told"),
    [
        (write_word2vec, ["sol", "Nueva York", "a\x85b"], r"2 of 3 words .* white space .* 'Nueva York', 'a\\x85b'"),
        (write_word2vec, ["sol", ""], "1 of 2 words are empty"),
        (write_numpy, ["sol", "x" * 193], "1 of 2 words are longer than 192 code points"),
        (write_numpy, ["sol\0"], "end in NUL"),
        *((write, [], "got 0 words") for write in (write_word2vec, write_keyed_vectors, write_numpy)),
        *((write, ["a", "a"], "1 of them repeated") for write in (write_word2vec, write_keyed_vectors, write_numpy)),
        *(
            (write, ["a", "b", "\ud83d"], "lone surrogate")
            for write in (write_word2vec, write_keyed_vectors, write_numpy)
        ),
    ],
)
def test_words_that_a_format_cannot_hold_leave_what_was_there(spanish, tmp_path, write, words, told):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ValueError, match=told):
        write(spanish, words=words, output=tmp_path / "out")
    assert [file.name for file in tmp_path.iterdir()] == ["out"] and (tmp_path / "out").read_text() == "mine"


def test_a_list_is_read_line_by_line(tmp_path):
    (tmp_path / "words.txt").write_bytes("\ufeffperro\r\n\n  gato \nNueva York\n\u00ad\nperro\nañó".encode())
    read = read_word_list(tmp_path / "words.txt")
    assert read == (["perro", "gato", "Nueva York", "añó"], 1, 2)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"sol\nma\xf1ana\n", r"words.txt, line 2: b'ma\\xf1ana\\n' is not UTF-8 .*iconv"),
        ("sol".encode("utf-16"), "line 1: .* is not UTF-8"),
        (b"sol\nmar\t17\n", "line 2: 'mar\\\\t17' has several columns, expected one word; cut -f 1"),
        (b"", "words.txt holds no word"),
        (b"\n \n", "words.txt holds no word"),
        (None, "no list of words at .*words.txt: found nothing"),
    ],
)
def test_what_is_no_list_is_said_with_its_line(tmp_path, content, told):
    if content is not None:
        (tmp_path / "words.txt").write_bytes(content)
    with pytest.raises((ValueError, OSError), match=told):
        read_word_list(tmp_path / "words.txt")
