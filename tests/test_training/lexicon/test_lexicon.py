import json
import random
import re
import sys
from dataclasses import replace

import datasets
import numpy as np
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.languages import read_language
from training.lexicon import __main__ as lexicon
from training.lexicon.__main__ import (
    METADATA_KEY,
    build_lexicon,
    choose_lemmas,
    describe,
    find_families,
    hold_out,
    write_lexicon,
)
from training.lexicon.sources import LICENCES, Sources
from training.resources.frequencies import Counts
from training.resources.hunspell import read_affixes, read_dictionary

RULES = """SET UTF-8
SFX S Y 2
SFX S 0 s [aeo]
SFX S 0 es [nlr]
SFX R Y 3
SFX R ar o ar
SFX R ar a ar
SFX R ar ará ar
SFX E Y 2
SFX E ar ándose ar
SFX E 0 se r
SFX Â Y 1
SFX Â 0 le r
SFX C Y 1
SFX C o aje/S o
"""
ENTRIES = [
    "casa/S",
    "casar/RE",
    "Casas",
    "estado/S",
    "está",
    "para",
    "sol/S",
    "Perú",
    "velo/CS",
    "dar/Â",
    "ADSL",
    "km²",
]
LEMMAS = {
    **{"casas": "casa", "está": "estar", "para": "parir", "soles": "sol", "condiciónes": "condición", "nos": "no"},
    **{"hits": "hit", "tensioactivos": "tensioactivo", "GATOS": "GATO", "4x4s": "4x4"},
}
TIPED = ["tipar", "tipo", "tipa", "tipara"]
FREQUENCIES = {
    **{"para": 7.0, "está": 6.0, "casa": 5.8, "estar": 5.4, "parir": 3.3, "casar": 3.9, "casas": 4.9, "sol": 5.0},
    **{"obama": 4.3, "perú": 4.5, "peru": 3.9, "haití": 3.9, "haiti": 3.0, "otan": 3.9, "xvi": 3.5, "lake": 3.1},
    **{"malware": 3.2, "hashtag": 3.9, "exelente": 3.0, "wargaming": 1.9, "caxa": 2.0, "slo": 3.1},
    **{"guachito": 2.0, "solecito": 2.5, "solecitos": 2.1, "jajaja": 4.0, "dia": 4.5, "xàbia": 2.0, "rara": 1.2},
}
COUNTS = {
    "casa": Counts(5.3, 0.2, 0.0, "casa"),
    "sol": Counts(4.5, 0.3, 0.0, "sol"),
    "soles": Counts(3.2, 0.1, 0.0, "soles"),
    "obama": Counts(4.2, 0.95, 0.01, "Obama"),
    "haití": Counts(3.8, 0.9, 0.05, "Haití"),
    "haiti": Counts(2.8, 0.9, 0.05, "Haiti"),
    "peru": Counts(2.8, 0.9, 0.05, "Peru"),
    "rara": Counts(1.2, 0.9, 0.05, "Rara"),
    "lake": Counts(3.1, 0.9, 0.05, "Lake"),
    "otan": Counts(3.8, 0.02, 0.95, "OTAN"),
    "xvi": Counts(3.8, 0.02, 0.95, "XVI"),
    "jajaja": Counts(3.8, 0.3, 0.05, "jajaja"),
}


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "es.aff").write_text(RULES, encoding="utf-8")
    (tmp_path / "es.dic").write_text("\n".join([str(len(ENTRIES)), *ENTRIES]), encoding="utf-8")
    return Sources(
        language=read_language("es"),
        entries=list(read_dictionary(tmp_path / "es.dic")),
        affixes=read_affixes(tmp_path / "es.aff"),
        lemmas={"spacy-lookups-data": list(LEMMAS.items())},
        listed=frozenset([*TIPED, "casar", "guachito", "mar"]),
        synsets=frozenset(["malware", "jamás", "lake"]),
        frequencies=FREQUENCIES,
        neighbour={
            **{"lake": 5.0, "hit": 5.0, "hits": 4.9, "obama": 4.8},
            **{"hashtag": 3.4, "exelente": 1.2, "wargaming": 1.9, "caxa": 2.0, "slo": 3.0},
        },
        counts=COUNTS,
        versions={"hunspell-es": "1"},
        licences=LICENCES | {"hunspell-es": "MPL-1.1", "an-array-of-spanish-words": "MIT"},
    )


