import gzip
import re

import pytest

from training.resources.wikdict import Entry, find_dictionaries, read_entries

GERMAN, SPANISH, SWEDISH = "deu", "spa", "swe"
HOUND = "Hund /hʊnt/ <n, masc>\n1. perro, can\nHaustier, das bellt\n2. vagoneta (minería), perro\nWagen im Bergbau\n"
ENTRIES = [
    (["Hund", "hund"], HOUND),
    (["Bank"], "Bank /baŋk/ <n, fem>\nbanco\n"),
    (["laut werden"], "laut werden <v>\n1. alzar la voz, ponerse a hablar muy alto [fig.]\n2. hacerse público\n"),
    (["oje"], "oje [/oˈjeː/]\nay, ¡vaya...!\n"),
    (["nichts"], "nichts <pronoun>\n(sin traducción)\n"),
    (["zwei"], "zwei <numeral>\n1. dos\nSo viele:\n7. ist hier keine Nummer\n"),
]


@pytest.fixture
def put(tmp_path, put_dictionary):
    """Writes a dictionary to `tmp_path`."""
    return lambda pair, entries=(), **changes: put_dictionary(tmp_path, pair, entries, **changes)


def read(root, *languages):
    return read_entries(root, languages=languages)


def test_senses_are_read_as_they_are_written(put, tmp_path):
    put("deu-spa", ENTRIES)
    assert read(tmp_path, GERMAN, SPANISH) == [
        Entry(GERMAN, "Bank", "n", "", {SPANISH: ("banco",)}),
        Entry(GERMAN, "Hund", "n", "Haustier, das bellt", {SPANISH: ("perro", "can")}),
        Entry(GERMAN, "Hund", "n", "Wagen im Bergbau", {SPANISH: ("vagoneta", "perro")}),
        # An explanation of more than three words is left out.
        Entry(GERMAN, "laut werden", "v", "", {SPANISH: ("alzar la voz", "hacerse público")}),
        Entry(GERMAN, "oje", "", "", {SPANISH: ("ay", "¡vaya")}),
        Entry(GERMAN, "zwei", "numeral", "So viele:", {SPANISH: ("dos",)}),
    ]


def test_numbers_in_a_single_sense_are_part_of_it(put, tmp_path):
    put("deu-spa", [(["Jahr"], "Jahr <n>\naño\n1. 365 Tage\n")])
    assert read(tmp_path, GERMAN, SPANISH) == [Entry(GERMAN, "Jahr", "n", "1. 365 Tage", {SPANISH: ("año",)})]


def test_marks_of_stress_go_and_accents_stay(put, tmp_path):
    put("deu-rus", [(["Milch"], "Milch <n>\nмолоко\u0301, й, ё, и\u0306\n")])
    assert read(tmp_path, GERMAN, "rus")[0].translations == {"rus": ("молоко", "й", "ё")}
    put("deu-spa", [(["Jahr"], "Jahr <n>\nan\u0303o, pingu\u0308ino, cafe\u0301\n")])
    assert read(tmp_path, GERMAN, SPANISH)[0].translations == {SPANISH: ("año", "pingüino", "café")}


def test_dictionaries_of_one_language_make_one_entry_of_a_sense(put, tmp_path):
    put("deu-spa", ENTRIES[:2])
    put("deu-swe", [(["Hund"], "Hund <n>\n1. hund, jycke\nHaustier, das bellt\n"), (["Bank"], "Bank <n>\nbänk\n")])
    put("swe-deu", [(["hund"], "hund <n>\nHund\n")])
    put("swe-spa", [(["hund"], "hund <n>\nperro\n"), (["hund"], "hund <n>\nperro, can\n")])
    merged = {(entry.language, entry.headword, entry.definition): entry.translations for entry in read_all(tmp_path)}
    assert merged == {
        (GERMAN, "Bank", ""): {SPANISH: ("banco",), SWEDISH: ("bänk",)},
        (GERMAN, "Hund", "Haustier, das bellt"): {SPANISH: ("perro", "can"), SWEDISH: ("hund", "jycke")},
        (GERMAN, "Hund", "Wagen im Bergbau"): {SPANISH: ("vagoneta", "perro")},
        (SWEDISH, "hund", ""): {GERMAN: ("Hund",), SPANISH: ("perro", "can")},
    }
    assert {language for language, *_ in merged} == {GERMAN, SWEDISH}
    assert [entry.language for entry in read(tmp_path, GERMAN, SPANISH)] == [GERMAN] * 3


