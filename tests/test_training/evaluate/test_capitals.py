import numpy as np
import pytest

from training.evaluate.kinds.capitals import CAPITALS
from training.evaluate.sources import Sources

SENTENCES = [
    [("¿", "PUNCT"), ("Los", "DET"), ("leones", "NOUN"), ("ven", "VERB"), ("a", "ADP"), ("Rosa", "PROPN")],
    [("Una", "DET"), ("rosa", "NOUN"), ("para", "ADP"), ("Madrid", "PROPN"), ("en", "ADP"), ("los", "DET")],
    [("Rosa", "PROPN"), ("va", "VERB"), ("a", "ADP"), ("León", "PROPN"), ("y", "CCONJ"), ("OTAN", "PROPN")],
]


def treebank(folder, sentences=SENTENCES):
    (folder / "downstream").mkdir(parents=True)
    text = ""
    for sentence in sentences:
        rows = (f"{row}\t{form}\t_\t{tag}" + "\t_" * 6 for row, (form, tag) in enumerate(sentence, start=1))
        text += "# text\n" + "1-2\tDel" + "\t_" * 8 + "\n" + "\n".join(rows) + "\n\n"
    (folder / "downstream" / "es_any-ud-dev.conllu").write_text(text.replace("1-2\tDel", "7-8\tDel"), encoding="utf-8")
    return Sources([folder])


class Model:
    """Words as vectors of three numbers."""

    width = 3

    def __init__(self, **vectors):
        self.vectors = vectors

    def lookup(self, words):
        rows = [self.vectors.get(word, self.vectors.get("other", (1, 0, 0))) for word in words]
        return np.array(rows, dtype=np.float32).reshape(-1, 3), np.ones(len(words), dtype=bool)


def test_a_treebank_has_words_that_begin_sentences_and_names_that_are_words(tmp_path):
    [found] = CAPITALS.find(treebank(tmp_path))
    assert found.words == ["en", "leones", "los", "para", "rosa", "va", "ven"]
    assert [found.words[row] for row in found.starts] == ["los"]  # "una" never comes in lower case
    assert (found.names_and_words, found.only_names) == (["Rosa"], ["León", "Madrid"])


@pytest.mark.parametrize(
    ("vectors", "starts", "names"),
    [
        ({"los": (0, 1, 0), "Los": (0, 1, 0), "Rosa": (0.6, 0, 0.8), "rosa": (0, 0, 1)}, 1.0, 1.0),
        ({"los": (0, 1, 0), "Los": (0, 0, 1), "Rosa": (0, 0, 1), "rosa": (0, 0, 1)}, 0.0, 0.0),  # a tie is not right
        ({"los": (0, 1, 0), "Los": (0, 1, 0), "Rosa": (0, 0, 1), "rosa": (1, 0, 1)}, 1.0, 0.0),
    ],
)
def test_a_start_is_its_word_and_a_name_is_nearer_to_names(tmp_path, vectors, starts, names):
    given = CAPITALS.find(treebank(tmp_path))
    scores = CAPITALS.scores(Model(other=(1, 0, 0), **vectors), given=given)
    assert scores["es_any-ud-dev: words at starts"].scores["right"].value == starts
    assert scores["es_any-ud-dev: names that are words"].scores["right"].value == names


def test_a_name_that_a_table_does_not_know_is_not_right(tmp_path):
    given = CAPITALS.find(treebank(tmp_path))
    model = Model(other=(1, 0, 0), rosa=(-1, 0, 0), Rosa=(0, 0, 0))
    model.lookup = lambda words: (Model.lookup(model, words)[0], np.array([word != "Rosa" for word in words]))
    [of_names] = [found for name, found in CAPITALS.scores(model, given=given).items() if "names" in name]
    assert of_names.coverage == 0 and of_names.scores["right"].value == 0


def test_a_file_of_another_format_is_told_and_one_without_capitals_left_out(tmp_path):
    assert CAPITALS.find(treebank(tmp_path / "low", [[("los", "DET")]])) == []
    sources = treebank(tmp_path / "bad")
    (tmp_path / "bad" / "downstream" / "es_any-ud-dev.conllu").write_text("# text\n1\tLos\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"es_any.*line 2: found 2 columns, expected ten of CoNLL-U"):
        CAPITALS.find(sources)
