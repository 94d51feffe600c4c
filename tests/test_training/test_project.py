"""The spaCy project as a user runs it: the real command in a copy of the files that are under version control."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from beast_core import load_encoder
from training.common.variables import unknown_variables
from training.table import read_table

ROOT = Path(__file__).parents[2]


def project(folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "spacy", "project", "run", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project") / "clone"
    # What git knows or would take, but for an environment: one may lie in the clone, by any name.
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    foreign = {"tests", *(file.parent.name for file in ROOT.glob("*/pyvenv.cfg"))}
    for name in filter(None, listed.stdout.split("\0")):
        if (source := ROOT / name).is_file() and name.split("/")[0] not in foreign:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name)
    done = project(
        folder, "train", ".", "--vars.config", "smoke", "--vars.device", "cpu", "--vars.eval_data", "nowhere"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout


def test_train_writes_beast_and_prints_scores(trained):
    folder, output = trained
    words = ["perro", "PERRO", "niño", "xyzzy"]
    script = (
        "from sentence_transformers import SentenceTransformer; import json, sys;"
        "print(json.dumps(SentenceTransformer('beast').encode(json.loads(sys.argv[1])).tolist()))"
    )
    vectors = subprocess.run(
        [sys.executable, "-c", script, json.dumps(words)], cwd=folder, capture_output=True, text=True, check=True
    )
    vectors = np.array(json.loads(vectors.stdout.splitlines()[-1]))
    np.testing.assert_allclose(vectors, load_encoder(folder / "runs/es/smoke/model").encode(words), atol=1e-5)
    np.testing.assert_allclose(vectors, load_encoder(folder / "beast").encode(words), atol=1e-5)
    assert "held-out" in output
    for measure, name in (("clustering, ARI", "ids_chapters_es"), ("retrieval@1", "tweetnorm_dev500_es")):
        assert re.search(rf"^{measure} +{name} +\d+  0\.\d\d\d ", output, re.MULTILINE), output
    evaluation = folder / "runs/es/smoke/evaluation"
    assert json.loads((evaluation / "metrics.json").read_text())
    assert (evaluation / "training_curve.png").read_bytes().startswith(b"\x89PNG")


def test_an_unchanged_distillation_is_not_run_again(trained):
    folder, _ = trained
    done = project(
        folder, "distill", ".", "--vars.config", "smoke", "--vars.device", "cpu", "--vars.eval_data", "nowhere"
    )
    assert done.returncode == 0 and "Skipping 'distill'" in done.stdout


def test_package_makes_a_wheel_with_the_trained_vectors(trained):
    folder, _ = trained
    done = project(folder, "package", ".", "--vars.config", "smoke", "--vars.device", "cpu")
    assert done.returncode == 0, done.stdout + done.stderr
    wheel = next(folder.glob("packages/**/*.whl"))
    assert wheel.name.startswith("es_beast_vectors-0.1.0")
    target = folder / "installed"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    script = "import spacy; print(spacy.load('es_beast_vectors')('perro')[0].vector.tolist())"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(target)}, capture_output=True, text=True
    )
    vector = np.array(json.loads(done.stdout))
    np.testing.assert_allclose(vector, load_encoder(folder / "runs/es/smoke/model").encode(["perro"])[0], atol=1e-5)


def test_a_misspelt_variable_stops_the_run(trained):
    folder, _ = trained
    done = project(folder, "train", ".", "--vars.devise", "cpu", "--force")
    assert done.returncode != 0
    assert "--vars.devise is no variable of this project; did you mean --vars.device?" in done.stdout + done.stderr


def test_a_misspelt_language_stops_the_run_before_anything_is_made(trained):
    folder, _ = trained
    done = project(folder, "train", ".", "--vars.language", "ess", "--force")
    assert done.returncode != 0
    assert "no language 'ess', expected one of de, en, es" in done.stdout + done.stderr
    assert not (folder / "runs/ess").exists() and not (folder / "assets/lexicon").exists()


def test_variables_are_read_from_any_command_line():
    known = ["config", "device"]
    assert unknown_variables(["run", "--vars.config", "long", "--vars.device=cpu"], known=known) == []
    assert unknown_variables(["--vars.zzz=1"], known=known) == [
        "--vars.zzz is no variable of this project; there are: config, device"
    ]


def test_teach_makes_a_table_of_a_word_list_and_measures_it(trained):
    folder, _ = trained
    random = np.random.default_rng(0)
    words = ["perro", "perros", "gato", "mesa"]
    lines = [" ".join([word, *(f"{entry:.4f}" for entry in random.normal(size=8))]) for word in words]
    (folder / "vectors.vec").write_text("\n".join(["4 8", *lines]), encoding="utf-8")
    (folder / "words.txt").write_text("perro\t5.2\ngato\t4.9\nperros\t4.7\nunicornio\t3.1\n", encoding="utf-8")
    variables = {"teacher": "table", "lexicon": "words.txt", "eval_data": "nowhere"}
    done = project(folder, "teach", ".", *(f"--vars.{name}={value}" for name, value in variables.items()))
    assert done.returncode == 0, done.stdout + done.stderr
    table = read_table(folder / "assets/teachers/table.parquet")
    assert table.words == ["perro", "gato", "perros"] and table.width == 8
    assert "left out: 1 words that the teacher does not know" in done.stdout
    assert (folder / "runs/teach/table/evaluation/results.md").is_file()


def test_explore_shows_everyday_words(trained):
    folder, _ = trained
    done = project(folder, "explore", ".", "--vars.language", "de")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everyday German words" in (folder / "runs/explore.html").read_text(encoding="utf-8")
