"""A process that is killed while it saves a pipeline leaves the old vectors, the new ones, or what does not load."""

import os

import numpy as np
import pytest
import spacy

from beast_core import read_encoder, write_encoder

# Saves a pipeline again and again, each time killed before a later one of the steps that it takes in files.
SAVE_AND_KILL = """
import os, shutil, signal, sys
import spacy

nlp = spacy.load(sys.argv[1], exclude=["tokenizer"])


def count(event, arguments):
    global steps
    opened = event == "open" and str(arguments[0]).startswith(saved) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if opened or event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "ctypes.call_function"):
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)


def save_until(last):
    saved = f"{before}.{last}"
    if os.path.exists(before):
        shutil.copytree(before, saved)
    child = os.fork()
    if child == 0:
        globals().update(saved=saved, last=last, steps=0)
        sys.addaudithook(count)
        nlp.to_disk(saved, exclude=["tokenizer"])
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


for before in sys.argv[2:]:
    print(next(last for last in range(1, 200) if save_until(last)))
"""


@pytest.fixture
def changed(model_path, tmp_path):
    """The path of a model with other weights, which only float32 holds."""
    encoder = read_encoder(model_path)
    for parameter in encoder.parameters():
        parameter.data *= 1.001
    encoder.projection.bias.data[0] += 0.5
    return str(write_encoder(encoder, tmp_path / "changed", compact=False))


def described(nlp):
    return nlp.vocab.vectors.attr, nlp.vocab.get_vector("sol").tolist()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the test forks a process for each step")
def test_at_any_step(make_nlp, changed, tmp_path, run_fresh):
    new = make_nlp(attr="LOWER")
    new.vocab.vectors.from_disk(save(make_nlp(model=changed, attr="LOWER"), tmp_path / "source") / "vocab")
    save(new, tmp_path / "new")
    before = {"nothing": None, "ours": make_nlp(), "a table": make_stock()}
    for name, old in before.items():
        if old is not None:
            save(old, tmp_path / name)
    printed = run_fresh(SAVE_AND_KILL, tmp_path / "new", *(tmp_path / name for name in before))
    for (name, old), steps in zip(before.items(), map(int, printed.split()), strict=True):
        assert steps > 10
        expected = [described(whole) for whole in (old, new) if whole is not None]
        for step in range(1, steps + 1):
            try:
                loaded = spacy.load(tmp_path / f"{name}.{step}", exclude=["tokenizer"])
            except (OSError, ValueError):
                continue  # refused
            assert described(loaded) in expected, f"saved over {name}, killed at step {step} of {steps}"
        assert described(loaded) == described(new), "the last save was not interrupted"


def make_stock():
    nlp = spacy.blank("es")
    nlp.vocab.set_vector("sol", np.ones(2, dtype="f"))
    return nlp


def save(nlp, folder):
    nlp.to_disk(folder, exclude=["tokenizer"])
    return folder
