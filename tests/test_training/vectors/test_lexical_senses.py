import copy
import os
import subprocess
import sys

from training.resources.multiwordnet import Synset
from training.resources.wikdict import Entry
from training.vectors.lexical.senses import Sense, join


def synset(*english, definition="", neighbours=()):
    return Synset(english, definition, neighbours, antonyms=(), count=3)


SYNSETS = {
    "3.0:n1": synset("bank", definition="an institution"),
    "3.0:n2": synset("bank", "shore"),
    "3.0:n3": synset("bench", neighbours=("3.0:n1",)),
    "3.0:v4": synset("bank"),
}
MEMBERS = {
    "3.0:n1": {"en": {"bank"}, "es": {"banco"}, "fr": {"banque"}},
    "3.0:n2": {"en": {"bank", "shore"}, "es": {"orilla"}, "it": {"riva", "sponda del fiume"}},
    "3.0:n3": {"en": {"bench"}, "es": {"banco"}},
    "3.0:v4": {"en": {"bank"}},
    "other:n5": {"es": {"chándal"}},
}
CODES = {"deu": "de", "spa": "es", "fra": "fr", "ita": "it", "eng": "en"}


def joined(*entries, members=MEMBERS):
    return join(members, synsets=SYNSETS, entries=entries, codes=CODES)


def entry(headword, part="n", **translations):
    return Entry("deu", headword, part, "", translations)


def keys_of(senses, word):
    return [key for key, sense in senses.items() if word in sense.words]


def test_without_a_dictionary_senses_are_those_of_the_synsets():
    senses = joined()
    assert senses["3.0:n1"] == Sense(("en:bank", "es:banco", "fr:banque"), ("bank",), "an institution", count=3)
    assert senses["3.0:n2"].words == ("en:bank", "en:shore", "es:orilla", "it:riva")  # single words only
    assert senses["3.0:n3"].neighbours == ("3.0:n1",)
    assert "other:n5" not in senses  # a word alone, of which English says nothing


def test_languages_agree_on_a_synset():
    # banco is in two synsets and bank in two nouns: 2 ** -0.5 each; banque is sure. n1: 0.71 + 1, n3: 0.71.
    senses = joined(entry("Bank", spa=("banco",), fra=("banque",)))
    assert keys_of(senses, "de:bank") == ["3.0:n1", "wikdict:0000000"]
    assert senses["wikdict:0000000"] == Sense(("de:bank", "es:banco", "fr:banque"), ("bank",))
    # Without the French word, two languages agree on n1 with 1.41, and each is alone with another.
    assert keys_of(joined(entry("Bank", spa=("banco",), eng=("bank",))), "de:bank") == ["3.0:n1", "wikdict:0000000"]


def test_one_language_in_doubt_is_not_heard():
    senses = joined(entry("Bank", spa=("banco",)))
    assert keys_of(senses, "de:bank") == ["wikdict:0000000"]
    assert senses["wikdict:0000000"] == Sense(("de:bank", "es:banco"))
    assert keys_of(joined(entry("Ufer", spa=("orilla",))), "de:ufer") == ["3.0:n2", "wikdict:0000000"]


def test_several_words_of_a_language_vote_once():
    members = {key: {"es": {"uno", "dos", "tres"}} for key in ("3.0:n1", "3.0:n2", "3.0:n3", "3.0:v4")}
    senses = joined(entry("Bank", part="", spa=("uno", "dos", "tres")), members=members)
    assert keys_of(senses, "de:bank") == ["wikdict:0000000"]  # each has half a vote, and there is one voter


def test_equal_synsets_are_all_joined():
    senses = joined(entry("Banken", spa=("orilla",), fra=("banque",)))
    assert keys_of(senses, "de:banken") == ["3.0:n1", "3.0:n2", "wikdict:0000000"]
    assert senses["wikdict:0000000"].english == ("bank",)  # of the first


def test_the_part_of_speech_tells_what_is_voted_for():
    members = {key: {"en": of["en"]} for key, of in MEMBERS.items() if "en" in of}
    assert keys_of(joined(entry("banken", part="v", eng=("bank",)), members=members), "de:banken") == [
        "3.0:v4",
        "wikdict:0000000",
    ]
    assert keys_of(joined(entry("banken", part="", eng=("bank",)), members=members), "de:banken") == ["wikdict:0000000"]


def test_what_no_synset_has_is_a_sense_of_its_own():
    senses = joined(entry("Feierabend", eng=("knocking-off time", "finish")), entry("Kater", spa=("resaca",)))
    assert senses["wikdict:0000000"] == Sense(("de:feierabend", "en:finish"), ("finish", "knocking-off time"))
    assert senses["wikdict:0000001"] == Sense(("de:kater", "es:resaca"))


def test_words_of_other_languages_and_phrases_are_not_kept():
    greek = Entry("ell", "τράπεζα", "n", "", {"spa": ("banco",), "fra": ("banque",), "swe": ("bank",)})
    senses = joined(greek, entry("Guten Tag", part="", spa=("buenos días",)), entry("Kater", swe=("baksmälla",)))
    assert senses["wikdict:0000000"].words == ("es:banco", "fr:banque")
    assert {"wikdict:0000001", "wikdict:0000002"}.isdisjoint(senses)
    assert {word.partition(":")[0] for sense in senses.values() for word in sense.words} == {"en", "es", "fr", "it"}


def test_entries_do_not_vote_for_each_other_and_nothing_given_is_changed():
    before = copy.deepcopy(MEMBERS)
    # The first puts Ufer in a synset; the second has no word that WordNet itself knows.
    senses = joined(entry("Ufer", spa=("orilla",)), Entry("fra", "rivage", "n", "", {"deu": ("Ufer",)}))
    assert keys_of(senses, "fr:rivage") == ["wikdict:0000001"]
    assert before == MEMBERS


PROGRAM = """
import random
from training.resources.multiwordnet import Synset
from training.resources.wikdict import Entry
from training.vectors.lexical.senses import join

words, random = [f"w{number}" for number in range(40)], random.Random(0)
languages = {"spa": "es", "ita": "it", "fra": "fr"}
keys = [f"3.0:n{number}" for number in range(60)]
members = {key: {code: set(random.sample(words, 3)) for code in languages.values()} for key in keys}
synsets = {key: Synset((key,), "", (), (), 0) for key in keys}
entries = [
    Entry("deu", word, "n", "", {code: tuple(random.sample(words, 2)) for code in languages}) for word in words
]
senses = join(members, synsets=synsets, entries=entries, codes={"deu": "de", **languages})
"""


def test_the_order_of_sets_does_not_matter():
    here = {}
    exec(PROGRAM, here)
    other = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    there = subprocess.run(
        [sys.executable, "-c", f"{PROGRAM}print(senses)"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": other},
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout == f"{here['senses']}\n"
    assert any(word.startswith("de:") for key in here["keys"] for word in here["senses"][key].words)
