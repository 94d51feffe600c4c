"""The steps in a stock folder's card: plain `transformers`, without this package or sentence-transformers, gives the
vectors; and what looks like one and is none is not there."""

import json

import numpy as np
import pytest

import st_beast
from beast_core import EncoderConfig, load_encoder
from st_beast.families import stock_parts

WORDS = ["", "sol", "PERRO", "can\u0303a", "electroencefalografistas y más", "<w>", "日本語", "\0", "x" * 24]
RUN = """
import json, os, re, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("beast_core", "st_beast", "sentence_transformers"):
            raise ModuleNotFoundError(f"{name} is not to be used")

sys.meta_path.insert(0, Refuse())
import numpy as np
words, folders = json.loads(sys.argv[1])
for folder in folders:
    os.chdir(folder)
    code = re.search(r"^```python\\n(import torch\\n.*?)^```", open("beast/README.md").read(), flags=re.M | re.S)[1]
    known = {}
    exec(re.sub("words = .*", lambda _: "words = " + ascii(words), code), known)
    np.save("vectors.npy", known["vectors"].numpy())
    with known["torch"].inference_mode():
        output = known["model"](**known["features"])
    assert "pooler_output" not in output, output.keys()
    if "max_length" in code:  # what pads to the longest word fails, and gives no other vector
        try:
            exec(re.sub('padding="max_length"', "padding=True", code), {})
        except RuntimeError as error:
            assert "Kernel size can't be greater than actual input size" in str(error)
        else:
            raise AssertionError("a part of the window was taken for all of it")
"""
PRESETS = [
    ("beast", {"layers": 0, "projection_width": 0}),
    ("beast", {"layers": 2}),
    ("beast", {"layers": 0, "lowercase": False, "window": 30}),
    ("mini", {"layers": 2}),
    ("asterisk", {"layers": 2, "window": 7}),
]


def test_the_steps_in_the_card_give_the_vectors(write_small, tmp_path, fresh_python):
    folders = [tmp_path / str(number) for number in range(len(PRESETS))]
    for folder, (name, changes) in zip(folders, PRESETS, strict=True):
        st_beast.save(folder / "beast", model=write_small(folder / "ours", name, **changes))
    done = fresh_python("-c", RUN, json.dumps([WORDS, list(map(str, folders))]), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    for folder in folders:
        expected = load_encoder(folder / "ours").encode(WORDS)
        assert np.abs(np.load(folder / "vectors.npy") - expected).max() < 1e-5


def test_a_card_keeps_its_steps_and_has_them_once(small, tmp_path):
    folder = st_beast.save(tmp_path / "stock", model=small)
    text = (folder / "README.md").read_text(encoding="utf-8")
    again = st_beast.load(folder)
    again.save(tmp_path / "again")
    assert (tmp_path / "again" / "README.md").read_text(encoding="utf-8") == text
    again.model_card_data.add_tags("generated_from_trainer")  # what makes the host write a new card
    again.save(tmp_path / "tuned")
    for name in ("stock", "tuned"):
        assert (tmp_path / name / "README.md").read_text(encoding="utf-8").count(
            "AutoModel.from_pretrained(folder)"
        ) == 1


@pytest.mark.parametrize("name", ["beast", "base", "mini", "asterisk"])
def test_every_preset_has_steps(name):
    assert "vectors = " in stock_parts(EncoderConfig.preset(name)).steps()
