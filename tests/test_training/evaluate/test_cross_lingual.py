import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beast_core import BeastEncoder, EncoderConfig, write_encoder
from training.common.rows import unit_rows
from training.evaluate.cross_lingual import translation, vocabulary
from training.evaluate.cross_lingual.__main__ import main
from training.evaluate.cross_lingual.models import find_models, load_models
from training.evaluate.cross_lingual.translation import mean_cosines_of_nearest, right_is_best
from training.evaluate.report import read_report
from training.resources import frequencies
from training.table import write_table

# In one plane: a word and its translation have nearly one direction, in degrees.
ENGLISH = {"sun": 0, "moon": 40, "sea": 90, "tree": 135}
SPANISH = {"sol": 2, "luna": 43, "mar": 88, "árbol": 170, "astro": 10, "red": 133}
FREQUENT = {"en": {"Sun": 5.0, "sea": 4.0, "moon light": 6.0}, "es": {"red": 5.0, "sol": 4.5, "mar": 4.5, "astro": 1.0}}
SETS = {
    # Cosines fall in the order of the scores, but for the last two: Spearman 1 - 6 * 2 / (4 * 15) = 0.8.
    "similarity/made_en-es.tsv": "word1\tword2\tscore\nSun\tsol\t9\nsun\tLuna\t7\nsun\tárbol\t3\nsun\tmar\t2\n"
    "sun\tSUN\t10\nsun\tel sol\t10\n",
    "similarity/made_de-fr.tsv": "word1\tword2\tscore\nsonne\tsoleil\t9\nmond\tlune\t7\nmeer\tarbre\t3\n",
    # sun finds sol, sea finds mar, to tree red is nearer than árbol, wave is unknown.
    "translation/made_en-es_test.tsv": "source\ttarget\nsun\tastro\nsun\tsol\nsea\tmar\ntree\tárbol\nwave\tola\n",
}


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def plane(path, words, **said):
    angles = np.radians(list(words.values()))
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    write_table(path, words=list(words), vectors=vectors, frequencies=np.ones(len(words)), levels=127, **said)
    return path


@pytest.fixture(autouse=True)
def lists(monkeypatch):
    monkeypatch.setattr(vocabulary, "read_frequencies", FREQUENT.__getitem__)
    vocabulary.frequent_words.cache_clear()
    yield
    vocabulary.frequent_words.cache_clear()


@pytest.fixture
def given_models(tmp_path):
    return [
        f"{code}={plane(tmp_path / f'{code}.parquet', words)}" for code, words in (("en", ENGLISH), ("es", SPANISH))
    ]


def test_scores_of_two_tables(given_models, tmp_path, capsys):
    data = write(tmp_path / "sets", SETS)
    main([*given_models, "--data", str(data), "--output", str(tmp_path / "out"), "--name", "tables"])
    scores = read_report(tmp_path / "out/metrics.json").models["tables"].sets
    assert list(scores["similarity"]) == ["made_en-es"]
    assert scores["similarity"]["made_en-es"].scores["spearman"].value == 0.8
    found = scores["translation"]["made_en-es_test"]
    assert found.counts == {"sources": 4, "candidates": 6}  # sol astro mar árbol ola, and red of the frequent ones
    assert found.coverage == 0.75
    assert found.scores["precision_at_1"].value == 0.5
    assert "| translation P@1, CSLS | made_en-es_test | 4 |" in (tmp_path / "out/results.md").read_text()
    assert "tables" in capsys.readouterr().out


def test_homographs_show_what_is_near_in_each_language(given_models, tmp_path):
    data = write(tmp_path / "sets", SETS)
    main([*given_models, "--data", str(data), "--output", str(tmp_path), "--homographs", "Red", "sun"])
    rows = [line.split(" | ") for line in (tmp_path / "homographs.md").read_text().splitlines() if line.startswith("|")]
    assert rows[0] == ["| word", "of", "en", "es |"]
    assert rows[2:] == [
        ["| red", "en", "unknown", "unknown |"],
        ["| red", "es", "sea, sun", "mar, astro, sol |"],  # not red itself
        ["| sun", "en", "sea", "sol, astro, mar, red |"],
        ["| sun", "es", "unknown", "unknown |"],
    ]


def slow_csls(queries, candidates, sources, right, neighbours):
    """Conneau et al. 2018, word by word: the index of the best is a right one, and better than all wrong ones."""

    def mean_of_nearest(vector, others):
        nearest = sorted((float(vector @ other) for other in others), reverse=True)[:neighbours]
        return sum(nearest) / len(nearest)

    hits = []
    for query, own in zip(queries, right, strict=True):
        of_query = mean_of_nearest(query, candidates)
        scores = [2 * float(query @ each) - of_query - mean_of_nearest(each, sources) for each in candidates]
        wrong = [score for number, score in enumerate(scores) if number not in own]
        hits.append(max(scores[number] for number in own) > max(wrong, default=-np.inf) + 1e-6)
    return hits


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(2, 30), st.integers(1, 30), st.integers(1, 12))
def test_csls_is_that_of_a_plain_reference(seed, queries, candidates, sources, neighbours):
    random = np.random.default_rng(seed)
    asked, listed, others = (unit_rows(random.normal(size=(count, 3))) for count in (queries, candidates, sources))
    right = [list(random.choice(candidates, size=random.integers(1, 3), replace=False)) for _ in asked]
    crowding = mean_cosines_of_nearest(listed, others=others, neighbours=neighbours)
    found = right_is_best(asked, candidates=listed, right=right, crowding=crowding)
    assert found.tolist() == slow_csls(asked, listed, others, right, neighbours)