@pytest.fixture
def built(sources):
    return build_lexicon(sources)


def lemmas_of(table):
    return dict(zip(table["word"].to_pylist(), table["lemma"].to_pylist(), strict=True))


def test_words_of_every_source_are_in_and_nothing_else(built):
    dictionary = {
        "casa",
        "casas",
        "casar",
        "caso",
        "casará",
        "casándose",
        "casarse",
        "estado",
        "estados",
        "está",
        "para",
    }
    dictionary |= {"sol", "soles", "perú", "velo", "velos", "velaje", "velajes", "dar", "darle", "adsl"}
    pronouns = ("la", "las", "le", "les", "lo", "los", "me", "nos", "os", "te")
    enclitics = {stem + pronoun for stem in ("casar", "casándo") for pronoun in pronouns}
    table = {"estar", "parir", "tensioactivos", "tensioactivo", "gatos", "gato"}
    others = {
        "tipar",
        "tipo",
        "tipa",
        "tipará",
        "guachito",
        "solecito",
        "solecitos",
        "obama",
        "haití",
        "otan",
        "malware",
    }
    others |= {"hashtag", "lake", "slo"}  # which English texts have too; "caxa" is "casa" misspelt
    assert set(built["word"].to_pylist()) == dictionary | enclitics | table | others


def test_frequent_words_come_first_and_each_word_once(built):
    words, frequencies = built["word"].to_pylist(), built["frequency"].to_pylist()
    rows = list(zip([-frequency for frequency in frequencies], words, strict=True))
    assert rows == sorted(rows) and len(set(words)) == len(words)
    assert words[:3] == ["para", "está", "casa"]
    assert dict(zip(words, frequencies, strict=True))["soles"] == pytest.approx(3.3)  # 3.2, the counts being 0.1 low
    assert frequencies[-1] == 0


def test_a_form_has_the_lemma_that_is_meant_most(built):
    lemmas = lemmas_of(built)
    expected = {
        **{"casas": "casa", "casa": "casa", "caso": "casar", "casándome": "casar", "casarse": "casar"},
        **{"está": "estar", "para": "para", "darle": "dar", "velajes": "velaje", "velaje": "velaje", "soles": "sol"},
        **{"tipará": "tipar", "solecitos": "solecito", "obama": "obama", "gatos": "gato"},
    }
    assert {word: lemmas[word] for word in expected} == expected
    assert set(lemmas.values()) <= set(lemmas)


def test_the_account_counts_what_each_source_brought(built):
    account = json.loads(built.schema.metadata[METADATA_KEY])
    assert sum(stage["new"] for stage in account["stages"]) == account["words"] == built.num_rows
    assert account["held_out"] == sum(built["held_out"].to_pylist())
    assert account["inflections"] == sum(word != lemma for word, lemma in lemmas_of(built).items())
    new = {(stage["package"], stage["what"]): stage["new"] for stage in account["stages"]}
    assert new["wordfreq", "names"] == 3
    assert new["an-array-of-spanish-words", "verbs, accents restored"] == 4
    text = describe(built)
    assert "hunspell-es 1\n" in text and "MPL-1.1" in text and f"{built.num_rows:,} words: " in text


PAIRS = st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39), st.booleans()), min_size=1, max_size=60)


@given(pairs=PAIRS, seed=st.integers(0, 1000))
def test_no_lemma_is_on_both_sides_and_the_order_of_pairs_does_not_matter(pairs, seed):
    words = [f"palabra{number * 7919 % 1000}" for number in range(40)]
    rows = np.array(pairs, dtype=np.int64)
    lemmas, families = choose_lemmas(rows, words=40), find_families(rows, words=40)
    held_out = hold_out(words, families=families)
    assert (families[lemmas] == families).all()
    assert all(held_out[word] == held_out[lemma] for word, lemma, _ in pairs)
    given_lemmas = {word: {lemma for other, lemma, _ in pairs if other == word} for word, _, _ in pairs}
    assert all(lemma in given_lemmas.get(word, {word}) for word, lemma in enumerate(lemmas.tolist()))
    shuffled = np.array(random.Random(seed).sample(pairs, len(pairs)), dtype=np.int64)
    assert choose_lemmas(shuffled, words=40).tolist() == lemmas.tolist()
    assert hold_out(words, families=find_families(shuffled, words=40)).tolist() == held_out.tolist()


