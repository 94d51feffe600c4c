import numpy as np
import pytest

from training.vectors.openai.paid_vectors import PaidVectors

WORDS = [f"palabra{number}" for number in range(40)]


def test_a_file_of_another_model_or_in_use_or_damaged_is_refused(server, teach, tmp_path):
    teach(dimensions=3).lookup(["sol"])
    with pytest.raises(
        ValueError, match=r"holds vectors of another teacher \(model was 'm' and is 'n'; dimensions was 3"
    ):
        teach(model="n")
    teach(dimensions=3)
    with pytest.raises(OSError, match=r"vectors\.sqlite is in use by another process"):
        PaidVectors(tmp_path / "vectors.sqlite", made_by={})
    damaged = tmp_path / "other" / "vectors.sqlite"
    damaged.parent.mkdir()
    damaged.write_text("no database " * 100)
    with pytest.raises(OSError, match=r"cannot be read or written \(file is not a database\)"):
        PaidVectors(damaged, made_by={})


@pytest.mark.parametrize("size", [1e-30, 1e-6, 1.0, 1e30])
def test_stored_vectors_keep_their_direction_and_length(tmp_path, size):
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 300)).astype(np.float32) * np.float32(size)
    paid = PaidVectors(tmp_path / "vectors.sqlite", made_by={})
    paid.store(WORDS, vectors=vectors)
    np.testing.assert_allclose(paid.read(WORDS), vectors, rtol=1e-3, atol=1e-6 * size)
    with pytest.raises(KeyError, match="sol"):
        paid.read(["sol"])
    paid.close()
