import re

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from training.table import (
    TableWriter,
    TeacherTableError,
    check_table,
    held_out_words,
    read_table,
    table_language,
    write_table,
)


def save(path, *, words, vectors, **changes):
    columns = {
        "word": pa.array(words),
        "frequency": pa.array(np.ones(len(words), dtype=np.float32)),
        "vector": pa.array(vectors),
        "scale": pa.array(np.ones(len(words), dtype=np.float16)),
        **changes,
    }
    parquet.write_table(pa.table({name: column for name, column in columns.items() if column is not None}), path)
    return path


@settings(max_examples=25, deadline=None)
@given(vectors=arrays(np.float32, (12, 8), elements=st.floats(-1, 1, width=32)))
def test_written_vectors_come_back_as_unit_vectors_within_a_level(tmp_path_factory, vectors):
    vectors = vectors + np.eye(12, 8, dtype=np.float32) * 3 - np.eye(12, 8, 4, dtype=np.float32) * 2
    vectors[8:] -= np.eye(4, 8, dtype=np.float32) * 3
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    words = [f"palabra{index}" for index in range(12)]
    write_table(path, words=words, vectors=vectors, frequencies=np.arange(12) / 2)
    table = read_table(path)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert table.words == words
    assert table.frequencies.tolist() == [row / 2 for row in range(12)]
    np.testing.assert_allclose(np.linalg.norm(table.vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(table.vectors, unit, atol=2 / 31)


def test_the_embedded_table_is_whole_and_datasets_reads_it(tmp_path):
    table = read_table("training/tables/es.parquet")
    assert len(table.words) >= 100_000 and table.vectors.shape == (len(table.words), table.width)
    assert 0.003 < table.held_out.mean() < 0.007
    rows = datasets.load_dataset(
        "parquet", data_files="training/tables/es.parquet", split="train", cache_dir=str(tmp_path)
    )
    row = rows[table.words.index("perro")]
    vector = np.array(row["vector"], dtype=np.float32)
    np.testing.assert_allclose(vector / np.linalg.norm(vector), table.vectors[table.words.index("perro")], atol=1e-6)


def test_inflections_are_held_out_together():
    words = ["cantar", "cantaba", "cantaríamos", "sol", "mar"]
    assert len(set(held_out_words(words)[:3].tolist())) == 1
    share = held_out_words([f"{index:05d}" for index in range(20_000)]).mean()
    assert 0.003 < share < 0.007


UNIT = [[1, 0], [0, 1], [-1, 0]]


@pytest.mark.parametrize(
    ("words", "vectors", "changes", "message"),
    [
        (["a", "b", "a"], UNIT, {}, "1 words occur more than once, for example ['a']"),
        (["a", " ", "c"], UNIT, {}, "rows [1] have no word"),
        (["a", "b", "c"], [[1, 0], [0, 0], [0, 1]], {}, "1 vectors are zero, for example of ['b']"),
        (["a", "b", "c"], [[1.0, 0], [np.nan, 0], [0, 1]], {}, "1 vectors are NaN or infinite, for example of ['b']"),
        (["a", "b", "c"], [[1, 0], [0, 1, 0], [0, 1]], {}, "vectors have different widths {2: 2, 3: 1}"),
        (["a", "b", "c"], [[1, 0]] * 3, {}, "the vectors are nearly all the same (mean cosine 1.000)"),
        (["a", None, "c"], UNIT, {}, "column 'word' has 1 empty cells"),
        (["a", "b", "c"], UNIT, {"scale": None}, "['scale'] missing"),
        (["a"], [[1, 0]], {}, "has 1 words, expected two or more"),
        (["a", "b", "c"], UNIT, {"held_out": pa.array([True] * 3)}, "all 3 words are held out"),
        (["a", "b", "c"], UNIT, {"held_out": pa.array([1, 0, 0])}, "column 'held_out' holds int64, expected booleans"),
        (["a", "b", "c"], [1, 2, 3], {}, "column 'vector' holds int64, expected lists of numbers"),
        (["a", "b", "c"], [[1, 0], [None, 1], [0, 1]], {}, "1 numbers in column 'vector' are empty cells"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_teach_is_refused(tmp_path, words, vectors, changes, message):
    path = save(tmp_path / "bad.parquet", words=words, vectors=vectors, **changes)
    with pytest.raises(TeacherTableError, match=re.escape(str(path))) as caught:
        read_table(path)
    assert message in str(caught.value)


def test_a_table_that_is_no_parquet_or_not_there_is_refused(tmp_path):
    (tmp_path / "text.parquet").write_text("perro 1 2 3")
    with pytest.raises(TeacherTableError, match="is not a whole Parquet file"):
        read_table(tmp_path / "text.parquet")
    with pytest.raises(FileNotFoundError, match="no teacher table at"):
        read_table(tmp_path / "missing.parquet")


def random_pieces(*, sizes=(40, 7, 53), width=8):
    random, start = np.random.default_rng(0), 0
    for size in sizes:
        words = [f"palabra{row}" for row in range(start, start + size)]
        yield words, random.normal(size=(size, width)), random.uniform(0, 7, size=size), random.random(size) < 0.2
        start += size


@pytest.mark.parametrize(("storage", "levels", "off"), [("float16", 31, 5e-4), ("int8", 127, 8e-3), ("int8", 31, 3e-2)])
def test_a_table_written_in_pieces_comes_back_whole(tmp_path, storage, levels, off):
    path = tmp_path / "table.parquet"
    with TableWriter(path, width=8, storage=storage, levels=levels) as writer:
        for words, vectors, frequencies, held_out in random_pieces():
            writer.write(words, vectors=vectors, frequencies=frequencies, held_out=held_out)
        assert not path.exists()
    words, vectors, frequencies, held_out = (list(column) for column in zip(*random_pieces(), strict=True))
    vectors, table = np.concatenate(vectors), read_table(path)
    assert table.words == [word for piece in words for word in piece]
    assert table.held_out.tolist() == np.concatenate(held_out).tolist()
    np.testing.assert_allclose(table.frequencies, np.concatenate(frequencies), atol=1e-6)
    np.testing.assert_allclose(table.vectors, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), atol=off)
    summary = check_table(path, name="it")
    assert summary == writer.summary
    assert (summary.words, summary.held_out, summary.width) == (100, int(table.held_out.sum()), 8)
    cosines = table.vectors @ table.vectors.T
    assert summary.mean_cosine == pytest.approx(float(cosines.mean()), abs=1e-5)
    rows = datasets.load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    assert set(rows.column_names) == {"word", "frequency", "vector", "scale", "held_out"}
    row = np.array(rows[41]["vector"], dtype=np.float32) * rows[41]["scale"]
    np.testing.assert_allclose(row / np.linalg.norm(row), table.vectors[41], atol=1e-6)


def test_what_says_which_words_are_held_out(tmp_path):
    words, vectors = [f"{index:05d}" for index in range(2000)], np.random.default_rng(0).normal(size=(2000, 4))
    write_table(tmp_path / "a.parquet", words=words, vectors=vectors, frequencies=np.ones(2000))
    rule = held_out_words(words)
    assert 0 < rule.sum() < 30
    assert read_table(tmp_path / "a.parquet").held_out.tolist() == rule.tolist()
    columns = parquet.read_table(tmp_path / "a.parquet")
    parquet.write_table(columns.drop_columns(["held_out"]), tmp_path / "without.parquet")
    assert read_table(tmp_path / "without.parquet").held_out.tolist() == rule.tolist()
    other = pa.array((np.arange(2000) % 3 == 0).tolist())
    parquet.write_table(columns.drop_columns(["held_out"]).append_column("held_out", other), tmp_path / "other.parquet")
    assert read_table(tmp_path / "other.parquet").held_out.tolist() == other.to_pylist()


@pytest.mark.parametrize(
    ("words", "vectors", "message"),
    [
        (["sol", "mar", "sol"], UNIT, "1 words occur more than once, for example ['sol']"),
        (["sol", "mar", "pan"], [[1, 0], [1, 0.01], [1, 0]], "the vectors are nearly all the same (mean cosine 1.000)"),
        (["sol"], [[1, 0]], "has 1 words, expected two or more"),
        (["sol", "mar", "pan"], [[1, 0], [0, 0], [0, 1]], "1 vectors are zero, for example of ['mar']"),
        (["sol", "mar", "pan"], [[1, 0], [0, 1], [0, np.inf]], "1 vectors are NaN or infinite, for example of ['pan']"),
    ],
)  # fmt: skip
def test_a_table_is_replaced_only_by_one_that_can_teach(tmp_path, words, vectors, message):
    path = tmp_path / "mine.parquet"
    write_table(path, words=["sol", "mar", "pan"], vectors=np.array(UNIT), frequencies=np.ones(3))
    before = path.read_bytes()
    with pytest.raises(TeacherTableError, match=re.escape(f"{path}: ") + "|" + re.escape(f"{path} ")) as caught:
        write_table(path, words=words, vectors=np.array(vectors), frequencies=np.ones(len(words)))
    assert message in str(caught.value)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["mine.parquet"]


def test_widths_are_compared_over_the_whole_file(tmp_path):
    vectors = pa.array([[1, -1]] * 20_000 + [[1, -1, 1]] * 20_000)
    path = save(tmp_path / "table.parquet", words=[f"w{row}" for row in range(40_000)], vectors=vectors)
    with pytest.raises(TeacherTableError, match="vectors have different widths"):
        read_table(path)


def test_capitals_do_not_bring_a_held_out_word_back():
    words = [f"{index:05x}" for index in range(4096)]
    assert held_out_words(words).any()
    assert held_out_words([word.upper() for word in words]).tolist() == held_out_words(words).tolist()


def test_a_table_says_of_which_language_and_space_it_is_if_it_was_told(tmp_path):
    given = {"words": ["sol", "mar"], "vectors": np.eye(2), "frequencies": np.ones(2)}
    write_table(tmp_path / "told.parquet", **given, language="pt", space="eleven")
    write_table(tmp_path / "again.parquet", **given, language="pt", space="eleven")
    write_table(tmp_path / "not.parquet", **given)
    told, untold = read_table(tmp_path / "told.parquet"), read_table(tmp_path / "not.parquet")
    assert (told.language, told.space, untold.language, untold.space) == ("pt", "eleven", "", "")
    assert [table_language(tmp_path / name) for name in ("told.parquet", "not.parquet")] == ["pt", ""]
    assert (tmp_path / "told.parquet").read_bytes() == (tmp_path / "again.parquet").read_bytes()
    (tmp_path / "text.parquet").write_text("no")
    with pytest.raises(TeacherTableError, match=r"text\.parquet is not a whole Parquet file"):
        table_language(tmp_path / "text.parquet")
