import numpy as np
import pyarrow.parquet as parquet
import pytest

import training.lexicon.capitals
from training.languages import read_language
from training.lexicon.capitals import build_list, capitalise, find_names, main
from training.lexicon.sources import Sources
from training.resources.frequencies import Counts
from training.table import write_table

COUNTS = {
    "rosa": Counts(5.0, 0.5, 0.1, "Rosa"),
    "león": Counts(5.0, 0.9, 0.0, "León"),
    "madrid": Counts(5.0, 0.9, 0.0, "Madrid"),
    "los": Counts(7.0, 0.1, 0.0, "los"),
    "gobierno": Counts(6.0, 0.4, 0.0, "gobierno"),
    "otan": Counts(4.0, 0.0, 0.9, "OTAN"),
    "ángel": Counts(4.0, 0.7, 0.0, "Ángel"),
}
ENTRIES = [(word, "") for word in ("rosa", "Rosa", "león", "León", "Madrid", "los", "Los", "gobierno", "OTAN", "Ángel")]
SOURCES = Sources(language=read_language("es"), frequencies={}, counts=COUNTS, entries=ENTRIES)


def test_names_are_words_that_are_other_words_too():
    """Not what a capital only begins a sentence with, what is never anything else, and what no dictionary has as a
    name."""
    assert dict(find_names([*COUNTS, "nuevo"], sources=SOURCES)) == {"Rosa": 0.5, "León": 0.9, "Ángel": 0.7}


@pytest.mark.parametrize(("word", "name"), [("éxito", "Éxito"), ("o'higgins", "O'higgins"), ("ß", "ß"), ("", "")])
def test_the_first_letter_is_a_capital(word, name):
    assert capitalise(word) == name


def table(folder, words, **told):
    path = folder / "es.parquet"
    frequencies, held_out = np.full(len(words), 5.0), np.array([word == "león" for word in words])
    write_table(path, words=words, vectors=np.eye(len(words)), frequencies=frequencies, **told)
    columns = parquet.read_table(path)
    parquet.write_table(columns.set_column(columns.schema.get_field_index("held_out"), "held_out", [held_out]), path)
    return path


def test_a_list_says_how_often_a_name_is_one_and_holds_out_what_the_word_is(tmp_path, monkeypatch, capsys):
    given = table(tmp_path, ["rosa", "los", "león"], language="es")
    listed = build_list(given, sources=SOURCES).to_pydict()
    assert listed["word"] == listed["lemma"] == ["Rosa", "León"] and listed["held_out"] == [False, True]
    np.testing.assert_allclose(listed["frequency"], [5 + np.log10(0.5), 5 + np.log10(0.9)], rtol=1e-6)
    monkeypatch.setattr(training.lexicon.capitals, "read_sources", lambda language, **_: SOURCES)
    main([str(tmp_path / "names.parquet"), "--language", "es", "--words", str(given)])
    assert parquet.read_table(tmp_path / "names.parquet")["word"].to_pylist() == ["Rosa", "León"]
    assert "2 names that are other words in lower case" in capsys.readouterr().out


def test_a_language_of_which_nothing_is_counted_has_no_list(tmp_path, monkeypatch):
    nothing = Sources(language=read_language("fi"), frequencies={})
    monkeypatch.setattr(training.lexicon.capitals, "read_sources", lambda language, **_: nothing)
    with pytest.raises(SystemExit, match="nothing known of how 'fi' is written"):
        main([str(tmp_path / "no.parquet"), "--language", "fi", "--words", str(table(tmp_path, ["rosa", "los"]))])
    assert not (tmp_path / "no.parquet").exists()
