"""The readers in docs/exports.md, which have nothing of this package, give the vectors of the encoder."""

import json
import random
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from beast_core import EncoderConfig, Model, load_encoder
from beast_core.export import write_onnx
from beast_core.export.description import spelling_steps
from beast_core.inference import make_encoder
from beast_core.spelling import normalise_word

ROOT = Path(__file__).parents[3]
READERS = dict(
    re.findall(r"^```(python|js)\n(.*?)^```", (ROOT / "docs/exports.md").read_text(encoding="utf-8"), re.M | re.S)
)
TRICKY = [
    *(
        "",
        " ",
        "\n",
        "a\nb",
        "\0",
        "x" * 24,
        "ñ" * 13,
        "x" * 300,
        "\n" * 300 + "a" * 200,
        " 17 ",
        "Σίσυφος",
        "ΟΔΟΣ",
        "İ",
        "ẞ",
    ),
    *(
        "can\u0303a",
        "co\u00adche",
        "ﬁn",
        "d’or",
        "nº",
        "m²",
        "1\ufe0f\u20e3",
        "❤\ufe0f",
        "👩\u200d👩\u200d👧",
        "a\u200db",
        "´",
    ),
    *(
        "🏴\U000e0067\U000e0062\U000e007f",
        "x\U000e0067",
        "가",
        "日本語",
        "مرحبا",
        "\u0323\u0307",
        "…",
        "‐‑",
        "\u2028a\u3000",
    ),
]


def made_up(seed):
    """Words of characters that any Unicode has known for long, and that no case tells apart by what surrounds them."""
    draw = random.Random(seed)
    known = [
        chr(code)
        for code in range(0x3100)
        if unicodedata.ucd_3_2_0.category(chr(code)) not in {"Cn", "Cs"} and not 0x10A0 <= code < 0x1100
    ]
    return ["".join(draw.choices(known, k=draw.randint(1, 12))) for _ in range(300)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readers")
    write_onnx(load_encoder("es").model, output=folder / "es.onnx")
    (folder / "reader.py").write_text(READERS["python"], encoding="utf-8")
    (folder / "reader.mjs").write_text(READERS["js"], encoding="utf-8")
    (folder / "words.json").write_text(json.dumps([*TRICKY, *made_up(0)]))
    return folder


def expected(folder):
    return load_encoder("es").encode(json.loads((folder / "words.json").read_text()))


def test_the_reader_in_python(folder, run_python):
    script = """
import json, pathlib, sys; sys.modules["beast_core"] = None; sys.path.insert(0, sys.argv[1])
import numpy
from reader import Encoder
words = json.loads(pathlib.Path(sys.argv[1], "words.json").read_text())
numpy.save(sys.argv[1] + "/found.npy", Encoder(sys.argv[1] + "/es.onnx").encode(words))
"""
    run_python(script, folder, timeout=300)
    np.testing.assert_allclose(np.load(folder / "found.npy"), expected(folder), atol=1e-5, rtol=0)


def test_the_reader_in_javascript(folder):
    node, modules = shutil.which("node"), ROOT / "node_modules"
    if not node or not (modules / "onnxruntime-web").is_dir():
        pytest.skip(
            "needs node, and in the root: npm install --no-save --no-package-lock --ignore-scripts onnxruntime-web"
        )
    (folder / "node_modules").symlink_to(modules)
    (folder / "run.mjs").write_text("""
import { readFileSync, writeFileSync } from "node:fs";
import * as ort from "onnxruntime-web";
import { load } from "./reader.mjs";
ort.env.wasm.numThreads = 1;
const encode = await load("es.onnx"), vectors = await encode(JSON.parse(readFileSync("words.json")));
writeFileSync("found.json", JSON.stringify([vectors.map((vector) => [...vector]), [...(await encode(["perro"]))[0]]]));
try { await encode(["mal\\ud83d"]); } catch (error) { process.stdout.write(error.message); }
process.exit();
""")
    done = subprocess.run([node, "run.mjs"], cwd=folder, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout == '"mal\\ud83d" holds a lone surrogate, which is not text'
    found, one = json.loads((folder / "found.json").read_text())
    np.testing.assert_allclose(found, expected(folder), atol=1e-5, rtol=0)
    np.testing.assert_allclose(one, load_encoder("es").encode_word("perro"), atol=1e-5, rtol=0)


@pytest.mark.parametrize("spelling", [1, 2])
@pytest.mark.parametrize("lowercase", [True, False])
def test_the_steps_of_a_file_are_the_rule(lowercase, spelling):
    steps = spelling_steps(lowercase=lowercase, spelling=spelling)
    for word in [*TRICKY, *made_up(1)]:
        spelled = word
        for step, *given in json.loads(json.dumps(steps)):
            if step == "replace":
                spelled = re.sub(given[0], given[1], spelled)
            else:
                spelled = unicodedata.normalize(given[0], spelled) if step == "normalize" else spelled.lower()
        assert spelled == normalise_word(word, lowercase=lowercase, spelling=spelling)


def test_a_cased_model_of_a_narrow_window_is_read_by_its_own_rule(tmp_path, run_python):
    config = EncoderConfig.preset(
        "asterisk", hidden_width=8, output_width=6, layers=1, window=2, lowercase=False, spelling=1
    )
    draw = np.random.default_rng(0).normal
    model = Model(config, {name: draw(size=shape).astype(np.float32) for name, shape in config.weight_shapes.items()})
    write_onnx(model, output=tmp_path / "m.onnx")
    script = f"{READERS['python']}\nimport sys; print(Encoder(sys.argv[1]).encode(['Sol', 'sol', ' s', '']).tolist())"
    found = json.loads(run_python(script, tmp_path / "m.onnx", timeout=300))
    np.testing.assert_allclose(found, make_encoder(model).encode(["Sol", "sol", " s", ""]), atol=1e-5, rtol=0)
