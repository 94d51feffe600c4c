import numpy as np
import pytest
from scipy.stats import spearmanr

from training.common.errors import InputError
from training.evaluate.evaluation_sets import read_sets
from training.evaluate.kinds.sentences import SENTENCES, mean_vectors

PAIRS = """sent1\tsent2\tscore
El gato duerme.\tUn gato duerme\t4.5
El gato duerme.\tEl perro ladra, y un gato.\t2
¿Ladra el perro?\tUn gato duerme\t0.5
Un perro\tEl perro ladra\t3.5
"""
WORDS = {"gato": [1, 0, 0], "duerme": [0, 1, 0], "perro": [0.6, 0, 0.8], "ladra": [0, 0.8, 0.6]}


class Table:
    """Knows four words."""

    width = 3

    def lookup(self, words):
        known = np.array([word in WORDS for word in words])
        return np.array([WORDS.get(word, [0, 0, 0]) for word in words], dtype=np.float32), known


class Encoder(Table):
    """Gives a sentence a vector of its length."""

    reads_sentences = True

    def lookup(self, words):
        return np.array([[len(word), 1, 0] for word in words], dtype=np.float32), np.ones(len(words), dtype=bool)


@pytest.fixture
def sets(tmp_path):
    (tmp_path / "sentences").mkdir()
    (tmp_path / "sentences" / "sts.tsv").write_text(PAIRS, encoding="utf-8")
    return read_sets([tmp_path], kinds=[SENTENCES])


def test_a_sentence_is_the_mean_of_the_words_that_are_known():
    means, known = mean_vectors(Table(), sentences=["¡El GATO duerme!", "nada", "perro"])
    np.testing.assert_allclose(means, [[0.5, 0.5, 0], [0, 0, 0], [0.6, 0, 0.8]], atol=1e-6)
    assert known == 3 / 5


def test_pairs_are_ranked_as_a_plain_loop_ranks_them(sets):
    def mean(text):
        vectors = [
            np.array(WORDS[word]) for word in text.lower().strip("¿?.").replace(",", "").split() if word in WORDS
        ]
        return np.mean(vectors, axis=0)

    rows = [line.split("\t") for line in PAIRS.splitlines()[1:]]
    cosines = []
    for first, second, _ in rows:
        a, b = mean(first), mean(second)
        cosines.append(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    scores = sets.scores(Table())["sentences"]
    assert list(scores) == ["sts, mean of words"]
    expected = spearmanr(cosines, [float(score) for *_, score in rows]).statistic
    assert scores["sts, mean of words"].scores["spearman"].value == pytest.approx(expected, abs=1e-6)


def test_an_encoder_of_sentences_is_also_asked_for_them_as_they_are(sets):
    assert list(sets.scores(Encoder())["sentences"]) == ["sts, mean of words", "sts, as a whole"]


def test_a_score_that_is_none_is_named(tmp_path):
    (tmp_path / "sentences").mkdir()
    (tmp_path / "sentences" / "sts.tsv").write_text(PAIRS.replace("4.5", "hoch"), encoding="utf-8")
    with pytest.raises(InputError, match=r"sts\.tsv, line 2: found score 'hoch', expected a number"):
        read_sets([tmp_path], kinds=[SENTENCES])
