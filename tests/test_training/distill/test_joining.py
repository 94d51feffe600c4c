import numpy as np
import pytest

from beast_core import read_encoder
from beast_core.encoding import encode_words
from training.common.errors import InputError
from training.distill.__main__ import main
from training.distill.batches import Batches
from training.distill.joining import join_tables, marker, read_tables
from training.distill.settings import DistillSettings, read_settings
from training.table import TeacherTable, read_table, write_table


def table(words, *, language, vectors=None, frequencies=None, space="one", held_out=()):
    vectors = np.eye(len(words), 3) if vectors is None else np.array(vectors)
    frequencies = np.array(frequencies or [3.0] * len(words), dtype=np.float32)
    held = np.isin(words, held_out)
    return TeacherTable(list(words), frequencies, vectors.astype(np.float32), held, language, language, space)


def test_what_two_languages_write_alike_is_one_word_of_the_mean_of_its_vectors_or_two_marked_ones():
    german = table(["gift", "haus"], language="de", frequencies=[4, 5])
    english = table(
        ["red", "gift"], language="en", vectors=[[0, 0, 1], [0, 1, 0]], frequencies=[5, 4 + np.log10(3)], held_out="red"
    )
    joint = join_tables([german, english], names=("d", "e"), marked=False)
    assert joint.words == ["gift", "haus", "red"] and joint.held_out.tolist() == [False, False, True]
    assert joint.frequencies == pytest.approx([4 + np.log10(4), 5, 5])  # three in four are English
    np.testing.assert_allclose(joint.vectors[0], np.array([1, 3, 0]) / 10**0.5, atol=1e-6)
    assert [joint.languages[row] for row in joint.of_language] == ["en", "de", "en"]
    assert (joint.language, joint.space) == ("multilingual", "one")
    marked = join_tables([german, english], names=("d", "e"), marked=True)
    de, en = marker(0), marker(1)
    assert marked.words == [f"{de}gift", f"{de}haus", f"{en}red", f"{en}gift"]
    assert marked.vectors[[0, 3]].tolist() == [[1, 0, 0], [0, 1, 0]] and marked.digest != joint.digest


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"language": "de"}, r"of the languages \['de', 'de'\], expected each to say one of its own"),
        ({"language": ""}, r"of the languages \['de', ''\]"),
        ({"language": "en", "space": "two"}, "not of one space .*'two'.*teach all with one teacher"),
        ({"language": "en", "vectors": [[1, 0], [0, 1]]}, r"not of one space .*'one', 2\)"),
    ],
)
def test_tables_that_do_not_go_together_are_told(other, message):
    with pytest.raises(InputError, match=message):
        join_tables([table("ab", language="de"), table("ab", **other)], names=("d", "e"), marked=False)


def test_marks_stay_and_words_are_misspelt_as_their_own_language_is():
    tables = [table(["größe", "maß"], language="de"), table(["молоко", "ёлка"], language="ru")]
    joint = join_tables(tables, names=("d", "r"), marked=True)
    config = read_settings("training/configs/smoke.toml").encoder_config()
    options = {"batch_size": 4, "language": "multilingual", "frequency_power": 0.0, "seed": 0}
    batches = Batches(joint, config=config, noise_share=1.0, **options)
    seen = set()
    for epoch in range(100):
        for batch in batches.epoch(epoch):
            for row, length in zip(batch.word_bytes, batch.lengths.tolist(), strict=True):
                seen.add(bytes(row[:length].tolist()))
    clean = {bytes(row[:length]) for row, length in zip(*encode_words(joint.words, config=config), strict=True)}
    assert len(seen - clean) > 100 and {each[:1] for each in seen} == {marker(0).encode(), marker(1).encode()}
    words = {each.decode(errors="ignore") for each in seen}
    assert f"{marker(0)}grösse" in words and f"{marker(0)}mass" in words and f"{marker(1)}елка" in words


def test_the_language_is_the_tables_and_another_is_refused(tmp_path, tiny_table, tiny_settings):
    settings, read = read_tables(read_settings(tiny_settings))
    assert (settings.language, read.language) == ("es", "es")
    with pytest.raises(InputError, match=r"tiny\.parquet is of the language 'es', and language is 'de': give a table"):
        read_tables(read_settings(tiny_settings, changes=["language='de'"]))
    known = read_table(tiny_table)
    plain = tmp_path / "plain.parquet"
    write_table(plain, words=known.words, vectors=known.vectors, frequencies=known.frequencies)
    changes = [f"table={str(plain)!r}"]
    with pytest.raises(InputError, match=r"does not say of which language.*set language, such as .*or noise_share=0"):
        read_tables(read_settings(tiny_settings, changes=changes))
    assert read_tables(read_settings(tiny_settings, changes=[*changes, "noise_share=0.0"]))[0].language == ""
    assert read_tables(read_settings(tiny_settings, changes=[*changes, "language='de'"]))[0].language == "de"
    with pytest.raises(InputError, match=r"no language 'dee', expected one of de, en.*did you mean 'de'"):
        read_settings(tiny_settings, changes=["language='dee'"])


def test_either_a_table_or_several(tiny_settings):
    for given in ({}, {"table": "a", "tables": ["b", "c"]}, {"tables": ["b"]}):
        with pytest.raises(ValueError, match="expected either a table, or tables of two languages or more"):
            DistillSettings(**given)
    with pytest.raises(ValueError, match="language is 'de', but tables of several are given"):
        DistillSettings(tables=["a", "b"], language="de")
    with pytest.raises(ValueError, match="marker is true, but there are no tables"):
        DistillSettings(table="a", marker=True)


def test_a_student_says_the_language_and_space_of_its_table_or_tables(tmp_path, tiny_table, tiny_settings):
    known = read_table(tiny_table)
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    vectors = known.vectors.astype(np.float64)
    for path, language in zip(paths, ("de", "pt"), strict=True):
        write_table(
            path, words=known.words, vectors=vectors, frequencies=known.frequencies, language=language, space="s"
        )
    arguments = [str(tiny_settings), "--set", "epochs=1", "--output"]
    main([*arguments, str(tmp_path / "one"), "--set", f"table={str(paths[0])!r}"])
    both = ["--set", "table=''", "--set", f"tables={[str(path) for path in paths]}", "--set", "marker=true"]
    main([*arguments, str(tmp_path / "two"), *both])
    one, two = (read_encoder(tmp_path / name / "model") for name in ("one", "two"))
    assert [(each.config.language, each.config.space) for each in (one, two)] == [("de", "s"), ("multilingual", "s")]
    with pytest.raises(SystemExit, match="is of the language 'de', and language is 'fr'"):
        main([*arguments, str(tmp_path / "one"), "--set", f"table={str(paths[0])!r}", "--language", "fr"])
