import json

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifierCV
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from training.classify.__main__ import main
from training.classify.heads import TFIDF, character_classifier, hits, model_classifier, text_vectors
from training.classify.samples import FOLDS, SAMPLES, Samples, find_samples, of_words
from training.evaluate.kinds.clustering import ClusteringSet
from training.evaluate.sources import Sources
from training.table import write_table

FRUIT = ["pera", "peras", "perita", "peritas", "perona", "perazo", "peral", "perales", "peralito", "peruca"]
METAL = ["zinc", "zincado", "zincados", "zincar", "zincoso", "zincazo", "zincón", "zincita", "zincuno", "zinco"]


class Two:
    """Knows fruit and metals apart, and not the last metal."""

    width = 2

    def lookup(self, words):
        known = np.array([word != METAL[-1] for word in words])
        rows = [[1.0, 0.1] if word.startswith("per") else [0.1, 1.0] for word in words]
        return np.array(rows, dtype=np.float32).reshape(-1, 2) * known[:, None], known


def samples(classes=("fruit",) * 10 + ("metal",) * 10):
    return Samples("s", np.array(FRUIT + METAL), np.array(classes), np.arange(20))


def test_a_head_learns_the_classes_from_the_other_folds():
    right = hits(model_classifier(text_vectors(Two(), reads_texts=False)), samples=samples())
    assert right[:-1].all()  # whatever the word is taken for of which nothing is known
    assert hits(character_classifier(), samples=samples()).mean() > 0.8


class Groups:
    """A direction of its own for each of the words a0, b0, a1, b1 ... that have a number in common."""

    width = 20

    def lookup(self, words):
        return np.eye(20, dtype=np.float32)[[int(word[1:]) for word in words]], np.ones(len(words), dtype=bool)


def test_nothing_is_learnt_from_the_group_that_is_asked():
    words = np.array([f"{letter}{number}" for number in range(20) for letter in "ab"])
    numbers = np.arange(40) // 2
    # The nearest of those that are all as far away is the first, whatever the processor: a linear head rounds there.
    vectors = FunctionTransformer(text_vectors(Groups(), reads_texts=False))
    classifier = make_pipeline(vectors, KNeighborsClassifier(1, algorithm="brute"))
    classes = np.array(["odd", "even"])[numbers % 2]
    assert hits(classifier, samples=Samples("s", words, classes, groups=np.arange(40))).mean() > 0.9
    assert hits(classifier, samples=Samples("s", words, classes, groups=numbers)).mean() <= 0.5


def test_the_vectors_do_what_a_plain_loop_does():
    given = samples(["odd", "even"] * 10)
    vectors = text_vectors(Two(), reads_texts=False)
    expected = np.zeros(20, dtype=bool)
    folds = StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=0)
    for learnt, asked in folds.split(given.texts, given.classes, given.groups):
        head = RidgeClassifierCV(alphas=[10.0**power for power in range(-3, 4)])
        head.fit(vectors(given.texts[learnt].tolist()), given.classes[learnt])
        expected[asked] = head.predict(vectors(given.texts[asked].tolist())) == given.classes[asked]
    np.testing.assert_array_equal(hits(model_classifier(vectors), samples=given), expected)


def test_small_classes_are_left_out_and_large_sets_are_drawn_from():
    words = [f"a{number}" for number in range(2000)]
    few = of_words(ClusteringSet("s", words, ["one"] * 1000 + ["two"] * (1001 - FOLDS) + ["few"] * (FOLDS - 1)))
    assert len(few.texts) == SAMPLES and set(few.classes) == {"one", "two"} and 0.45 < few.chance < 0.55
    assert of_words(ClusteringSet("s", words[:15], ["one"] * 10 + ["few"] * 5)) is None


def treebank(folder, sentences):
    (folder / "downstream").mkdir(parents=True)
    text = "".join(f"# sent_id = {name}\n# text = {text}\n1\t_\n\n" for name, text in sentences)
    (folder / "downstream" / "es_pud-ud-test.conllu").write_text(text, encoding="utf-8")
    return folder


def test_sentences_have_the_genre_and_the_document_that_their_name_says(tmp_path):
    folder = treebank(tmp_path, [("n01001011", "Ayer."), ("n01001013", "Hoy."), ("w05010004", "Un río.")])
    [found] = find_samples(Sources([folder]))
    assert found.texts.tolist() == ["Ayer.", "Hoy.", "Un río."]
    assert found.classes.tolist() == ["news", "news", "Wikipedia"]
    assert found.groups.tolist() == ["n01001", "n01001", "w05010"]


def test_a_treebank_without_such_names_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"es_pud.*found 0 sentences named as of news .* expected # sent_id"):
        find_samples(Sources([treebank(tmp_path, [("es-dev-001-s1", "Ayer.")])]))


def test_the_command_writes_a_table_of_models_side_by_side(tmp_path, capsys):
    sets = tmp_path / "data" / "clustering"
    sets.mkdir(parents=True)
    rows = [f"{word}\t{field}\n" for field, words in (("fruit", FRUIT), ("metal", METAL)) for word in words]
    (sets / "fields.tsv").write_text("word\tcategory\n" + "".join(rows), encoding="utf-8")
    vectors, _ = Two().lookup([*FRUIT, *METAL[:-1]])
    table = tmp_path / "two.parquet"
    write_table(table, words=[*FRUIT, *METAL[:-1]], vectors=vectors, frequencies=np.ones(19))
    options = ["--data", str(tmp_path / "data"), "--language", "fi", "--output", str(tmp_path / "out" / "put")]
    main([f"two={table}", *options])
    header, _, row = (tmp_path / "out" / "put" / "results.md").read_text(encoding="utf-8").splitlines()
    assert header == "| set | n | classes | two | tf-idf | most frequent class |"
    assert row.startswith("| fields | 20 | 2 | ") and row.endswith(" | 0.500 |") and row in capsys.readouterr().out
    metrics = json.loads((tmp_path / "out" / "put" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["two"]["fields"] >= 0.95 and set(metrics) == {"two", TFIDF}
    with pytest.raises(SystemExit, match="models are called"):
        main([f"tf-idf={table}", *options])
    with pytest.raises(SystemExit, match="nothing to classify"):
        main([f"two={table}", "--language", "fi", "--output", str(tmp_path)])
