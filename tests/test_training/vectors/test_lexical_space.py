import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.common.rows import unit_rows
from training.vectors.lexical.graph import incidence, neighbours, retrofit, row_shares, symmetric_shares
from training.vectors.lexical.profiles import SenseTable, of_definitions, of_lemmas
from training.vectors.lexical.projection import Projection, fit_ridge, predict
from training.vectors.lexical.senses import Sense
from training.vectors.lexical.space import Described, LexicalSpace

CAT, HOUND, BEAST = (
    Sense(("felino", "gato"), ("cat", "tomcat"), "a feline", ("beast",), (), 9),
    Sense(("can", "perro"), ("dog",), "a canine", ("beast",), ("cat",), 0),
    Sense(("animal",), ("animal",), "", (), (), 0),
)
SENSES = {"cat": CAT, "dog": HOUND, "beast": BEAST}
ALL = {word for sense in SENSES.values() for word in sense.words}


def dense(matrix):
    return np.asarray(matrix.todense())


def test_principal_components_of_a_plane():
    rows = np.array([[3, 1, 5], [-3, 1, 5], [0, 2, 5], [0, 0, 5]], dtype=np.float32)
    projection = Projection.fit(rows, components=2)
    assert projection(rows) == pytest.approx(np.array([[3, 0], [-3, 0], [0, 1], [0, -1]]) / np.sqrt(5), abs=1e-6)
    whitened = Projection.fit(rows, components=2, damping=0.5)
    assert np.var(whitened(rows), axis=0) == pytest.approx([0.5, 0.5])
    with pytest.raises(ValueError, match="1 rows, expected two or more"):
        Projection.fit(rows[:1])
    with pytest.raises(ValueError, match="2 rows that are all the same, expected different ones"):
        Projection.fit(rows[[0, 0]])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_a_projection_keeps_angles_and_forgets_where_zero_was(seed):
    rows = np.random.default_rng(seed).normal(size=(40, 6)).astype(np.float32)
    image = Projection.fit(rows + 7)(rows + 7)
    centred = rows - rows.mean(axis=0)
    scale = np.sqrt(np.square(centred).sum(axis=1).mean())
    assert image @ image.T == pytest.approx(centred @ centred.T / scale**2, abs=1e-4)


def test_ridge_regression_finds_a_line_and_shrinks_when_told():
    inputs = np.linspace(-1, 1, 9, dtype=np.float32)[:, None]
    ridge = fit_ridge(((part, 3 * part + 2) for part in (inputs[:4], inputs[4:])), strength=1e-9)
    assert predict(np.array([[2.0]], dtype=np.float32), ridge=ridge) == pytest.approx(np.array([[8.0]]), abs=1e-3)
    assert abs(fit_ridge([(inputs, 3 * inputs)], strength=10)[0, 0]) < 2


def test_words_are_near_through_senses_and_their_links():
    senses = incidence([(0, 0, 1.0), (1, 0, 0.5), (1, 1, 0.5), (2, 2, 1.0)], shape=(4, 3))
    alike = np.ones(4)
    assert dense(neighbours(senses, influence=alike)) == pytest.approx(
        np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0] * 4, [0] * 4])
    )
    links = incidence([(2, 1, 1.0)], shape=(3, 3))
    assert dense(neighbours(senses, links=links, influence=alike)) == pytest.approx(
        np.array([[0] * 4, [0, 0, 1, 0], [0, 1, 0, 0], [0] * 4])
    )
    assert dense(row_shares(senses))[3].tolist() == [0, 0, 0]


