import numpy as np
import pytest

import training.make_table
from training.make_table import main
from training.table import read_table, write_table


def arguments(folder, language, *, table):
    return [language, "--table", str(table), "--lexicon", str(folder / "words.parquet"), "--work", str(folder / "work")]


def tiny(path, **told):
    path.parent.mkdir(exist_ok=True)
    write_table(path, words=["sol", "mar"], vectors=np.eye(2), frequencies=np.ones(2), **told)
    return path


def test_what_is_there_or_embedded_is_taken_and_what_cannot_be_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(training.make_table, "_EMBEDDED", tmp_path / "embedded")
    embedded = tiny(tmp_path / "embedded" / "pt.parquet", language="pt")
    main(arguments(tmp_path, "pt", table=tmp_path / "made" / "pt.parquet"))
    assert (tmp_path / "made" / "pt.parquet").read_bytes() == embedded.read_bytes()
    mine = tiny(tmp_path / "mine.parquet")  # says no language: it may be of any
    main(arguments(tmp_path, "de", table=mine))
    assert read_table(mine).words == ["sol", "mar"] and not (tmp_path / "work").exists()
    with pytest.raises(
        SystemExit, match=r"pt\.parquet is a table of 'pt', expected one of 'de': give --vars\.language"
    ):
        main(arguments(tmp_path, "de", table=embedded))
    with pytest.raises(SystemExit, match=r"no table at .*mien\.parquet; a table that is made here is called de\.parq"):
        main(arguments(tmp_path, "de", table=tmp_path / "mien.parquet"))
    with pytest.raises(SystemExit, match="no language 'dee', expected one of"):
        main(arguments(tmp_path, "dee", table=embedded))


def test_another_language_gets_its_words_and_is_taught(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(training.make_table, "make_lexicon", lambda given: told.append(("lexicon", given)))
    monkeypatch.setattr(training.make_table, "teach", lambda given: told.append(("teach", given)))
    given = arguments(tmp_path, "fi", table=tmp_path / "fi.parquet")
    empty = tmp_path / "empty"
    with pytest.raises(SystemExit, match=r"install wordnet-base, .*dict-freedict-deu-ell.* dict-freedict-swe-spa"):
        main([*given, "--debian-root", str(empty)])
    assert not told
    monkeypatch.setattr(training.make_table, "find_packages", lambda *, debian_root: None)
    main([*given, "--debian-root", "/deb"])
    (stage, words), (last, taught) = told
    assert (stage, last) == ("lexicon", "teach")
    assert words == [str(tmp_path / "words.parquet"), "--language", "fi", "--debian-root", "/deb"]
    assert taught[taught.index("--language") + 1] == "fi" and str(tmp_path / "fi.parquet") in taught
    (tmp_path / "words.parquet").touch()  # words that are there are kept
    main(given)
    assert [stage for stage, _ in told] == ["lexicon", "teach", "teach"]


def test_a_cased_table_is_the_lower_cased_one_and_the_names(tmp_path, monkeypatch):
    monkeypatch.setattr(training.make_table, "_EMBEDDED", embedded := tmp_path / "embedded")
    tiny(embedded / "es.parquet", language="es", space="one")
    names = embedded / "es_capitals.parquet"
    write_table(names, words=["Sol", "Mar"], vectors=-np.eye(2), frequencies=[1, 2], language="es", space="one")
    main(arguments(tmp_path, "es", table=tmp_path / "es_cased.parquet"))
    made = read_table(tmp_path / "es_cased.parquet", lowercase=False)
    assert made.words == ["sol", "mar", "Sol", "Mar"] and (made.language, made.space) == ("es", "one")
    np.testing.assert_array_equal(made.vectors, [[1, 0], [0, 1], [-1, 0], [0, -1]])
    np.testing.assert_array_equal(made.frequencies, [1, 1, 1, 2])
    with pytest.raises(ValueError, match="more than once"):  # to a student that lower-cases
        read_table(tmp_path / "es_cased.parquet")
    (tmp_path / "es_capitals.parquet").unlink()
    (tmp_path / "es_cased.parquet").unlink()
    write_table(names, words=["Sol", "Mar"], vectors=-np.eye(2), frequencies=[1, 2], language="es", space="two")
    with pytest.raises(SystemExit, match=r"are of two spaces, \['one', 'two'\]"):
        main(arguments(tmp_path, "es", table=tmp_path / "es_cased.parquet"))
    assert not (tmp_path / "es_cased.parquet").exists()


def test_names_that_are_not_embedded_are_listed_and_taught(tmp_path, monkeypatch):
    monkeypatch.setattr(training.make_table, "_EMBEDDED", tmp_path / "none")
    lower, told = tiny(tmp_path / "de.parquet", language="de"), []

    def teach(given):
        told.append(("teach", given))
        write_table(tmp_path / "de_capitals.parquet", words=["Sol", "Mar"], vectors=-np.eye(2), frequencies=[1, 2])

    monkeypatch.setattr(training.make_table, "list_names", lambda given: told.append(("names", given)))
    monkeypatch.setattr(training.make_table, "make_lexicon", lambda given: told.append(("lexicon", given)))
    monkeypatch.setattr(training.make_table, "teach", teach)
    monkeypatch.setattr(training.make_table, "find_packages", lambda *, debian_root: None)
    (tmp_path / "words_capitals.parquet").touch()
    main(arguments(tmp_path, "de", table=tmp_path / "de_cased.parquet"))
    (first, names), (last, taught) = told
    assert (first, last) == ("names", "teach")
    assert names[:5] == [str(tmp_path / "words_capitals.parquet"), "--language", "de", "--words", str(lower)]
    assert taught[taught.index("--lexicon") + 1] == names[0]
