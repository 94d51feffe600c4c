import pytest

from training.evalsets import ORIGINALS, InputError, import_originals, main, read_sets


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


PAIRS = "word1\tword2\tscore\nSol\tluna\t7.5\nmar\tMar\t10\ncan\u0303a\tpuro humo\t3\nfin_de\tmar\t1\nuno\tdos\t2\nmesa\tsol\t0\n"


def test_pairs_are_lower_case_single_and_of_different_words(tmp_path):
    (found,) = read_sets(write(tmp_path, {"similarity/casa.tsv": PAIRS})).similarity
    assert found.name == "casa"
    assert found.pairs == [("sol", "luna"), ("uno", "dos"), ("mesa", "sol")]
    assert found.scores.tolist() == [7.5, 2.0, 0.0]


def test_words_are_composed(tmp_path):
    text = "word\tcategory\nCan\u0303a\tplanta\nrosa\tplanta\nrosa\tcolor\nazul\tcolor\nazul\tcolor\nsol y mar\tcolor\n"
    (found,) = read_sets(write(tmp_path, {"clustering/x.tsv": text})).clustering
    # rosa is in two classes: no cluster is right for it
    assert dict(zip(found.words, found.classes, strict=True)) == {"ca\u00f1a": "planta", "azul": "color"}


def test_retrieval_asks_only_what_is_not_given_away(tmp_path):
    files = {
        "robust/typos_libreoffice_es.tsv": "wrong\tright\tkind\narbol\tárbol\taccent\nasul\tazul\tother\n",
        "robust/tweetnorm_dev500_es.tsv": "oov\tclass\tnormalised\nKasa\t0\tcasa\nLola\t1\t-\nperu\t0\tPeru\nxq\t0\tpor_qué\n",
        "robust/sigmorphon2018_es_dev.tsv": "lemma\tform\ttags\nir\tvoy\tV\nir\tir\tV\nver\tno vea\tV\nver\tvisto\tV\n",
    }
    found = {each.name: each for each in read_sets(write(tmp_path, files)).retrieval}
    asked = {
        name: [(query, each.candidates[row]) for query, row in zip(each.queries, each.answers, strict=True)]
        for name, each in found.items()
    }
    assert asked == {
        "misspelling -> word": [("arbol", "árbol"), ("asul", "azul")],
        "misspelling -> word, accent only": [("arbol", "árbol")],
        "tweet spelling -> word": [("kasa", "casa")],
        "inflected form -> lemma": [("voy", "ir"), ("visto", "ver")],
    }
    assert found["misspelling -> word, accent only"].candidates == ["árbol", "azul"]
    assert found["tweet spelling -> word"].candidates == ["casa", "peru"]


def test_digests_tell_the_files_apart(tmp_path):
    before = read_sets(write(tmp_path, {"similarity/casa.tsv": PAIRS})).digests
    after = read_sets(write(tmp_path, {"similarity/casa.tsv": PAIRS.replace("7.5", "7.6")})).digests
    assert list(before) == list(after) == ["similarity/casa.tsv"]
    assert before != after


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"readme.txt": "hola"}, r"holds no evaluation set; expected similarity/\*\.tsv"),
        ({"similarity/a.tsv": ""}, r"a\.tsv has columns \[\], expected at least \['word1', 'word2', 'score'\]"),
        ({"similarity/a.tsv": "word1\tword2\nsol\tmar\n"}, r"\['score'\] missing"),
        ({"similarity/a.tsv": PAIRS + "sol\tmar\n"}, r"a\.tsv, line 8: 2 columns, expected 3: 'sol\\tmar'"),
        ({"similarity/a.tsv": PAIRS + "sol\tmar\talto\n"}, r"line 8: score is 'alto', expected a number"),
        ({"similarity/a.tsv": PAIRS + "sol\tmar\tnan\n"}, r"line 8: score is 'nan', expected a number"),
        ({"similarity/a.tsv": "word1\tword2\tscore\nsol\tsol\t1\n"}, r"found 0 usable pairs, expected three or more"),
        (
            {"clustering/a.tsv": "word\tkind\nsol\tastro\n"},
            r"no column with the classes, expected 'category' or 'chapter'",
        ),
        ({"clustering/a.tsv": "word\tchapter\nsol\t1\nmar\t1\n"}, r"found 1 classes, expected two or more"),
        (
            {"robust/tweetnorm_dev500_es.tsv": "oov\tclass\tnormalised\nsol\t0\tSol\n"},
            r"found nothing to ask for 'tweet spelling -> word'",
        ),
    ],
)
def test_unusable_sets_say_what_is_wrong_where(tmp_path, files, told):
    with pytest.raises(InputError, match=told):
        read_sets(write(tmp_path, files))


