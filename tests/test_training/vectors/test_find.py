import re
import shutil

import numpy as np
import pytest

from training.common.errors import InputError
from training.evaluate.__main__ import main
from training.vectors.find import find_model


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "stars.vec").write_text("3 3\nsol 3 4 5\nluna 0 0 2\nastro -6 8 -1\n", encoding="utf-8")
    for copy in ("a@2.vec", "a=b.vec", "stars.vec@2.vec"):
        shutil.copy(tmp_path / "stars.vec", tmp_path / copy)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_first_entries_are_kept_and_scaled(folder):
    model = find_model("stars.vec@2").load()
    vectors, known = model.lookup(["sol", "luna", "astro", "marte"])
    assert model.width == 2
    # of luna nothing is left, but it is known
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0, 0], [-0.6, 0.8], [0, 0]], rtol=1e-6)
    assert vectors.dtype == np.float32
    assert known.tolist() == [True, True, True, False]


def test_the_first_entries_of_the_shipped_model():
    whole, short = (find_model(given).load().lookup(["perro", "gato"])[0] for given in ("shipped", "shipped@64"))
    assert short.shape == (2, 64)
    np.testing.assert_allclose(np.linalg.norm(short, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(short, whole[:, :64] / np.linalg.norm(whole[:, :64], axis=1, keepdims=True), rtol=1e-6)


def test_a_language_is_the_model_that_comes_for_it_unless_a_folder_has_its_name(folder):
    source = find_model("de@64")
    assert (source.name, source.kind, source.load().language) == ("de@64", "beast", "de")
    assert find_model("mine=de").name == "mine" and find_model("de").name == "de"
    (folder / "de").mkdir()
    with pytest.raises(InputError, match=r"'de' is a language that a model comes for, and there is a folder"):
        find_model("de")


@pytest.mark.parametrize(
    ("given", "name", "path", "first_entries"),
    [
        ("stars.vec@2", "stars.vec@2", "stars.vec", 2),
        ("mine=stars.vec@3", "mine", "stars.vec", 3),
        ("a@2.vec", "a@2.vec", "a@2.vec", None),
        ("a@2.vec@1", "a@2.vec@1", "a@2.vec", 1),
        ("x=a@2.vec", "x", "a@2.vec", None),
        ("a=b.vec@1", "a=b.vec@1", "a=b.vec", 1),
        ("stars.vec@2.vec", "stars.vec@2.vec", "stars.vec@2.vec", None),
    ],
)
def test_a_path_may_hold_an_at_sign(folder, given, name, path, first_entries):
    source = find_model(given)
    assert (source.name, str(source.path), source.first_entries) == (name, path, first_entries)


@pytest.mark.parametrize("entries", ["0", "-2", "two", "1.5", "", "\u00b2"])
def test_what_is_no_number_of_entries_is_refused(folder, entries):
    told = f"model 'x=stars.vec@{entries}' has {entries!r} after '@', expected how many entries to keep, 1 or more"
    with pytest.raises(InputError, match=re.escape(told)):
        find_model(f"x=stars.vec@{entries}")


def test_what_is_not_there_is_told_whole(folder):
    with pytest.raises(InputError, match=r"there is nothing at .*/moon\.vec@2; expected .*path@64 keeps the first 64"):
        find_model("x=moon.vec@2")


def test_more_entries_than_there_are_end_the_command(folder):
    told = "error: model 'stars.vec@4' is to keep 4 entries, but its vectors have 3; expected a number from 1 to 3"
    with pytest.raises(SystemExit, match=told):
        main(["stars.vec@4", "--output", "out"])
