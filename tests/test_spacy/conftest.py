import os
import subprocess
import sys

import pytest
import spacy
import torch

from beast_core import BeastEncoder, EncoderConfig, write_encoder


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Threads that share busy cores wait for each other far longer than these small matrices take."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def model_path(tmp_path_factory):
    """A model folder with random weights, small enough to train and to save often."""
    torch.manual_seed(0)
    widths = {"hidden_width": 32, "feed_forward_width": 32, "projection_width": 48, "output_width": 16}
    config = EncoderConfig.preset("beast", heads=2, ngram_buckets=101, **widths)
    return str(write_encoder(BeastEncoder(config), tmp_path_factory.mktemp("model") / "small"))


@pytest.fixture
def make_nlp(model_path):
    def make(**config):
        nlp = spacy.blank("es")
        nlp.add_pipe("beast_vectors", config={"model": model_path, **config})
        return nlp

    return make


@pytest.fixture
def nlp(make_nlp):
    return make_nlp()


@pytest.fixture
def run_command(tmp_path):
    """Runs a program, which must end well and soon, in the test's folder; gives what it printed."""

    def run(*command, threads=1):
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        command = [str(part) for part in command]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, cwd=tmp_path, env=environment)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout

    return run


@pytest.fixture
def run_fresh(tmp_path, run_command):
    """Runs code in a new Python that has imported nothing, with warnings as errors; gives what it printed."""

    def run(code, *arguments, threads=1):
        (tmp_path / "fresh.py").write_text(code, encoding="utf-8")
        return run_command(sys.executable, "-W", "error", "fresh.py", *arguments, threads=threads)

    return run
