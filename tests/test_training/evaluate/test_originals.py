import pytest
import srsly

from training.common.errors import InputError
from training.evaluate.originals import ORIGINALS, import_originals, main
from training.languages import known_languages


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


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
    "es/SL999es.tab": "viejo\tnuevo\t1.5\ncarbón_vegetal\tcarbón\t7\n",
    "es/ES-SIM999.txt": "sol\tluna\t6.00\n",
    "es/es.test.txt": "Tierra Prometida\tluna\t0.42\r\n",
    "es/es.fixed.tab": "sol\tluna\t3\n",
    "es/Key-2016-1310.tsv": CONCEPTS,
    "es/ParaLex.csv": 'Language,Comment,Test label,Term 1,Term 2\nEN,English,fruit,fig,\nES,Spanish,x,higo ,"uva"\n',
    "es/DocumentList.xml": XML,
    "es/tweet-norm-dev500_annotated.txt": "31\tke bien\n\tke 0 qué\n\tporai 0 por_ahí\n32\thola a todos\n\tLola 1 -\n",
    "es/spanish-dev": "ir\tvoy\tV;IND\n",
    "de/simlex-german.txt": "word 1\tword 2\tscore\nalt\tneu\t0.08\n",
    "en/wordsim353-english.txt": "love\tsex\t6.77\n",  # no header to leave out
    "cross/en-de.test.txt": "fencing\tGymnastik\t2.17\n",
}
CANONICAL = {
    "es/similarity/simlex999_es_ew.tsv": "word1\tword2\tscore\nviejo\tnuevo\t1.5\ncarbón_vegetal\tcarbón\t7\n",
    "es/similarity/simlex999_es_semr11.tsv": "word1\tword2\tscore\nsol\tluna\t6.00\n",
    "es/similarity/semeval2017_t2_es.tsv": "word1\tword2\tscore\nTierra Prometida\tluna\t0.42\n",
    "es/similarity/ws353_es.tsv": "word1\tword2\tscore\nsol\tluna\t3\n",
    "es/clustering/ids_chapters_es.tsv": "word\tchapter\nsol\t1\ncaro\t11\n",
    "es/clustering/paralex_es.tsv": "word\tcategory\nhigo\tx\nuva\tx\n",
    "es/robust/typos_libreoffice_es.tsv": "wrong\tright\tkind\nsofa\tsofá\taccent\novario\tobvio\tother\n",
    "es/robust/tweetnorm_dev500_es.tsv": "oov\tclass\tnormalised\nke\t0\tqué\nporai\t0\tpor_ahí\nLola\t1\t-\n",
    "es/robust/sigmorphon2018_es_dev.tsv": "lemma\tform\ttags\nir\tvoy\tV;IND\n",
    "de/similarity/simlex999.tsv": "word1\tword2\tscore\nalt\tneu\t0.08\n",
    "en/similarity/ws353.tsv": "word1\tword2\tscore\nlove\tsex\t6.77\n",
    "cross/similarity/semeval2017_t2_en-de.tsv": "word1\tword2\tscore\nfencing\tGymnastik\t2.17\n",
}


def test_originals_become_the_sets(tmp_path):
    source, made = write(tmp_path / "originals", MADE_UP), tmp_path / "made"
    written, missing = import_originals(source, made)
    assert missing == sorted(set(ORIGINALS) - set(MADE_UP))
    assert {name: (made / name).read_bytes().decode() for name in written} == CANONICAL
    assert sorted(file.relative_to(made).as_posix() for file in made.rglob("*") if file.is_file()) == sorted(CANONICAL)


def test_every_original_has_an_address_that_cannot_change():
    assert len({original.destination for original in ORIGINALS.values()}) == len(ORIGINALS)
    for name, original in ORIGINALS.items():
        host, _, path = original.url.removeprefix("https://").partition("/")
        assert host == "raw.githubusercontent.com"
        commit = path.split("/")[2]
        assert len(commit) == 40
        assert int(commit, 16)
        assert path.endswith(name.partition("/")[2])
        assert original.destination.partition("/")[0] in (*known_languages(), "cross")


def test_the_command_tells_which_originals_are_not_there(tmp_path, capsys):
    source = write(tmp_path / "originals", {"es/es.fixed.tab": MADE_UP["es/es.fixed.tab"]})
    main([str(source), str(tmp_path / "made")])
    told = capsys.readouterr().out
    assert f"wrote {tmp_path / 'made/es/similarity/ws353_es.tsv'}" in told
    assert f"not there: {source / 'es/spanish-dev'} (https://raw.githubusercontent.com/sigmorphon/" in told
    assert told.count("not there") == len(ORIGINALS) - 1


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "holds none of the original files"),
        (
            {"es/es.fixed.tab": "<html>not found</html>"},
            r"es\.fixed\.tab is not the file at https://.*download it again",
        ),
        (
            {"es/ES-SIM999.txt": "sol\tluna\tmucho\n"},
            r"is not the file at .*could not convert string to float: 'mucho'",
        ),
        ({"es/DocumentList.xml": "<block"}, r"DocumentList\.xml is not the file at"),
        ({"es/Key-2016-1310.tsv": "ID\tENGLISH\n1\tsun\n"}, r"Key-2016-1310\.tsv is not the file at .*SPANISH"),
        ({"es/ParaLex.csv": "Language,Comment,Test label\nEN,English,fruit,fig\n"}, r"ParaLex\.csv .*no row found"),
    ],
)
def test_a_broken_original_writes_nothing(tmp_path, files, told):
    source = write(tmp_path / "originals", {**files, "keep": ""})
    if files:
        write(source, {"es/SL999es.tab": MADE_UP["es/SL999es.tab"]})
    with pytest.raises(InputError, match=told):
        import_originals(source, tmp_path / "made")
    with pytest.raises(SystemExit, match=r"^error: "):
        main([str(source), str(tmp_path / "made")])
    assert not (tmp_path / "made").exists()


def test_the_project_downloads_every_original_when_asked():
    assets = srsly.read_yaml("project.yml")["assets"]
    downloaded = {asset["dest"]: asset["url"] for asset in assets if asset["dest"].startswith("assets/originals/")}
    assert downloaded == {f"assets/originals/{name}": original.url for name, original in ORIGINALS.items()}
    assert all(asset["extra"] for asset in assets)