def read_all(root):
    return read(root, GERMAN, SPANISH, SWEDISH)


def test_offsets_of_every_length_are_read(put, tmp_path):
    put("deu-spa", [([f"w{number}"], f"w{number} <n>\n{'x' * number}\n") for number in range(1, 700, 7)])
    lengths = {entry.headword: len(*entry.translations[SPANISH]) for entry in read(tmp_path, GERMAN, SPANISH)}
    assert lengths == {f"w{number}": number for number in range(1, 700, 7)}


def test_a_cut_dictionary_is_named_with_its_package(put, tmp_path):
    text = put("deu-spa", ENTRIES).with_suffix(".dict.dz")
    for damaged in (text.read_bytes()[:-9], b"plain text", b""):
        text.write_bytes(damaged)
        message = rf"{re.escape(str(text))} (is cut or damaged .*|does not say .*); apt-get install --reinstall "
        with pytest.raises(ValueError, match=f"{message}dict-freedict-deu-spa"):
            read(tmp_path, GERMAN, SPANISH)


@pytest.mark.parametrize(
    ("header", "wanting"),
    [
        (
            "German - Spanish.\nLicensed under the GNU General Public License, version 2\n",
            "'WikDict' and",
        ),
        ("Made by WikDict.\nGNU General Public License\n", "'Creative Commons Attribution-ShareAlike 3.0'"),
        ("Creative Commons Attribution-ShareAlike 3.0\n", "'WikDict'"),
    ],
)
def test_another_dictionary_in_its_place_is_not_read(put, tmp_path, header, wanting):
    put("deu-spa", ENTRIES, header=header)
    with pytest.raises(ValueError, match=rf"freedict-deu-spa\.dict\.dz does not say {wanting}.* in its header"):
        read(tmp_path, GERMAN, SPANISH)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Hund\tA", "is no headword, offset and length"),
        ("Hund\tA\tÄ", "is no headword, offset and length"),
        ("Hund\t\tB", "is no headword, offset and length"),
        ("\ufeff", "is no headword, offset and length"),
        ("Hund\tB\t//", r"an entry ends at byte 4,096 of a text of \d+"),
    ],
)
def test_an_index_that_does_not_fit_is_refused(put, tmp_path, line, message):
    index = put("deu-spa", ENTRIES)
    count = len(index.read_text(encoding="utf-8").splitlines())
    index.write_text(f"{index.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"freedict-deu-spa\.index, line {count + 1}: .*{message}"):
        read(tmp_path, GERMAN, SPANISH)


def test_a_headword_may_hold_what_some_take_for_the_end_of_a_line(put, tmp_path):
    put("deu-spa", [(["a\u2028b\x85", "Hund"], HOUND)])
    assert len(read(tmp_path, GERMAN, SPANISH)) == 2


def test_all_that_is_missing_is_named_at_once(put, tmp_path):
    put("deu-spa")
    put("deu-swe").with_suffix(".dict.dz").unlink()
    message = r"apt-get install dict-freedict-deu-swe dict-freedict-swe-deu dict-freedict-swe-spa, or .*dpkg-deb -x"
    with pytest.raises(FileNotFoundError, match=message):
        find_dictionaries(tmp_path, languages=[GERMAN, SPANISH, SWEDISH])
    assert find_dictionaries(tmp_path, languages=[GERMAN, "eng"]) == {}  # there is none of WikDict's


def test_a_dictionary_is_read_however_it_was_compressed(put, tmp_path):
    index = put("deu-spa", ENTRIES)
    text, before = index.with_suffix(".dict.dz"), read(tmp_path, GERMAN, SPANISH)
    content = gzip.decompress(text.read_bytes())
    text.write_bytes(gzip.compress(content[:50]) + gzip.compress(content[50:], compresslevel=1))
    assert read(tmp_path, GERMAN, SPANISH) == before