def test_rare_words_are_moved_and_do_not_move():
    common = incidence([(0, 1, 1.0), (0, 2, 1.0)], shape=(3, 3))  # the last word is rare
    near = symmetric_shares(common, influence=np.array([1, 1, 0.01]))
    assert dense(near) == pytest.approx(np.array([[0, 1 / 1.01, 0.01 / 1.01], [1, 0, 0], [1, 0, 0]]))
    anchors, none = np.eye(3, dtype=np.float32), incidence([], shape=(3, 3))
    moved = retrofit(anchors, near=near, opposite=none)
    assert moved[2] @ moved[0] > 0.3
    alone = retrofit(anchors[:2], near=symmetric_shares(common[:2, :2], influence=np.ones(2)), opposite=none[:2, :2])
    assert moved[:2] @ alone.T == pytest.approx(alone @ alone.T, abs=0.02)


def test_retrofitting_pulls_synonyms_pushes_antonyms_and_leaves_others():
    anchors = unit_rows(np.array([[1, 0.2, 0], [1, -0.2, 0], [1, 0.1, 0.1], [0, 0, 1]], dtype=np.float32))
    near = symmetric_shares(incidence([(0, 1, 1.0)], shape=(4, 4)), influence=np.ones(4))
    opposite = symmetric_shares(incidence([(1, 2, 1.0)], shape=(4, 4)), influence=np.ones(4))
    moved = retrofit(anchors, near=near, opposite=opposite)
    before, after = anchors @ anchors.T, moved @ moved.T
    assert after[0, 1] > before[0, 1]
    assert after[1, 2] < before[1, 2]
    assert (moved[3] == anchors[3]).all()
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.ones(4))


def test_senses_weigh_by_what_their_words_have_in_common():
    wrong = {**SENSES, "wrong": Sense(("gato",), ("jack",), "lifts a car", (), (), 0)}
    table = SenseTable.of(wrong, leading=ALL)
    assert table.words == ["animal", "can", "felino", "gato", "perro"]
    assert table.definitions == ["cat, tomcat: a feline", "dog: a canine", "", "jack: lifts a car"]
    axes = {"cat": 0, "tomcat": 0, "felino": 0, "gato": 0, "dog": 1, "can": 1, "perro": 1, "animal": 2, "jack": 3}
    vectors = {name: np.eye(4, dtype=np.float32)[axis] for name, axis in axes.items()}
    weights = table.weights(
        np.array([vectors[word] for word in table.words]),
        lemma_vectors=np.array([vectors[lemma] for lemma in table.lemmas]),
    )
    cat = dense(weights)[table.words.index("gato")]
    assert cat.sum() == pytest.approx(1)
    assert cat[0] > 0.9 > 0.1 > cat[3]
    assert dense(weights)[table.words.index("perro")].tolist() == [0, 1, 0, 0]


def test_a_sense_shared_with_rare_words_alone_gives_way():
    senses = {
        "frequent": Sense(("bank", "banco"), count=0),
        "rare": Sense(("bank", "orilla"), count=0),
        "translated": Sense(("bank", "ribera"), ("shore",), count=0),
    }
    table = SenseTable.of(senses, leading={"bank", "banco"})
    assert dict(zip(table.words, table.influence.tolist(), strict=True)) == pytest.approx(
        {"banco": 1, "bank": 1, "orilla": 0.01, "ribera": 0.01}
    )
    # All others lie in places of their own, and the word in the middle: only company tells senses apart.
    own = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=np.float32)
    weights = dense(table.weights(own, lemma_vectors=np.array([[0, 0, 0, 1]], dtype=np.float32)))
    frequent, rare, translated = weights[table.words.index("bank")]
    assert rare == 0 < min(frequent, translated)  # below the least share, and left out
    for word in ("banco", "orilla", "ribera"):  # of the only sense that it has, a word is all
        assert weights[table.words.index(word)].max() == 1
    centres = table.centres(np.eye(4, dtype=np.float32), encoded=np.ones(4, dtype=bool), lemma_vectors=np.zeros((1, 4)))
    # Of a sense with a rare word, the centre is the frequent one's: 1 to 0.01.
    assert centres[1] == pytest.approx(unit_rows(np.array([[0, 1, 0.01, 0]]))[0])


