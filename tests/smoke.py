"""Run where only the wheel is installed, with torch: `smoke.py GOLDEN`.

The kernel is the compiled one. Each shipped model gives the same vectors through the core, both hosts, and the network
that is the reference of all; its vectors are written to the file GOLDEN, for `smoke_without_torch.py`.
"""

import sys
import tempfile
import warnings
from pathlib import Path

warnings.simplefilter("error")

import numpy as np  # noqa: E402
import spacy  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402

import beast_core  # noqa: E402
import st_beast  # noqa: E402
from beast_core.credits import read_credits  # noqa: E402
from beast_core.kernel import path_in_use  # noqa: E402
from beast_core.shipped import model_folder  # noqa: E402

assert not (Path(beast_core.__file__).parents[1] / "pyproject.toml").exists(), "this is the source tree"
kernel, reason = path_in_use()
assert kernel.name == "compiled", reason
words = ["perro", "house", "electroencefalografista", "😀", "inventadísimo", "Straße", "ﬁn", "Schiff\xadfahrt"]
languages = beast_core.shipped_languages()
np.testing.assert_array_equal(beast_core.load_encoder().encode(words), beast_core.load_encoder("es").encode(words))
golden = {}
for language in languages:
    credits = read_credits(model_folder(language=language))
    assert credits.licence and credits.author and credits.sources and credits.languages == (language,), language
    vectors = beast_core.load_encoder(language).encode(words)
    golden[language] = beast_core.NetworkEncoder(beast_core.read_encoder(model_folder(language=language))).encode(words)
    np.testing.assert_allclose(vectors, golden[language], rtol=0, atol=1e-6)
    pipeline = spacy.blank("xx" if language == "multilingual" else language)
    pipeline.add_pipe("beast_vectors")
    in_spacy = np.array([pipeline.vocab.get_vector(word) for word in words])
    np.testing.assert_allclose(in_spacy, vectors, atol=1e-5)
    np.testing.assert_allclose(st_beast.load(language).encode(words), vectors, atol=1e-5)
    with tempfile.TemporaryDirectory() as folder:
        saved = st_beast.save(Path(folder) / "beast", language=language)
        np.testing.assert_allclose(SentenceTransformer(str(saved)).encode(words), vectors, atol=1e-5)
np.savez(sys.argv[1], words=np.array(words), **golden)
print(f"smoke test passed: {', '.join(languages)}, {len(words)} words, {beast_core.__file__}")