def test_a_weak_reading_gives_way_and_the_most_frequent_lemma_wins():
    pairs = np.array([[5, 0, 1], [5, 3, 0], [5, 2, 0], [6, 1, 1]])
    assert choose_lemmas(pairs, words=8).tolist() == [0, 1, 2, 3, 4, 2, 1, 7]


def test_one_family_in_two_hundred_is_held_out_whatever_other_words_there_are():
    words = [f"{stem:05d}{form}" for stem in range(20_000) for form in "ab"]
    families = np.repeat(np.arange(20_000), 2)
    held_out = hold_out(words, families=families)
    assert 0.004 < held_out.mean() < 0.006
    assert (held_out[::2] == held_out[1::2]).all()
    assert hold_out(words[10_000:], families=families[10_000:]).tolist() == held_out[10_000:].tolist()


def test_the_file_is_streamed_by_datasets_and_whole_or_not_there(built, tmp_path):
    path = tmp_path / "assets" / "lexicon.parquet"
    write_lexicon(path, lexicon=built)
    rows = datasets.load_dataset("parquet", data_files=str(path), split="train", streaming=True)
    assert next(iter(rows))["word"] == "para"
    schema = parquet.read_schema(path)
    types = {"word": "string", "frequency": "float", "lemma": "string", "held_out": "bool", "written": "string"}
    assert {name: str(schema.field(name).type) for name in schema.names} == types
    before = path.read_bytes()
    with pytest.raises(AttributeError):
        write_lexicon(path, lexicon=None)
    assert path.read_bytes() == before and [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_same_sources_in_any_order_give_the_same_bytes(sources, built, tmp_path):
    def backwards(mapping):
        return dict(reversed(mapping.items()))

    turned = replace(
        sources,
        entries=sources.entries[::-1],
        lemmas={"spacy-lookups-data": list(backwards(LEMMAS).items())},
        frequencies=backwards(FREQUENCIES),
        counts=backwards(COUNTS),
    )
    write_lexicon(tmp_path / "one.parquet", lexicon=built)
    write_lexicon(tmp_path / "other.parquet", lexicon=build_lexicon(turned))
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()


def test_the_command_tells_what_it_wrote_and_keeps_a_lexicon_from_a_smaller_one(sources, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lexicon, "read_sources", lambda language, **folders: sources)
    path = tmp_path / "lexicon.parquet"
    lexicon.main([str(path), "--language", "es", "--minimum-words", "50"])
    assert "the dictionary's forms" in (out := capsys.readouterr().out) and f"{path}: 0.0 MB" in out
    before = path.read_bytes()
    monkeypatch.setattr(lexicon, "read_sources", lambda language, **folders: replace(sources, lemmas={}))
    with pytest.raises(SystemExit, match=r"error: \d+ words, expected at least 1,000,000; .* is not written"):
        lexicon.main([str(path), "--language", "es"])
    assert path.read_bytes() == before


def test_the_command_says_in_one_line_what_is_missing(tmp_path):
    with pytest.raises(SystemExit, match=r"^error: no dictionary: .* run `apt-get install hunspell-es`"):
        lexicon.main([str(tmp_path / "es.parquet"), "--language", "es", "--debian-root", str(tmp_path)])
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    with pytest.raises(SystemExit, match=r"^error: not installed: wordfreq; pip install '\.\[teach\]'$"):
        lexicon.main([str(tmp_path / "nl.parquet"), "--language", "nl", "--debian-root", str(tmp_path)])


def test_without_its_dictionaries_the_packages_are_told(tmp_path):
    with pytest.raises(SystemExit, match=r"^error: no dictionaries deu-fin.*: apt-get install dict-freedict-deu-fin"):
        lexicon.main([str(tmp_path / "nl.parquet"), "--language", "nl", "--debian-root", str(tmp_path)])


@pytest.mark.parametrize(("language", "meant"), [("dutch", ""), ("n", "; did you mean 'nl'"), ("xx", "")])
def test_a_language_without_a_record_is_told(tmp_path, language, meant):
    with pytest.raises(SystemExit, match=f"^error: no language '{language}', expected one of de, .*{re.escape(meant)}"):
        lexicon.main([str(tmp_path / "x.parquet"), "--language", language])
