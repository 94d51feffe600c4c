import re
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from beast_core import read_encoder, write_encoder

FOREIGN = {
    "other files": ["notes.txt"],
    "a configuration of something else": ["config.json", "notes.txt"],
    "a folder": [".git/HEAD"],
}


@pytest.mark.parametrize("holding", FOREIGN)
def test_a_folder_of_other_files_is_never_replaced(ngram, tmp_path, holding, files):
    for name in FOREIGN[holding]:
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_text("{}")
    before = files(tmp_path)
    with pytest.raises(FileExistsError, match=f"cannot save to {re.escape(str(tmp_path / 'folder'))}"):
        write_encoder(ngram, tmp_path / "folder")
    assert files(tmp_path) == before


@pytest.mark.parametrize("foreign", ["notes.txt", ".git/HEAD"])
def test_other_files_beside_a_model_survive_a_save(ngram, model, foreign):
    (model / foreign).parent.mkdir(exist_ok=True)
    (model / foreign).write_text("precious")
    try:
        write_encoder(ngram, model)
    except FileExistsError as error:
        assert foreign.split("/")[0] in str(error)
    assert (model / foreign).is_file()


def test_a_file_is_never_replaced(ngram, tmp_path, files):
    (tmp_path / "model").write_text("precious")
    file = tmp_path / "model"
    for target, place in ((file, "it"), (file / "inside", file), (file / "deep" / "inside", file)):
        message = f"cannot save to {target}: {place} is a file, expected a folder or nothing"
        with pytest.raises(FileExistsError, match=f"^{re.escape(message)}$"):
            write_encoder(ngram, target)
    assert files(tmp_path) == {"model": b"precious"}


def test_saving_again_replaces_through_a_link(ngram, model, make_encoder, tmp_path):
    (tmp_path / "link").symlink_to(model)
    other = make_encoder("flatten", seed=8)
    assert write_encoder(other, tmp_path / "link", compact=False) == model
    assert (tmp_path / "link").is_symlink()
    saved = read_encoder(model).state_dict()
    assert [name for name, value in other.state_dict().items() if not value.equal(saved[name])] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "model"]


@contextmanager
def full_disk(size: int):
    """Writes beyond this many bytes of a file fail, as they do on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("size", [100, 2000])
def test_a_full_disk_leaves_the_old_model(make_encoder, model, size, files):
    before, encoder = files(model), make_encoder("ngram", seed=10)
    with full_disk(size), pytest.raises(OSError, match="nothing was changed") as caught:
        write_encoder(encoder, model, compact=False)
    assert f"cannot write {model}" in str(caught.value)
    assert files(model) == before
    assert [path.name for path in model.parent.iterdir()] == ["model"]


KILL = """
import os, random, signal, sys, time
import torch
from pathlib import Path
from beast_core import BeastEncoder, EncoderConfig, read_encoder, write_encoder

torch.set_num_threads(1)
random.seed(int(sys.argv[2]))
path = Path(sys.argv[1])
config = EncoderConfig.preset("beast", hidden_width=8, feed_forward_width=8, output_width=6, ngram_buckets=2000)
encoders = [BeastEncoder(config), BeastEncoder(EncoderConfig.preset("beast", **{**vars(config), "layers": 3}))]
states = [encoder.state_dict() for encoder in encoders]

def whole():
    found = read_encoder(path)
    expected = states[1] if found.config.layers == 3 else states[0]
    return all(value.equal(expected[name]) for name, value in found.state_dict().items())

write_encoder(encoders[0], path, compact=False)
killed = leftovers = 0
for _ in range(200):  # where other processes have the processor, few are killed in the middle of a save
    if killed >= 15 and leftovers:
        break
    child = os.fork()
    if not child:
        while True:
            for encoder in encoders:
                write_encoder(encoder, path, compact=False)
    time.sleep(random.uniform(0.002, 0.04))
    os.kill(child, signal.SIGKILL)
    killed += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert whole(), "torn"
    leftovers += len(os.listdir(path.parent)) > 1
    for left in set(os.listdir(path.parent)) - {path.name}:
        assert left.startswith(f".{path.name}.saving."), left
write_encoder(encoders[1], path, compact=False)
assert read_encoder(path).config.layers == 3 and whole()
assert os.listdir(path.parent) == [path.name]
print(killed, leftovers)
"""


def test_a_killed_save_leaves_the_old_or_the_new_model(run_python, tmp_path):
    killed, leftovers = map(int, run_python(KILL, tmp_path / "model", 0).split())
    assert killed >= 15
    assert leftovers > 0  # some were killed in the middle of a save


SAVING = """
import sys
from pathlib import Path
from beast_core.files import working_folder

for folder in map(Path, sys.argv[1:]):
    with working_folder(folder.parent, name=folder.name) as work:
        (work / "half").write_text("a model")
        print(work, flush=True)
        sys.stdin.readline()
"""


def test_what_a_killed_save_left_is_removed_by_the_next_and_what_a_living_one_needs_is_not(ngram, tmp_path, files):
    """Beside the folder that is saved, as `write_encoder` writes, and within it, as sentence-transformers does."""
    model = write_encoder(ngram, tmp_path / "model")
    for target in (model, model / "model"):
        command = [sys.executable, "-c", SAVING, str(target)]
        other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        work = Path(other.stdout.readline().strip())
        if target == model:
            write_encoder(ngram, model)
        else:
            with pytest.raises(FileExistsError, match=re.escape(work.name)):
                write_encoder(ngram, model)
        assert files(work) == {"half": b"a model"}
        other.communicate() if target == model else other.kill()
        assert (other.wait(), work.exists()) == ((0, False) if target == model else (-signal.SIGKILL, True))
        other.stdin.close(), other.stdout.close()
        write_encoder(ngram, model)
        assert [path.name for path in tmp_path.iterdir()] == ["model"]
        assert sorted(files(model)) == ["config.json", "model.safetensors"]


def test_a_folder_of_a_like_name_is_no_left_over(ngram, tmp_path, files):
    likes = [".model.old", ".model.saving", ".model2.saving.x", "model.saving.x"]
    for name in likes:
        (tmp_path / name).mkdir()
    write_encoder(ngram, tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*likes, "model"])
