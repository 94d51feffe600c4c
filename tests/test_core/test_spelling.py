import re
import time
import unicodedata
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beast_core import EncoderConfig, encode_words, is_blank
from beast_core.spelling import IGNORED, NEWEST_SPELLING, is_plain, normalise_word

TABLE = Path(__file__).resolve().parents[2] / "training/tables/es.parquet"

ZERO_WIDTH = "\u200b\u200c\u200d\u200e\u200f"
INVISIBLE = f"{ZERO_WIDTH}\xad\ufeff\u034f\u061c\u2060\u202a\u202e\u2066\ufe0e\ufe0f\ufe00\u180b\u3164\u115f\uffa0"
INVISIBLE += "\U000e0001\U000e0067\U000e007f\U000e0100"
SPACES = " \t\n\r\x85\xa0\u2003\u2028\u3000"
OTHERS = "a1#ÁñΣİ\x1c\u0301\u0323\u0327\u0338\u20e3❤👩🚀🏽🏴↔↮™⁉©’´\u1ffdŉﬁ¨ㄱㅏ가ºª①ǅ‐…"
words = st.text(st.sampled_from(INVISIBLE + SPACES + OTHERS) | st.characters(exclude_categories=["Cs"]), max_size=12)

EMOJI = [
    *("👩‍🚀", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "❤️", "❤", "❤️‍🔥", "🏳️‍🌈", "🏴‍☠️", "🕵️‍♂️", "🙂‍↔️", "🙂‍↕️", "1️⃣", "#️⃣", "☎︎", "🇪🇸"),
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
]


def spell(word: str, **options: object) -> str:
    return normalise_word(word, lowercase=True, **options)


@given(words, st.integers(1, NEWEST_SPELLING))
def test_spelling_twice_changes_nothing_and_every_normal_form_is_spelled_alike(word, spelling):
    spelled = spell(word, spelling=spelling)
    assert spell(spelled, spelling=spelling) == spelled
    assert {spell(unicodedata.normalize(form, word), spelling=spelling) for form in ("NFC", "NFD")} == {spelled}


@given(words)
def test_a_word_is_blank_if_spelling_leaves_nothing(word):
    assert is_blank(word) == (spell(word) == "")


@pytest.mark.parametrize("word", ["perro", "niño", "n\u0303u", "Canción", "don't", "日本", "مرحبا", "नमस्ते", "🙂"])
def test_what_is_not_seen_changes_no_word(word):
    for letter in INVISIBLE:
        if word == "🙂" and letter in "\ufe0e\ufe0f":
            continue  # it chooses how the emoji is drawn
        around = (letter + word, word + letter, word[0] + letter + word[1:])
        assert set(map(spell, around)) == {spell(word)}, ascii(letter)
    for space in SPACES:
        assert spell(f"{space}\u200b{space}{word}{space}") == spell(word), ascii(space)


@pytest.mark.parametrize("emoji", EMOJI)
def test_what_belongs_to_an_emoji_stays(emoji):
    assert spell(emoji) == emoji
    assert spell(f"\u200d{emoji}\u200d") == emoji
    assert spell(f"a{emoji}b") == f"a{emoji}b"


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ﬁn", "fin"),
        ("ＦＩＮ", "fin"),
        ("m²", "m2"),
        ("½", "1\u20442"),
        ("…", "..."),
        ("\xb5", "μ"),
        ("Marca™", "marcatm"),
        ("Nº", "nº"),  # not "no"
        ("1.ª", "1.ª"),
        ("d’Artagnan", "d'artagnan"),
        ("‘n’", "'n'"),
        ("d´Artagnan", "d'artagnan"),
        ("ŉ", "'n"),
        ("ex‐jefe", "ex-jefe"),
        ("ex\u2011jefe", "ex-jefe"),
        ("1990–1995", "1990–1995"),
        ("“sí”", "“sí”"),
        ("a\xa0priori", "a priori"),
        ("ΟΔΟΣ", "οδοσ"),
        ("İzmir", "i\u0307zmir"),
        ("\u0301", "\u0301"),
        ("a\ufe0fb", "ab"),
        ("👩\u200d", "👩"),
        ("👩\u200b🚀", "👩🚀"),
        ("\U000e0067\U000e007f", ""),
        ("™\ufe0f", "tm"),
        ("a\0", "a\0"),
    ],
)
def test_by_hand(word, expected):
    assert spell(word) == expected


@pytest.mark.parametrize("word", ["ﬁn", "sol\xad", " sol", "d’artagnan", "m²"])
def test_the_first_rule_is_kept_for_the_models_that_learnt_by_it(word):
    assert spell(word, spelling=1) == word
    first, newest = (
        encode_words([word], config=EncoderConfig.preset("beast", spelling=spelling))[1][0]
        for spelling in (1, NEWEST_SPELLING)
    )
    assert first == len(word.encode()) != newest


def test_no_word_of_the_table_is_spelled_anew():
    table = parquet.read_table(TABLE, columns=["word"])["word"].to_pylist()
    assert len(table) == 150_000
    assert [word for word in table if spell(word) != spell(word, spelling=1)] == []


@pytest.mark.parametrize("spelling", [1, NEWEST_SPELLING])
def test_a_long_word_costs_no_more_than_its_ends(spelling):
    config = EncoderConfig.preset("beast", spelling=spelling)
    long = ["e" + "\u0301\u0323" * 20_000, "ñ" * 500_000, "\u200d" * 100_000, "a" + " " * 100_000 + "b"]
    start = time.perf_counter()
    word_bytes, lengths = encode_words([*long, "sol"], config=config)
    assert time.perf_counter() - start < 1
    assert lengths.tolist() == [24, 24, 0 if spelling > 1 else 24, 24, 3]
    # Of a word that long, what is cut out is nothing that a window could hold.
    assert spell("x" * 100 + "y" * 100 + "z" * 100) == "x" * 100 + "y" * 28 + "z" * 64
    assert word_bytes[1].tobytes() == "ñ".encode() * 12


def test_letters_of_latin_1_are_plain_unless_spelling_changes_more_than_their_case():
    for letter in map(chr, range(256)):
        changed = letter != "\n" and normalise_word(letter, lowercase=False) != letter
        assert is_plain(letter) == (not changed), letter
        assert (re.sub(IGNORED, "", letter) != letter) == (letter == "\xad"), letter
