import pytest

from training.common.errors import InputError
from training.evaluate.evaluation_sets import read_sets
from training.evaluate.kinds import KINDS


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


PAIRS = (
    "word1\tword2\tscore\nSol\tluna\t7.5\nmar\tMar\t10\ncaña\tpuro humo\t3\nfin_de\tmar\t1\nuno\tdos\t2\nmesa\tsol\t0\n"
)


TWEETS = "oov\tclass\tnormalised\n"


def test_pairs_are_lower_case_single_and_of_different_words(tmp_path):
    (found,) = read_sets([write(tmp_path, {"similarity/casa.tsv": PAIRS})], kinds=KINDS).of_kind["similarity"]
    assert found.name == "casa"
    assert found.pairs == [("sol", "luna"), ("uno", "dos"), ("mesa", "sol")]
    assert found.scores.tolist() == [7.5, 2.0, 0.0]


def test_words_are_composed(tmp_path):
    text = "word\tcategory\nCan\u0303a\tplanta\nrosa\tplanta\nrosa\tcolor\nazul\tcolor\nazul\tcolor\nsol y mar\tcolor\n"
    (found,) = read_sets([write(tmp_path, {"clustering/x.tsv": text})], kinds=KINDS).of_kind["clustering"]
    # rosa is in two classes: no cluster is right for it
    assert dict(zip(found.words, found.classes, strict=True)) == {"ca\u00f1a": "planta", "azul": "color"}


def test_retrieval_asks_only_what_is_not_given_away(tmp_path):
    files = {
        "robust/typos_libreoffice_es.tsv": "wrong\tright\tkind\narbol\tárbol\taccent\nasul\tazul\tother\n",
        "robust/tweetnorm_dev500_es.tsv": TWEETS + "Kasa\t0\tcasa\nyo\t1\t-\nperu\t0\tPeru\nxq\t0\tpor_qué\n",
        "robust/sigmorphon2018_es_dev.tsv": "lemma\tform\ttags\nir\tvoy\tV\nir\tir\tV\nver\tno vea\tV\nver\tvisto\tV\n",
    }
    found = {each.name: each for each in read_sets([write(tmp_path, files)], kinds=KINDS).of_kind["retrieval"]}
    asked = {
        name: [(query, each.candidates[row]) for query, row in zip(each.queries, each.answers, strict=True)]
        for name, each in found.items()
    }
    assert asked == {
        "typos_libreoffice_es": [("arbol", "árbol"), ("asul", "azul")],
        "typos_libreoffice_es, accent only": [("arbol", "árbol")],
        "tweetnorm_dev500_es": [("kasa", "casa")],
        "sigmorphon2018_es_dev": [("voy", "ir"), ("visto", "ver")],
    }
    assert found["typos_libreoffice_es, accent only"].candidates == ["árbol", "azul"]
    assert found["tweetnorm_dev500_es"].candidates == ["casa", "peru"]


def test_retrieval_sets_are_told_by_their_columns_and_parts_to_learn_from_are_not_measured(tmp_path):
    files = {
        "robust/errors.tsv": "note\tright\twrong\n-\tthe\tteh\n",  # without a kind there is no part of it
        "robust/no_accents.tsv": "wrong\tright\tkind\nteh\tthe\tother\n",
        "robust/forms_train-medium.tsv": "lemma\tform\ttags\ngo\twent\tV\n",
        "robust/training_shoes.tsv": "lemma\tform\ttags\ngo\twent\tV\n",
    }
    found = read_sets([write(tmp_path, files)], kinds=KINDS).of_kind["retrieval"]
    assert [each.name for each in found] == ["errors", "no_accents", "training_shoes"]


def test_digests_tell_the_files_apart(tmp_path):
    before = read_sets([write(tmp_path, {"similarity/casa.tsv": PAIRS})], kinds=KINDS).digests
    after = read_sets([write(tmp_path, {"similarity/casa.tsv": PAIRS.replace("7.5", "7.6")})], kinds=KINDS).digests
    assert list(before) == list(after) == ["similarity/casa.tsv"]
    assert before != after


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"readme.txt": "hola"}, r"holds no evaluation set; expected similarity/\*\.tsv"),
        ({"similarity/a.tsv": ""}, r"a\.tsv has columns \[\], expected at least \['word1', 'word2', 'score'\]"),
        ({"similarity/a.tsv": "word1\tword2\nsol\tmar\n"}, r"\['score'\] missing"),
        ({"similarity/a.tsv": PAIRS + "sol\tmar\n"}, r"a\.tsv, line 8: 2 columns, expected 3: 'sol\\tmar'"),
        ({"similarity/a.tsv": PAIRS + "sol\tmar\talto\n"}, r"line 8: found score 'alto', expected a number"),
        ({"similarity/a.tsv": PAIRS + "sol\tmar\tnan\n"}, r"line 8: found score 'nan', expected a number"),
        ({"similarity/a.tsv": "word1\tword2\tscore\nsol\tsol\t1\n"}, r"found 0 usable pairs, expected three or more"),
        (
            {"clustering/a.tsv": "word\tkind\nsol\tastro\n"},
            r"no column with the classes, expected 'category' or 'chapter'",
        ),
        ({"clustering/a.tsv": "word\tchapter\nsol\t1\nmar\t1\n"}, r"found 1 classes, expected two or more"),
        ({"analogy/a.tsv": "a\tb\tc\nsol\tmar\tsal\n"}, r"expected at least \['a', 'b', 'c', 'd'\]: \['d'\] missing"),
        (
            {"analogy/a.tsv": "a\tb\tc\td\nsol\tmar\tsal\tmar\n"},
            r"found no usable question, expected four single words a row, the last not among the others",
        ),
        ({"robust/a.tsv": "word\tright\nteh\tthe\n"}, r"a\.tsv: found columns right, word, expected wrong, right or"),
        ({"robust/a.tsv": "wrong\tright\n"}, r"a\.tsv: found columns \(no rows\), expected wrong, right or"),
        (
            {"robust/tweetnorm_dev500_es.tsv": "oov\tclass\tnormalised\nsol\t0\tSol\n"},
            r"tweetnorm_dev500_es\.tsv: found nothing to ask",
        ),
    ],
)
def test_unusable_sets_say_what_is_wrong_where(tmp_path, files, told):
    with pytest.raises(InputError, match=told):
        read_sets([write(tmp_path, files)], kinds=KINDS)


def test_other_encodings_are_refused(tmp_path):
    (tmp_path / "similarity").mkdir()
    (tmp_path / "similarity/a.tsv").write_bytes("word1\tword2\tscore\nniño\tsol\t1\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"a\.tsv is not UTF-8"):
        read_sets([tmp_path], kinds=KINDS)
