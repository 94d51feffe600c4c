"""Run where only the wheel is installed: the shipped model through the core and both hosts gives the same vectors."""

import tempfile
import warnings
from pathlib import Path

warnings.simplefilter("error")

import numpy as np  # noqa: E402
import spacy  # noqa: E402

import beast_core  # noqa: E402
import st_beast  # noqa: E402

assert not (Path(beast_core.__file__).parents[1] / "pyproject.toml").exists(), "this is the source tree"
words = ["perro", "gato", "electroencefalografista", "😀", "inventadísimo"]
vectors = beast_core.load_encoder().encode(words)
pipeline = spacy.blank("es")
pipeline.add_pipe("beast_vectors")
in_spacy = np.array([token.vector for token in pipeline(" ".join(words))])
in_transformers = st_beast.load().encode(words)
np.testing.assert_allclose(in_spacy, vectors, atol=1e-5)
np.testing.assert_allclose(in_transformers, vectors, atol=1e-5)
with tempfile.TemporaryDirectory() as folder:
    from sentence_transformers import SentenceTransformer

    st_beast.save(Path(folder) / "beast")
    np.testing.assert_allclose(SentenceTransformer(str(Path(folder) / "beast")).encode(words), vectors, atol=1e-5)
print(f"smoke test passed: {len(words)} words, {vectors.shape[1]} dimensions, {beast_core.__file__}")
