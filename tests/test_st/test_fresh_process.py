"""What a user without this package does, in a new process with no network; and the command that comes before it."""

import numpy as np
import pytest

import st_beast
from beast_core import load_encoder, shipped_languages
from st_beast.__main__ import main

WORDS = ["perro", "PERRO", "", " ", "a\nb", "<w>", "electroencefalografista", "日本語", "🙂"]

LOAD = """
import sys, traceback
looked_up = []

def refuse(event, details):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        looked_up.append("".join(traceback.format_stack()))
        raise OSError("there is no network")

sys.addaudithook(refuse)
import numpy as np
from sentence_transformers import SentenceTransformer

words = eval(sys.argv[1])
np.save("vectors.npy", [SentenceTransformer(name).encode(words) for name in ("beast", "./beast", "saved")])
assert not [name for name in sys.modules if name.startswith(("beast_core", "st_beast"))]
# The host asks the hub about "beast", to name a base model in the model card, and goes on without an answer.
assert all("set_base_model" in stack for stack in looked_up), looked_up
"""


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory, fresh_python):
    """A working directory in which the command wrote `beast` and a loaded model wrote `saved`."""
    folder = tmp_path_factory.mktemp("work")
    done = fresh_python("-m", "st_beast", "save", "beast", "--model", small, folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    expected = f'{folder / "beast"}\nuse it with: SentenceTransformer("beast").encode(words)\n'
    assert done.stdout == expected
    st_beast.load(folder / "beast").save_pretrained(str(folder / "saved"))
    return folder


def test_the_literal_line_loads_without_us_or_a_network(small, folder, fresh_python):
    done = fresh_python("-c", LOAD, repr(WORDS), folder=folder)
    assert done.returncode == 0, done.stderr
    # The host's progress bar, and not one warning.
    assert [line for line in done.stderr.splitlines() if line and "Loading weights" not in line] == []
    expected = load_encoder(small).encode(WORDS)
    for vectors in np.load(folder / "vectors.npy"):
        assert np.abs(vectors - expected).max() < 1e-5


def test_the_command_writes_the_bytes_that_the_function_writes(small, folder, tmp_path, contents):
    assert contents(st_beast.save(tmp_path / "beast", model=small)) == contents(folder / "beast")


def test_the_command_replaces_models_and_nothing_else(small, write_small, tmp_path, contents, capsys):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    assert main(["save", str(tmp_path / "photos"), "--model", str(small)]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "cannot save to" in output.err
    assert "name a new folder" in output.err
    assert [file.name for file in (tmp_path / "photos").iterdir()] == ["cat.jpg"]

    older = st_beast.save(tmp_path / "beast", model=write_small(tmp_path / "older", "beast", ngram_buckets=7))
    assert main(["save", str(older), "--model", str(small)]) == 0
    assert contents(older) == contents(st_beast.save(tmp_path / "new", model=small))


def test_the_command_names_a_model_that_is_not_there(tmp_path, capsys):
    assert main(["save", str(tmp_path / "beast"), "--model", str(tmp_path / "nowhere")]) == 1
    assert "error: no model at" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_command_explains_itself(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["save", "--help"])
    help_text = capsys.readouterr().out
    assert "--model FOLDER" in help_text
    assert f"come with the package: {', '.join(shipped_languages())}" in " ".join(help_text.split())
    assert "the folder to write" in help_text
    with pytest.raises(SystemExit, match="2"):
        main([])
