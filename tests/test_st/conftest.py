import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from sentence_transformers import SentenceTransformer

import st_beast
from beast_core import PRESETS, BeastEncoder, EncoderConfig, load_encoder, write_encoder
from beast_core.families.ngram import POOLINGS

_SMALL = {"hidden_width": 32, "heads": 2, "feed_forward_width": 64, "output_width": 16}


def _write(folder, config):
    """A model of random weights, large enough to tell words apart, away from the ones and zeros that norms start at."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        encoder = BeastEncoder(config)
        for name, parameter in encoder.named_parameters():
            if "embedding" in name:
                torch.nn.init.normal_(parameter)
            elif parameter.ndim == 1:
                torch.nn.init.normal_(parameter, mean=float("norm.weight" in name), std=0.2)
    return write_encoder(encoder, folder)


@pytest.fixture(scope="session")
def write_small():
    """Writes a small model to a folder of ours: `write_small(folder, preset name, **changes)`."""

    def write(folder, name, **changes):
        if name == "beast":
            changes = {"ngram_buckets": (101, 211, 211, 197), "projection_width": 48, **changes}
        return _write(folder, EncoderConfig.preset(name, **_SMALL | changes))

    return write


@pytest.fixture(scope="session", params=sorted(PRESETS))
def preset(request, tmp_path_factory):
    """One preset at full size: our folder, the stock folder written from it, and both loaded."""
    root = tmp_path_factory.mktemp(request.param)
    ours = _write(root / "ours", EncoderConfig.preset(request.param))
    stock = st_beast.save(root / "beast", model=ours)
    return SimpleNamespace(
        name=request.param, ours=ours, folder=stock, core=load_encoder(ours), stock=SentenceTransformer(str(stock))
    )


_SMALL_PRESETS = [
    *(("beast", {"layers": layers, "pooling": pooling}) for layers in (0, 2) for pooling in POOLINGS),
    ("mini", {"layers": 2}),
    ("asterisk", {"layers": 2}),
    ("mini", {"layers": 2, "input_norm": "weighted", "activation": "relu", "padding": "attended"}),
]


@pytest.fixture(scope="session")
def small_presets():
    """The presets of which there are small models, and what is changed in them."""
    return _SMALL_PRESETS


@pytest.fixture(scope="session", params=_SMALL_PRESETS, ids=str)
def small_preset(request, tmp_path_factory, write_small):
    """The same for a small model of each architecture."""
    name, changes = request.param
    root = tmp_path_factory.mktemp(name)
    ours = write_small(root / "ours", name, **changes)
    stock = st_beast.save(root / "beast", model=ours)
    return SimpleNamespace(core=load_encoder(ours), stock=SentenceTransformer(str(stock)))


@pytest.fixture(scope="session")
def small(tmp_path_factory, write_small):
    """A small `ngram` model, in our folder."""
    return write_small(tmp_path_factory.mktemp("small") / "ours", "beast")


@pytest.fixture
def model(small):
    """The small `ngram` model, loaded."""
    return st_beast.load(small)


@pytest.fixture(scope="session")
def fresh_python():
    """Runs Python anew, warnings as errors, without the variables that keep the host offline."""

    def run(*arguments, folder):
        settings = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
        command = [sys.executable, "-W", "error", *map(str, arguments)]
        return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=300)

    return run


@pytest.fixture(scope="session")
def contents():
    """All files of a folder: `contents(folder) -> {relative path: bytes}`."""

    def read(folder):
        return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    return read