def test_profiles_are_means_over_translations_and_definitions():
    table = SenseTable.of(SENSES, leading=ALL)
    weights = row_shares(incidence([(0, 0, 1.0), (1, 1, 1.0)], shape=(len(table.words), 3)))
    vectors = np.array([[0, 1], [2, 0], [0, 0], [0, 3]], dtype=np.float32)  # animal, cat, dog (unknown), tomcat
    means = of_lemmas(weights, table=table, vectors=vectors, centred=False)
    assert means[0] == pytest.approx([0.5, 0.5], abs=1e-3)
    assert not means[1:].any()
    defined = of_definitions(weights, table=table, vectors=np.eye(2, dtype=np.float32))
    assert defined[0] == pytest.approx([0.7071, -0.7071], abs=1e-3)
    assert not defined[2:].any()


def fit_space(words, **changes):
    count = len(words)
    none = incidence([], shape=(2, 2))
    near = symmetric_shares(incidence([(0, 1, 1.0)], shape=(2, 2)), influence=np.ones(2))
    arguments = {
        "frequent": np.ones(count, dtype=bool),
        "weights": {"meaning": 1.0, "own": 0.3, "other": 0.6},
        "near": near,
        "opposite": none,
        "width": 8,
    }
    return LexicalSpace.fit(words, **arguments | changes)


@pytest.fixture
def words():
    random = np.random.default_rng(0)
    own = unit_rows(random.normal(size=(60, 16))).astype(np.float16)
    other = (own @ random.normal(size=(16, 4))).astype(np.float16)
    other[40:] = 0
    return Described(own, {"translations": np.zeros((60, 16), dtype=np.float16), "other": other})


def test_a_saved_space_gives_the_same_vectors_whatever_the_company(words, tmp_path):
    space, moved = fit_space(words)
    assert moved.shape == (2, 16 + 16 + 4) and moved.dtype == np.float16 and moved.any(axis=1).all()
    space.save(tmp_path / "space.npz")
    read = LexicalSpace.load(tmp_path / "space.npz")
    rows, nothing = np.array([0, 1] + [-1] * 58), np.full(60, -1)
    vectors = space.vectors(words, moved=moved, rows=rows, lemma_rows=nothing)
    assert (read.vectors(words, moved=moved, rows=rows, lemma_rows=nothing) == vectors).all()
    alone = read.vectors(words[3:4], moved=moved, rows=rows[3:4], lemma_rows=nothing[3:4])
    assert alone == pytest.approx(vectors[3:4], abs=1e-6)


def test_a_form_follows_its_lemma_and_an_unknown_block_is_predicted(words):
    space, moved = fit_space(words)
    form, nowhere, at_lemma = words[5:6], np.array([-1]), np.array([0])
    stays = space.vectors(form, moved=moved, rows=nowhere, lemma_rows=nowhere)
    follows = space.vectors(form, moved=moved, rows=nowhere, lemma_rows=at_lemma)
    lemma = space.vectors(words[:1], moved=moved, rows=at_lemma, lemma_rows=nowhere)
    unmoved = space.vectors(words[:1], moved=moved, rows=nowhere, lemma_rows=nowhere)
    # Of a language that has no words in the graph, nothing moves.
    assert (space.vectors(form, moved=moved[:0], rows=nowhere, lemma_rows=nowhere) == stays).all()
    assert np.abs(follows - stays).max() > 1e-3
    assert ((follows - stays) @ (lemma - unmoved).T).item() > 0
    # What the regression makes of the other block is what that block would have been, as it is linear here.
    blind = Described(
        words.own[:1], {"translations": words.parts["translations"][:1], "other": words.parts["other"][50:51]}
    )
    full = space.vectors(words[:1], moved=moved, rows=nowhere, lemma_rows=nowhere)
    assert (space.vectors(blind, moved=moved, rows=nowhere, lemma_rows=nowhere) @ full.T).item() > 0.95
