import re

import pytest

from training.resources.wordnet import Synset, WordNet

LICENCE = "  1 A licence, which is no entry.\n"
WORDNET = {
    "data.noun": [
        "00000100 05 n 02 hound 0 Big_Dog 1 003 @ 00000200 n 0000 ! 00000300 n 0201 + 00000400 v 0101 "
        '| a dog; one that hunts; "the hound barked"; "a hound of hers"  ',
        "00000200 05 n 01 beast 0 000 | a living thing  ",
        '00000300 18 n 01 lapdog 0 001 ! 00000100 n 0102 | a dog called "lap"  ',
    ],
    "index.noun": [
        "hound n 2 2 @ ! 2 1 00000100 00000300  ",
        "big_dog n 1 1 @ 1 0 00000100  ",
        "beast n 1 0 1 0 00000200  ",
    ],
    "data.verb": ["00000400 38 v 01 hound 0 001 + 00000100 n 0101 01 + 08 00 | go after; hunt  "],
    "index.verb": ["hound v 1 1 + 1 1 00000400  "],
    "data.adj": ["00000500 00 s 02 asleep(p) 0 out_cold(ip) 0 000 | not awake  "],
    "index.adj": ["asleep a 1 0 1 0 00000500  "],
    "data.adv": ["00000600 02 r 01 soundly 0 000 | well  "],
    "index.adv": ["soundly r 1 0 1 0 00000600  "],
    "cntlist.rev": ["asleep%5:00:00:: 1 4", "hound%1:05:00:: 1 8", "hound%2:38:00:: 1 1"],
}


def put_wordnet(root, **changes):
    folder = root / "usr/share/wordnet"
    folder.mkdir(parents=True)
    for name, lines in (WORDNET | changes).items():
        licence = "" if name == "cntlist.rev" else LICENCE
        (folder / name).write_text(licence + "".join(f"{line}\n" for line in lines))


def test_wordnet_gives_synsets_and_their_relations(tmp_path):
    put_wordnet(tmp_path)
    wordnet = WordNet(tmp_path)
    assert sorted(wordnet.synsets) == ["a00000500", "n00000100", "n00000200", "n00000300", "r00000600", "v00000400"]
    assert wordnet.synsets["n00000100"] == Synset(
        lemmas=("hound", "Big Dog"),
        pointers=(
            ("@", "n00000200"),
            ("!", "n00000300"),
            ("+", "v00000400"),
        ),
        definition="a dog; one that hunts",
    )
    assert wordnet.synsets["a00000500"].lemmas == ("asleep", "out cold")
    assert wordnet.synsets["n00000300"].definition == 'a dog called "lap"'
    assert {file.name for file in wordnet.files} == set(WORDNET)


def test_counts_are_summed_over_the_lemmas_of_a_synset(tmp_path):
    of_nothing = ["hound%1:05:00:: 3 7", "cat%1:05:00:: 1 9"]
    put_wordnet(tmp_path, **{"cntlist.rev": [*WORDNET["cntlist.rev"], "big_dog%1:05:00:: 1 2", *of_nothing]})
    counts = WordNet(tmp_path).counts()
    assert counts == {"a00000500": 4, "n00000100": 10, "v00000400": 1}
    assert counts["n00000300"] == 0


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("data.noun", "00000100 05 n 02 hound 0 003 @ 00000200 n 0000 | too few lemmas"),
        ("index.adj", "asleep a 2 0 1 0 00000500"),
        ("cntlist.rev", "hound%9:05:00:: 1 8"),
    ],
)
def test_a_wordnet_of_another_format_is_refused(tmp_path, name, line):
    put_wordnet(tmp_path, **{name: [*WORDNET[name], line]})
    number = len(WORDNET[name]) + (1 if name == "cntlist.rev" else 2)
    message = f"{name}, line {number}: {line!r:.60} is not in the format of WordNet 3.0"
    with pytest.raises(ValueError, match=re.escape(message)):
        WordNet(tmp_path)


def test_a_missing_wordnet_is_named_with_its_package(tmp_path):
    put_wordnet(tmp_path)
    (tmp_path / "usr/share/wordnet/index.adv").unlink()
    with pytest.raises(FileNotFoundError, match=r"\(index\.adv missing\): apt-get install wordnet-base"):
        WordNet(tmp_path)
