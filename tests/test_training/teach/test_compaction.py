import numpy as np
import pytest

from training.table import read_table
from training.teach.compaction import compact
from training.teach.shards import Shards
from training.teach.word_stream import WordStream


class Fixed:
    """A teacher that knows a few vectors by heart; a zero vector is that of a word it does not know."""

    def __init__(self, vectors):
        self.vectors, self.width = vectors, next(iter(vectors.values())).shape[0]

    def lookup(self, words):
        return np.array([self.vectors[word] for word in words]), np.ones(len(words), dtype=bool)


def spread(words, wide, *, seed=0):
    """Unit vectors `(words, wide)` with a mean of their own and a spectrum that falls."""
    random = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(random.normal(size=(wide, wide)))
    vectors = (random.normal(size=(words, wide)) / np.arange(1, wide + 1)) @ rotation + 0.3 * rotation[0]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def made(tmp_path):
    """Teaches vectors `(words, wide)` and compacts them: the table, the words, and what `compact` returned."""

    def make(vectors, *, frequencies=None, size=64, **options):
        words = [f"w{row}" for row in range(len(vectors))]
        frequencies = np.zeros(len(words)) if frequencies is None else frequencies
        lines = [f"{word}\t{frequency}\n" for word, frequency in zip(words, frequencies, strict=True)]
        (tmp_path / "words.txt").write_text("".join(lines))
        stream = WordStream(tmp_path / "words.txt", folder=tmp_path)
        teacher = Fixed(dict(zip(words, vectors, strict=True)))
        folder = tmp_path / f"shards{len(list(tmp_path.glob('shards*')))}"
        shards = Shards(folder, run={}, count=len(words), size=size)
        for index, piece in enumerate(stream.pieces(size)):
            shards.fill(index, words=piece.words, teacher=teacher)
        options = {"width": 8, "fit_words": 10_000, "centre": True, "storage": "float16", "levels": 31} | options
        compacted = compact(shards, words=stream, path=tmp_path / "table.parquet", **options)
        return read_table(tmp_path / "table.parquet"), words, compacted

    return make


def reduced(vectors, *, fitted, width, centre):
    """The same by a singular value decomposition of the whole matrix, without the signs."""
    mean = fitted.mean(axis=0) if centre else 0
    _, _, directions = np.linalg.svd(fitted - mean, full_matrices=False)
    found = (vectors - mean) @ directions[:width].T
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.parametrize("centre", [True, False])
def test_principal_components_are_those_of_the_whole_matrix(made, centre):
    vectors = spread(500, 24)
    table, _, _ = made(vectors, centre=centre)
    expected = reduced(vectors, fitted=vectors, width=8, centre=centre)
    signs = np.sign((table.vectors * expected).sum(axis=0))
    np.testing.assert_allclose(table.vectors, expected * signs, atol=5e-3)


def test_components_are_those_of_the_most_frequent_known_words(made):
    frequent, rare = spread(150, 12), spread(150, 12, seed=1)
    vectors = np.concatenate([rare, frequent])
    vectors[200:220] = 0  # frequent, but unknown
    frequencies = np.concatenate([np.linspace(1, 0, 150), np.linspace(7, 5, 150)])
    table, words, _ = made(vectors, frequencies=frequencies, fit_words=130)
    known = vectors.any(axis=1)
    assert table.words == [word for word, is_known in zip(words, known, strict=True) if is_known]
    expected = reduced(vectors[known], fitted=vectors[150:][known[150:]], width=8, centre=True)
    cosines = table.vectors @ table.vectors.T - expected @ expected.T
    assert np.abs(cosines).max() < 5e-3
    np.testing.assert_allclose(table.frequencies, frequencies[known], atol=1e-6)


def test_vectors_of_the_right_width_are_not_turned(made):
    vectors = spread(100, 8)
    table, _, _ = made(vectors, centre=False)
    np.testing.assert_allclose(table.vectors, vectors, atol=2e-3)
    table, _, _ = made(vectors)
    centred = vectors - vectors.mean(axis=0)
    np.testing.assert_allclose(table.vectors, centred / np.linalg.norm(centred, axis=1, keepdims=True), atol=2e-3)
    table, _, _ = made(vectors, width=9)
    assert table.width == 8


def test_signs_follow_a_rule_and_the_size_of_shards_does_not_matter(made):
    vectors = spread(300, 24)
    first, _, _ = made(vectors)
    again, _, _ = made(vectors, size=1000)
    np.testing.assert_allclose(first.vectors, again.vectors, atol=1e-3)
    # The components of the opposite vectors are the same, and their signs too: these follow a rule.
    opposite, _, _ = made(-vectors)
    np.testing.assert_allclose(opposite.vectors, -first.vectors, atol=1e-3)


def test_a_word_of_which_the_components_keep_nothing_is_left_out(made):
    frequent = np.pad(spread(60, 10), ((0, 0), (0, 2)))
    vectors = np.concatenate([frequent, [[0.0] * 11 + [1.0]]])
    table, words, compacted = made(vectors, fit_words=60, centre=False)
    assert table.words == words[:60]
    assert (compacted.summary.words, compacted.lost) == (60, 1)