def test_other_encodings_are_refused(tmp_path):
    (tmp_path / "similarity").mkdir()
    (tmp_path / "similarity/a.tsv").write_bytes("word1\tword2\tscore\nniño\tsol\t1\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"a\.tsv is not UTF-8"):
        read_sets(tmp_path)


XML = """<?xml version="1.0" encoding="utf-8"?>
<block-list:block-list xmlns:block-list="http://openoffice.org/2001/block-list">
  <block-list:block block-list:abbreviated-name="--&gt;" block-list:name="→"/>
  <block-list:block block-list:abbreviated-name="sofa" block-list:name="sofá"/>
  <block-list:block block-list:abbreviated-name="ovario" block-list:name="obvio"/>
  <block-list:block block-list:abbreviated-name=":sol:" block-list:name="☀"/>
</block-list:block-list>
"""
CONCEPTS = (
    'ID\tENGLISH\tSPANISH\tCHAPTER\n1\tsun, "sol"\tsol (astro), astro\t1\n2\toften\ta menudo, mucho\t14\n'
    "3\tdear\tcaro (costoso)\t11\n4\tnone\t\t2\n"
)
MADE_UP = {
    "SL999es.tab": "viejo\tnuevo\t1.5\ncarbón_vegetal\tcarbón\t7\n",
    "ES-SIM999.txt": "sol\tluna\t6.00\n",
    "es.test.txt": "Tierra Prometida\tluna\t0.42\r\n",
    "es.fixed.tab": "sol\tluna\t3\n",
    "Key-2016-1310.tsv": CONCEPTS,
    "ParaLex.csv": 'Language,Comment,Test label,Term 1,Term 2,Term 3\nEN,English,fruit,fig,,\nES,Spanish,fruta,higo ,"uva",\n',
    "DocumentList.xml": XML,
    "tweet-norm-dev500_annotated.txt": "31\tke bien\n\tke 0 qué\n\tporai 0 por_ahí\n32\thola a todos\n\tLola 1 -\n",
    "spanish-dev": "ir\tvoy\tV;IND\n",
}
CANONICAL = {
    "similarity/simlex999_es_ew.tsv": "word1\tword2\tscore\nviejo\tnuevo\t1.5\ncarbón_vegetal\tcarbón\t7\n",
    "similarity/simlex999_es_semr11.tsv": "word1\tword2\tscore\nsol\tluna\t6.00\n",
    "similarity/semeval2017_t2_es.tsv": "word1\tword2\tscore\nTierra Prometida\tluna\t0.42\n",
    "similarity/ws353_es.tsv": "word1\tword2\tscore\nsol\tluna\t3\n",
    "clustering/ids_chapters_es.tsv": "word\tchapter\nsol\t1\ncaro\t11\n",
    "clustering/paralex_es.tsv": "word\tcategory\nhigo\tfruta\nuva\tfruta\n",
    "robust/typos_libreoffice_es.tsv": "wrong\tright\tkind\nsofa\tsofá\taccent\novario\tobvio\tother\n",
    "robust/tweetnorm_dev500_es.tsv": "oov\tclass\tnormalised\nke\t0\tqué\nporai\t0\tpor_ahí\nLola\t1\t-\n",
    "robust/sigmorphon2018_es_dev.tsv": "lemma\tform\ttags\nir\tvoy\tV;IND\n",
}


def test_originals_become_the_sets(tmp_path):
    source, made = write(tmp_path / "originals", MADE_UP), tmp_path / "made"
    written, missing = import_originals(source, made)
    assert missing == []
    assert {name: (made / name).read_bytes().decode() for name in written} == CANONICAL
    assert sorted(file.name for file in made.rglob("*") if file.is_file()) == sorted(
        name.split("/")[1] for name in CANONICAL
    )


def test_every_original_has_an_address_that_cannot_change():
    assert set(ORIGINALS) == set(MADE_UP)
    for name, original in ORIGINALS.items():
        host, _, path = original.url.removeprefix("https://").partition("/")
        assert host == "raw.githubusercontent.com"
        commit = path.split("/")[2]
        assert len(commit) == 40
        assert int(commit, 16)
        assert path.endswith(name)


def test_the_command_tells_which_originals_are_not_there(tmp_path, capsys):
    source = write(tmp_path / "originals", {"es.fixed.tab": MADE_UP["es.fixed.tab"]})
    assert main(["import", str(source), str(tmp_path / "made")]) == 0
    told = capsys.readouterr().out
    assert f"wrote {tmp_path / 'made/similarity/ws353_es.tsv'}" in told
    assert f"not there: {source / 'spanish-dev'} (https://raw.githubusercontent.com/sigmorphon/" in told
    assert told.count("not there") == len(ORIGINALS) - 1


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "holds none of the original files"),
        ({"es.fixed.tab": "<html>not found</html>"}, r"es\.fixed\.tab is not the file at https://.*download it again"),
        ({"ES-SIM999.txt": "sol\tluna\tmucho\n"}, r"is not the file at .*could not convert string to float: 'mucho'"),
        ({"DocumentList.xml": "<block"}, r"DocumentList\.xml is not the file at"),
        ({"Key-2016-1310.tsv": "ID\tENGLISH\n1\tsun\n"}, r"Key-2016-1310\.tsv is not the file at .*SPANISH"),
        ({"ParaLex.csv": "Language,Comment,Test label\nEN,English,fruit,fig\n"}, r"ParaLex\.csv .*no row found"),
    ],
)
def test_a_broken_original_writes_nothing(tmp_path, capsys, files, told):
    source = write(tmp_path / "originals", {**files, "keep": ""})
    if files:
        write(source, {"SL999es.tab": MADE_UP["SL999es.tab"]})
    with pytest.raises(InputError, match=told):
        import_originals(source, tmp_path / "made")
    assert main(["import", str(source), str(tmp_path / "made")]) == 1
    assert capsys.readouterr().err.startswith("error: ")
    assert not (tmp_path / "made").exists()
