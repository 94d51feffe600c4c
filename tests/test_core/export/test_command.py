import re
import sys

import numpy as np
import onnxruntime
import pytest

from beast_core import load_encoder
from beast_core.export.__main__ import main


class _Without:
    """Finds no module of that name."""

    def __init__(self, missing):
        self.missing = missing

    def find_spec(self, name, path=None, target=None):
        if name == self.missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.fixture
def words(tmp_path):
    (tmp_path / "words.txt").write_text("perro\n\ngato\nperro\n", encoding="utf-8")
    return tmp_path / "words.txt"


def test_a_language_and_a_folder_are_exported_with_their_licence(model, tmp_path, capsys):
    assert main(["onnx", "es", str(tmp_path / "new" / "es.onnx")]) == 0
    assert main(["onnx", str(model), str(tmp_path / "mine.onnx")]) == 0
    assert "es.onnx: 11.9 MB" in capsys.readouterr().out
    metadata = onnxruntime.InferenceSession(tmp_path / "new" / "es.onnx").get_modelmeta().custom_metadata_map
    assert metadata["model_license"] == "cc-by-sa-4.0" and "WordNet" in metadata["beast"]
    assert (
        "model_license" not in onnxruntime.InferenceSession(tmp_path / "mine.onnx").get_modelmeta().custom_metadata_map
    )


def test_the_words_of_a_file_are_exported(words, tmp_path, capsys):
    assert main(["numpy", "es", str(tmp_path / "es.npz"), "--words", str(words)]) == 0
    assert "2 words, without 1 repeated and 1 empty lines" in capsys.readouterr().out
    with np.load(tmp_path / "es.npz") as read:
        np.testing.assert_array_equal(read["vectors"], load_encoder("es").encode(["perro", "gato"]))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["onnx", "es", "."], "it is a folder, expected a file or nothing"),
        (["onnx", "nowhere", "out"], "no model at .*nowhere.*: found nothing"),
        (["onnx", "es", "words.txt/out"], "words.txt"),
        (["word2vec", "es", "out", "--words", "none.txt"], "no list of words at .*none.txt: found nothing"),
        (["word2vec", "es", "out", "--words", "."], "found a folder"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_writes_nothing(words, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(words.parent)
    assert main(arguments) == 1
    found = capsys.readouterr()
    assert found.out == "" and found.err.startswith("error: ") and found.err.count("\n") == 1
    assert re.search(told, found.err)
    assert [file.name for file in words.parent.iterdir()] == ["words.txt"]


@pytest.mark.parametrize("arguments", [["tflite", "es", "out"], ["gensim", "es", "out"]])
def test_an_unknown_kind_and_a_missing_list_are_said_with_the_usage(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "invalid choice: 'tflite'" in (told := capsys.readouterr().err) or "required: --words" in told


@pytest.mark.parametrize(("kind", "missing", "extra"), [("onnx", "onnx", "export"), ("gensim", "gensim", "export")])
def test_a_missing_extra_is_named(words, monkeypatch, capsys, kind, missing, extra):
    for name in [
        name for name in sys.modules if name.split(".")[0] == missing or name.startswith("beast_core.export.g")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Without(missing), *sys.meta_path])
    given = [] if kind == "onnx" else ["--words", str(words)]
    assert main([kind, "es", str(words.parent / "out"), *given]) == 1
    assert f"{missing} is not installed" in (told := capsys.readouterr().err) and f"beast-vectors[{extra}]" in told
