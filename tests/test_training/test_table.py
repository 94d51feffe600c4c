import re

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from training.table import TeacherTableError, held_out_words, main, read_table, write_table


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
    write_table(path, words=words, vectors=vectors, frequencies=np.arange(12))
    table = read_table(path)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert table.words == words
    assert table.frequencies.tolist() == list(range(12))
    np.testing.assert_allclose(np.linalg.norm(table.vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(table.vectors, unit, atol=2 / 31)


def test_the_embedded_table_is_whole_and_datasets_reads_it(tmp_path):
    table = read_table("training/tables/es.parquet")
    assert (len(table.words), table.width, int(table.held_out.sum())) == (68_040, 256, 274)
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
        ([], [], {}, "has no rows"),
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


def test_the_command_replaces_a_table_only_by_one_that_can_teach(tmp_path, capsys):
    words, vectors, table = tmp_path / "words.txt", tmp_path / "vectors.npy", tmp_path / "mine.parquet"
    words.write_text("sol\nmar\npan\n")
    np.save(vectors, UNIT)
    main([str(words), str(vectors), str(table)])
    assert "3 words x 2" in capsys.readouterr().out
    before = table.read_bytes()
    words.write_text("sol\nmar\nsol\n")
    with pytest.raises(SystemExit, match=r"error: .*1 words occur more than once"):
        main([str(words), str(vectors), str(table)])
    np.save(vectors, [1.0, 2.0, 3.0])
    with pytest.raises(SystemExit, match=r"error: 3 words, vectors of shape \(3,\)"):
        main([str(words), str(vectors), str(table)])
    assert table.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mine.parquet", "vectors.npy", "words.txt"]


def test_capitals_do_not_bring_a_held_out_word_back():
    words = [f"{index:05x}" for index in range(4096)]
    assert held_out_words(words).any()
    assert held_out_words([word.upper() for word in words]).tolist() == held_out_words(words).tolist()
