import numpy as np
import pytest
import spacy
from spacy.training.initialize import convert_vectors

from training.common.rows import unit_rows
from training.downstream import tables
from training.downstream.tables import fit_floret, floret_rows, principal_part, write_floret_table, write_plain_table
from training.table import read_table


def test_a_plain_table_is_what_spacy_makes_of_its_text(tiny_table, tmp_path):
    read = read_table(tiny_table)
    lines = (" ".join([word, *map(str, row)]) for word, row in zip(read.words, read.vectors, strict=True))
    (tmp_path / "t.vec").write_text("\n".join([f"{len(read.words)} {read.width}", *lines]), encoding="utf-8")
    expected = spacy.blank("es")
    convert_vectors(expected, tmp_path / "t.vec", truncate=0, prune=-1)
    write_plain_table(table=tiny_table, folder=tmp_path / "plain", language="es")
    nlp = spacy.load(tmp_path / "plain")
    word = read.words[7]
    for text in (word, word.upper(), "desconocido"):
        np.testing.assert_allclose(nlp(text)[0].vector, expected(text)[0].vector, atol=1e-6)
    assert nlp(word)[0].has_vector and not nlp(word.upper())[0].has_vector


def test_rows_are_those_that_spacy_hashes_to(tiny_table, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "FLORET_WIDTH", 8)
    monkeypatch.setattr(tables, "FLORET_BYTES", 4 * 8 * 500)
    write_floret_table(table=tiny_table, folder=tmp_path / "floret", language="es")
    vectors = spacy.load(tmp_path / "floret").vocab.vectors
    words = ["gato", "niño", "a", "jamásvista"]
    assert vectors.data.shape == (500, 8) and vectors.attr == spacy.attrs.LOWER
    np.testing.assert_allclose(floret_rows(words, rows=500) @ vectors.data, vectors.get_batch(words), atol=1e-5)


def test_the_fitted_table_is_the_nearest(monkeypatch):
    """Against the solution of the normal equations by elimination."""
    random = np.random.default_rng(0)
    words = [f"palabra{number}" for number in range(60)]
    targets, weights = random.normal(size=(60, 5)).astype(np.float32), random.uniform(1, 7, size=60)
    monkeypatch.setattr(tables, "_STEPS", 200)
    found = fit_floret(words, targets=targets, weights=weights, rows=30)
    mean = floret_rows(words, rows=30).toarray().astype(np.float64)
    product = mean.T @ (weights[:, None] * mean)
    ridge = tables._RIDGE * np.trace(product) / 30
    expected = np.linalg.solve(product + ridge * np.eye(30), mean.T @ (weights[:, None] * targets))
    np.testing.assert_allclose(found, expected, atol=1e-2 * np.abs(expected).max())


def test_the_principal_part_keeps_what_vectors_tell_apart():
    random = np.random.default_rng(0)
    vectors = unit_rows((random.normal(size=(50, 3)) @ random.normal(size=(3, 8))).astype(np.float32))
    part = principal_part(vectors, width=3)
    np.testing.assert_allclose(part @ part.T, vectors @ vectors.T, atol=1e-5)
    assert principal_part(vectors, width=2) @ principal_part(vectors, width=2).T != pytest.approx(vectors @ vectors.T)
