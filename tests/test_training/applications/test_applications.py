"""The measurements behind the guides: on few words, where what they say can be checked."""

import argparse

import numpy as np
import pytest

from beast_core import load_encoder
from training.applications.__main__ import main
from training.applications.index import _exact
from training.applications.material import Material, read_material
from training.applications.names import as_one_text, mean_of_words
from training.applications.threshold import _inflections, _others
from training.common.markdown import read_markdown_table

WORDS = ["casa", "casas", "hablar", "hablamos", "perro", "mesa", "también"]


@pytest.fixture(scope="module")
def encoder():
    return load_encoder("es")


@pytest.fixture
def material(encoder):
    return Material("es", WORDS, dict.fromkeys(WORDS, 6.0), encoder)


def table_of(tmp_path, *arguments):
    main([*arguments, "--output", str(tmp_path / "table.md")])
    header, rows = read_markdown_table((tmp_path / "table.md").read_text(encoding="utf-8"), name="table")
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_exact_neighbours_are_those_of_a_sort(monkeypatch):
    monkeypatch.setattr("training.applications.index._ROWS", 7)
    random = np.random.default_rng(0)
    vectors, queries = random.normal(size=(40, 8)).astype(np.float16), random.normal(size=(5, 8)).astype(np.float32)
    expected = np.argsort(-(queries @ vectors.astype(np.float32).T), axis=1)[:, :10]
    np.testing.assert_array_equal(_exact(vectors, queries=queries), expected)


def test_an_index_of_few_words_finds_nearly_all(tmp_path, monkeypatch):
    monkeypatch.setattr("training.applications.index.shipped_languages", lambda: ("es", "pt"))
    rows = table_of(tmp_path, "index", "--words", "700", "--queries", "35")
    assert [row["words"] for row in rows] == ["700"] * 5 and rows[0]["of the 10 nearest"] == "1.000"
    assert float(rows[-1]["of the 10 nearest"]) > 0.97 and float(rows[-1]["nearest found"]) > 0.97


def test_others_are_counted_without_the_forms_of_a_keyword(material, encoder):
    related = _inflections(material, ["casa", "perro"])
    assert related == {"casa": {"casas"}, "perro": set()}
    words, tokens = _others(material, ["casa", "perro"], related=related)
    cosines = encoder.encode(["casa", "perro"]) @ encoder.encode(WORDS).T
    cosines[0, :2] = cosines[1, 4] = -1
    assert words[0].tolist() == (cosines >= 0.4).sum(axis=1).tolist()
    np.testing.assert_allclose(tokens, words * 1000)  # a Zipf frequency of 6 is a thousand in a million


def test_fewer_are_found_from_a_higher_cosine_on(tmp_path):
    rows = table_of(tmp_path, "threshold", "--language", "es", "--among", "1500")
    for column in ("misspellings found", "inflections found", "other words a keyword"):
        shares = [float(row[column].split()[0].rstrip("%")) for row in rows]
        assert shares == sorted(shares, reverse=True) and shares[0] > shares[-1]


def test_the_weight_is_chosen_on_the_misspellings_made_by_rule(tmp_path):
    rows = table_of(tmp_path, "spelling", "--language", "es", "--among", "300")
    column = next(name for name in rows[0] if "as in text" in name)
    best = max(float(row[column].split()[0]) for row in rows)
    [chosen] = [row for row in rows if "chosen" in row["weight of the frequency"]]
    assert float(chosen[column].split()[0]) == best > 0.5
    assert any("typos_libreoffice_es" in name for name in rows[0])


def test_material_is_always_the_same_and_misspellings_are_no_words(material):
    assert material.drawn(3) == material.drawn(3) and set(material.drawn(100)) == set(WORDS)
    pairs = material.misspelt(WORDS, each=5)
    assert pairs == material.misspelt(WORDS, each=5) and not {wrong for wrong, _ in pairs} & set(WORDS)
    assert {right for _, right in pairs} <= set(WORDS)
    options = argparse.Namespace(language="es", model=None, among=50)
    assert len(read_material(options).words) == 50


def test_a_name_is_the_mean_of_its_words_in_any_order(encoder):
    names = mean_of_words(["casa de perro", "perro de casa", "mesa"], encoder=encoder)
    mean = encoder.encode(["casa", "de", "perro"]).mean(axis=0)
    np.testing.assert_allclose(names[0], mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_allclose(names[0], names[1], atol=1e-6)
    np.testing.assert_allclose(names[2], encoder.encode_word("mesa"), atol=1e-6)
    assert np.abs(np.subtract(*as_one_text(["casa de perro", "perro de casa"], encoder=encoder))).max() > 0.01


def test_too_few_words_and_unknown_languages_are_told(tmp_path):
    for arguments, message in (
        (["threshold", "--among", "500"], "--among 500 leaves no keywords"),
        (["names", "--language", "xy"], "no model of the language 'xy'"),
    ):
        with pytest.raises(SystemExit, match=f"error: {message}"):
            main([*arguments, "--output", str(tmp_path / "table.md")])
    assert not (tmp_path / "table.md").exists()
