import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from beast_core import TextEncoder, load_encoder
from beast_core.texts import split_words

WORDS = load_encoder("es")
TEXTS = ["el perro ladra", "un gato negro", "la mesa de madera", "sillas y armarios"]
FIELDS = ["animal", "animal", "mueble", "mueble"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("¿Llegó el ex-ministro?", ["Llegó", "el", "ex-ministro"]),
        ("l'amour, d’accord - 8,5", ["l'amour", "d’accord", "8", "5"]),
        ("can\u0303a", ["caña"]),  # one word, however its letters are composed
        ("…\n", []),
    ],
)
def test_words_are_letters_and_digits_and_what_joins_them(text, words):
    assert split_words(text) == words


@given(st.lists(st.lists(st.sampled_from(["perro", "Perro", "sol", "ñandú", "x"]), max_size=5), max_size=4))
def test_a_text_has_the_mean_direction_of_its_words(words):
    expected = np.zeros((len(words), 256))
    for row, text in enumerate(words):
        for word in text:
            expected[row] += WORDS.encode_word(word)
        expected[row] /= np.linalg.norm(expected[row]) or 1
    np.testing.assert_allclose(TextEncoder(WORDS).encode([" ".join(text) for text in words]), expected, atol=1e-6)


def test_one_word_is_that_word_and_a_string_is_no_list_of_texts():
    np.testing.assert_allclose(TextEncoder(WORDS).encode(["¡Perro!"])[0], WORDS.encode_word("perro"), atol=1e-6)
    with pytest.raises(TypeError, match="expected a list of words"):
        TextEncoder(WORDS).encode("perro")


def test_a_pipeline_is_cloned_pickled_and_predicts_the_same_in_a_fresh_process(tmp_path):
    encode = FunctionTransformer(TextEncoder(WORDS).encode)
    classifier = make_pipeline(encode, LogisticRegression(C=10)).fit(TEXTS, FIELDS)
    asked = ["tres ovejitas", "un sofá", ""]
    expected = classifier.predict_proba(asked)
    assert list(classifier.predict(asked[:2])) == ["animal", "mueble"]
    again = clone(classifier).fit(TEXTS, FIELDS)
    assert again[0].func.__self__ is not classifier[0].func.__self__
    np.testing.assert_array_equal(again.predict_proba(asked), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(classifier)).predict_proba(asked), expected)
    joblib.dump(classifier, tmp_path / "classifier.joblib")
    script = f"import joblib; print(joblib.load('classifier.joblib').predict_proba({asked!r}).tolist())"
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.array(eval(done.stdout)), expected)
