from random import Random

import numpy as np
import pytest

from training.common.words import without_accents
from training.sweep.probe import edit_anywhere, probe
from training.table import TeacherTable

WORDS = ["canción", "pájaro", "jardín", "corazón", "teléfono", "árbol", "sol", "mar"]


def table_of(words, *, width=16, held_out=()):
    """Every word has an entry of its own and one that all have."""
    vectors = np.eye(len(words), width, dtype=np.float32)
    vectors[:, len(words)] = np.linspace(0.1, 2, len(words))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    frequencies = np.linspace(7, 1, len(words), dtype=np.float32)
    return TeacherTable(list(words), frequencies, vectors, np.isin(words, held_out), digest="")


class Student:
    """Knows the words of a table as `spelled` writes them, gives `change` of their vectors; zeros for other words."""

    def __init__(self, table, *, spelled=str, change=lambda vectors: vectors):
        self.vectors = dict(zip(map(spelled, table.words), change(table.vectors), strict=True))
        self.spelled, self.unknown = spelled, np.zeros(table.width)

    def encode(self, words):
        return np.array([self.vectors.get(self.spelled(word), self.unknown) for word in words], dtype=np.float32)


def test_a_student_that_knows_all_words_and_nothing_else():
    report = probe(Student(table_of(WORDS)), table=table_of(WORDS), language="es")
    assert report == pytest.approx(
        {"frequent": 1, "similarity": 1, "similarity_64": 1, "misspelt": 0, "edited": 0, "unaccented": 0}
    )


def test_a_student_that_does_not_hear_accents_finds_unaccented_words():
    report = probe(Student(table_of(WORDS), spelled=without_accents), table=table_of(WORDS), language="es")
    assert report["unaccented"] == 1 and report["edited"] == 0


def test_held_out_words_are_told_apart_and_what_has_no_words_is_left_out():
    words = ["perro", "gato", "casa", "mesa", "silla"]
    table = table_of(words, held_out=["mesa"])
    report = probe(
        Student(table, change=lambda vectors: vectors * np.where(table.held_out, -1, 1)[:, None]),
        table=table,
        language="es",
    )
    assert report["frequent"] == pytest.approx(1) and report["held_out"] == pytest.approx(-1)
    assert not {"others", "unaccented"} & set(report)


def test_only_the_first_entries_count_for_the_nested_similarity():
    table = table_of(WORDS, width=80)

    def spoilt(vectors):
        return np.concatenate([vectors[:, :64], np.random.default_rng(0).normal(size=(len(vectors), 16))], axis=1)

    report = probe(Student(table, change=spoilt), table=table, language="")
    assert report["similarity_64"] == pytest.approx(1) and report["similarity"] < 0.9 and report["frequent"] < 0.9


def test_an_edit_changes_one_place():
    random = Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    edits = {edit_anywhere("sol", random=random, letters=letters) for _ in range(10_000)}
    lost, swapped = {"ol", "sl", "so"}, {"osl", "slo"}
    put_in = {"sol"[:place] + letter + "sol"[place:] for place in range(3) for letter in letters}
    changed = {"sol"[:place] + letter + "sol"[place + 1 :] for place in range(3) for letter in letters}
    assert edits == lost | swapped | put_in | changed
