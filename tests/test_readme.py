"""The README's Python snippets run as they stand, in a fresh process, in a folder of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
SNIPPETS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.M | re.S)


def test_there_are_snippets_for_each_way_in():
    text = "\n".join(SNIPPETS)
    for promise in ('nlp.add_pipe("beast_vectors")', 'SentenceTransformer("beast").encode(', "load_encoder("):
        assert promise in text


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which `python -m st_beast save beast` was run."""
    folder = tmp_path_factory.mktemp("readme")
    subprocess.run([sys.executable, "-m", "st_beast", "save", "beast"], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.splitlines()[0][:40])
def test_snippet_runs_without_a_warning_and_without_a_hub(folder, snippet):
    environment = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", snippet],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