def test_csls_prefers_the_word_that_stands_alone():
    degrees = np.radians([0, 8, -10])
    query, crowded, alone = np.stack([np.cos(degrees), np.sin(degrees)], axis=1)
    others = np.stack([query, crowded, crowded])
    candidates, asked = np.stack([crowded, alone]), query[None]
    crowding = mean_cosines_of_nearest(candidates, others=others, neighbours=2)
    assert right_is_best(asked, candidates=candidates, right=[[0]]).tolist() == [True]
    assert right_is_best(asked, candidates=candidates, right=[[1]], crowding=crowding).tolist() == [True]


def test_pieces_and_unknown_words_change_nothing(monkeypatch):
    random = np.random.default_rng(1)
    queries, candidates = unit_rows(random.normal(size=(23, 4))), unit_rows(random.normal(size=(31, 4)))
    queries[3] = candidates[5] = 0
    right = [[number] for number in range(23)]
    crowding = mean_cosines_of_nearest(candidates, others=queries)
    whole = right_is_best(queries, candidates=candidates, right=right, crowding=crowding)
    monkeypatch.setattr(translation, "_ROWS", 5)
    np.testing.assert_allclose(mean_cosines_of_nearest(candidates, others=queries), crowding)
    assert (right_is_best(queries, candidates=candidates, right=right, crowding=crowding) == whole).all()
    assert not whole[3] and not whole[5]
    # an unknown candidate is not found, even where all others point away
    away = np.array([[0.0, 0.0], [-1.0, 0.0]])
    assert right_is_best(np.array([[1.0, 0.0]]), candidates=away, right=[[1]]).tolist() == [True]


def test_frequent_words_are_single_and_spelt_alike():
    assert vocabulary.frequent_words("en") == ("sun", "sea")
    assert vocabulary.frequent_words("es") == ("red", "mar", "sol", "astro")


def test_the_lists_of_wordfreq_are_on_the_zipf_scale():
    found = frequencies.read_frequencies("de")
    assert len(found) > vocabulary.MOST_FREQUENT_WORDS and 7 < found["und"] < 8


def test_one_model_may_stand_for_several_languages(tmp_path):
    both = plane(tmp_path / "both.parquet", ENGLISH | SPANISH)
    models = load_models(find_models([f"en={both}", f"es={both}"]))
    assert models["en"] is models["es"]


def encoder(folder, **said):
    shape = {"hidden_width": 8, "heads": 2, "feed_forward_width": 8, "ngram_buckets": 11, "output_width": 2}
    return write_encoder(BeastEncoder(EncoderConfig.preset("beast", **shape, **said)), folder)


@pytest.mark.parametrize(
    ("models", "told"),
    [
        (["en"], "'en' is no model of a language, expected LANGUAGE=MODEL"),
        (["xx={english}", "es={spanish}"], "no language 'xx'"),
        (["en={english}"], "en is one language, expected two or more"),
        (["en={english}", "en={spanish}"], "two models of 'en'"),
        (["en={english}", "es=shipped"], "vectors of different widths cannot be compared: en 2, es 256"),
        (
            ["en={english}", "es={other}"],
            r"the space 'one', .* the space 'another': their vectors cannot be compared; give models",
        ),
        (
            ["en={other}", "es={spanish}"],
            r"the model .*/other is of the language 'es', en=.*/other is of the language 'en'",
        ),
        (["de={english}", "es={spanish}"], r"no set of two of de, es; there are sets of de-fr, en-es: give"),
    ],
)
def test_models_that_cannot_be_compared(tmp_path, models, told):
    names = {
        "english": plane(tmp_path / "english.parquet", ENGLISH, space="one"),
        "spanish": plane(tmp_path / "spanish.parquet", SPANISH),
        "other": encoder(tmp_path / "other", language="es", space="another"),
    }
    arguments = [each.format_map(names) for each in models]
    data = write(tmp_path / "sets", SETS)
    with pytest.raises(SystemExit, match=f"^error: .*{told}"):
        main([*arguments, "--data", str(data), "--output", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_a_file_without_languages_in_its_name_is_told(given_models, tmp_path):
    data = write(tmp_path / "sets", {"translation/muse.tsv": "source\ttarget\nsun\tsol\n"})
    with pytest.raises(SystemExit, match=r"muse\.tsv: found no pair of languages in its name, expected two ISO codes"):
        main([*given_models, "--data", str(data), "--output", str(tmp_path / "out")])
