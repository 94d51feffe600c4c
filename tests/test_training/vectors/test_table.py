import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import spacy
from spacy.vectors import Vectors

from training.vectors import find as models
from training.vectors import open_teacher

WORDS = ["sol", "Madrid", "buenos", "mar", "MAR"]
VECTORS = np.array([[1, -2, 0.5], [3, 4, 0], [0, 0, 7], [1, 1, 1], [9, 9, 9]], dtype=np.float32)


def lines(vectors):
    return "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in zip(WORDS, vectors.tolist(), strict=True))


def word2vec(folder, vectors=VECTORS):
    (folder / "w.vec").write_text(f"5 3\n{lines(vectors)}")
    return folder / "w.vec"


def fasttext(folder, vectors=VECTORS):
    (folder / "w.vec.gz").write_bytes(gzip.compress(f"5 3\n{lines(vectors)}".replace("\n", " \n").encode()))
    return folder / "w.vec.gz"


def glove(folder, vectors=VECTORS):
    (folder / "w.txt").write_text(lines(vectors))
    return folder / "w.txt"


def numpy_table(folder, vectors=VECTORS):
    np.save(folder / "w.npy", vectors)
    (folder / "w.txt").write_text("".join(f"{word}\t3.5\n" for word in WORDS))
    return folder / "w.npy"


def numpy_archive(folder, vectors=VECTORS):
    np.savez_compressed(folder / "w.npz", vectors=vectors.astype(np.float64))
    (folder / "words.txt").write_text("\n".join(WORDS))
    return folder / "w.npz"


def parquet_table(folder, vectors=VECTORS):
    columns = {"word": WORDS, "vector": pa.array((vectors * 2).astype(np.int8).tolist()), "scale": [0.5] * 5}
    parquet.write_table(pa.table(columns), folder / "w.parquet", row_group_size=2)
    return folder / "w.parquet"


def spacy_pipeline(folder, vectors=VECTORS):
    pipeline = spacy.blank("es")
    for word, vector in zip(WORDS, vectors, strict=True):
        pipeline.vocab.set_vector(word, vector)
    pipeline.add_pipe("sentencizer")
    pipeline.to_disk(folder / "pipeline")
    return folder / "pipeline"


KINDS = [word2vec, fasttext, glove, numpy_table, numpy_archive, parquet_table, spacy_pipeline]


def teacher(path, **options):
    return open_teacher("table", options={"path": str(path), **options}, lexicon=path, folder=path.parent)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_table_gives_the_same_vectors(tmp_path, kind):
    found = teacher(kind(tmp_path))
    vectors, known = found.lookup(["mar", "madrid", "río", "SOL", "buenos"])
    assert found.width == 3 and vectors.dtype == np.float32
    assert known.tolist() == [True, True, False, True, True]
    assert vectors.tolist() == [[1, 1, 1], [3, 4, 0], [0, 0, 0], [1, -2, 0.5], [0, 0, 7]]
    assert found.lookup([])[0].shape == (0, 3)
    assert found.estimate(["sol"]) is None
    evaluated = models.find_model(str(kind(tmp_path)))
    assert evaluated.kind == "table"
    assert evaluated.load().lookup(["madrid"])[0].tolist() == [[3, 4, 0]]


@pytest.mark.parametrize("kind", [word2vec, parquet_table, spacy_pipeline])
def test_spelling_counts_when_it_is_told_to(tmp_path, kind):
    vectors, known = teacher(kind(tmp_path), lowercase=False).lookup(["mar", "MAR", "madrid", "Madrid"])
    assert known.tolist() == [True, True, False, True]
    assert vectors.tolist() == [[1, 1, 1], [9, 9, 9], [0, 0, 0], [3, 4, 0]]


@pytest.mark.parametrize("kind", KINDS)
def test_the_identity_is_what_is_in_the_files(tmp_path, kind):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    path = kind(first)
    identity = teacher(path).identity()
    first.rename(second)
    assert teacher(second / path.name).identity() == identity
    assert teacher(second / path.name, lowercase=False).identity() != identity
    assert teacher(kind(second, VECTORS + 1)).identity() != identity


def test_other_words_beside_a_matrix_are_another_table(tmp_path):
    path = numpy_table(tmp_path)
    identity = teacher(path).identity()
    (tmp_path / "w.txt").write_text("\n".join(reversed(WORDS)))
    assert teacher(path).identity() != identity


def test_subword_vectors_of_spacy_know_words_they_never_saw(tmp_path):
    pipeline = spacy.blank("es")
    data = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    pipeline.vocab.vectors = Vectors(
        strings=pipeline.vocab.strings, mode="floret", data=data, minn=2, maxn=3, hash_count=2, hash_seed=7
    )
    pipeline.to_disk(tmp_path / "floret")
    found = teacher(tmp_path / "floret")
    vectors, known = found.lookup(["perro", "inventadísimo", ""])
    assert known.tolist() == [True, True, False]
    np.testing.assert_allclose(vectors[0], pipeline.vocab["perro"].vector, atol=1e-6)
    np.testing.assert_allclose(vectors[1], pipeline.vocab["inventadísimo"].vector, atol=1e-6)


def test_a_pipeline_of_ours_teaches_too(tmp_path):
    pipeline = spacy.blank("es")
    pipeline.add_pipe("beast_vectors")
    pipeline.to_disk(tmp_path / "pipeline")
    vectors, known = teacher(tmp_path / "pipeline").lookup(["perro", "gato"])
    assert known.all()
    np.testing.assert_allclose(vectors[0], pipeline("perro")[0].vector, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("w.vec", b"2 2\nsol 1 2\nmar 1\n", r"w\.vec, line 3: found 1 numbers, expected 2"),
        ("w.vec", b"3 2\nsol 1 2\nmar 1 2\n", r"line 1 promises 3 words, found 2: the file is cut off"),
        ("w.vec", b"sol uno dos\n", r"w\.vec, line 1: expected a word and numbers between spaces"),
        ("w.vec.gz", b"sol 1 2\n", r"w\.vec\.gz cannot be read .*Not a gzipped file"),
        ("w.npy", b"sol 1 2\n", r"w\.npy has no words"),
        ("w.bin", b"sol 1 2\n", r"w\.bin is no table of vectors; expected \.parquet, \.vec"),
    ],
)
def test_files_that_are_no_tables_are_refused(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=told):
        teacher(tmp_path / name)


def test_folders_that_hold_no_vectors_are_refused(tmp_path):
    spacy.blank("es").to_disk(tmp_path / "bare")
    with pytest.raises(ValueError, match=r"bare has no vectors, expected a pipeline that has some"):
        teacher(tmp_path / "bare")
    (tmp_path / "bare" / "vocab" / "strings.json").write_text("no JSON")
    with pytest.raises(ValueError, match=r"bare is not a pipeline that spaCy can load"):
        teacher(tmp_path / "bare")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"empty is no table of vectors; expected .* a folder of a spaCy pipeline"):
        teacher(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match=r"no table of vectors at .*nowhere"):
        teacher(tmp_path / "nowhere")


def test_options_are_checked_together():
    with pytest.raises(
        ValueError, match="options of table: missing key 'path'; unknown key 'pth', did you mean 'path'"
    ):
        open_teacher("table", options={"pth": "x"}, lexicon=None, folder=None)
    with pytest.raises(
        ValueError, match="path is 3, should be a valid string; lowercase is 'no', should be a valid boolean"
    ):
        open_teacher("table", options={"path": 3, "lowercase": "no"}, lexicon=None, folder=None)
