import numpy as np
import pytest

from training.common.errors import InputError
from training.evaluate.memory import resident_bytes_added
from training.vectors.find import find_model


def test_a_model_takes_what_its_vectors_take_whatever_was_measured_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, width in (("large", 10_000), ("small", 10)):
        np.save(tmp_path / f"{name}.npy", np.ones((2000, width), dtype=np.float32))
    (tmp_path / "words.txt").write_text("".join(f"palabra{number}\n" for number in range(2000)))
    large, small = (resident_bytes_added(find_model(f"{name}.npy"), words=["niño"]) for name in ("large", "small"))
    assert 80e6 < large < 100e6
    assert 0 <= small < 20e6


def test_a_model_that_cannot_be_measured_says_why(tmp_path):
    (tmp_path / "stars.vec").write_text("1 2\nsol 1 2\n")
    source = find_model(str(tmp_path / "stars.vec"))
    (tmp_path / "stars.vec").unlink()
    with pytest.raises(
        InputError, match=r"memory of stars\.vec cannot be measured \(exit code 1\): .*nothing at .*stars"
    ):
        resident_bytes_added(source, words=["sol"])
