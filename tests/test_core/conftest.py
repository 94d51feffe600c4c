import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from beast_core import BeastEncoder, EncoderConfig, write_encoder
from beast_core.families.ngram import POOLINGS

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")

TINY = {"hidden_width": 8, "heads": 2, "feed_forward_width": 12, "output_width": 6}
_NGRAMS = {"family": "ngram", "ngram_sizes": (2, 4), "ngram_buckets": (23, 31)}
SHAPES = {
    "averaged": {**_NGRAMS, "layers": 0, "projection_width": 10},
    "ngram": _NGRAMS,
    "flatten": {"family": "flatten"},
    "causal flatten": {"family": "flatten", "causal": True},
    # Together with those above, every choice that the family has.
    "ReLU flatten": {"family": "flatten", "activation": "relu", "padding": "attended", "input_norm": "weighted"},
    "bare flatten": {"family": "flatten", "causal": True, "padding": "zeroed", "input_norm": "none"},
}
for pooling in set(POOLINGS) - {"mean"}:
    SHAPES |= {f"{shape}, {pooling}": {**SHAPES[shape], "pooling": pooling} for shape in ("averaged", "ngram")}


def _fill(encoder: BeastEncoder, *, seed: int) -> BeastEncoder:
    """Random values everywhere, so that no norm is the identity and no bias is zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in encoder.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            fan_in = parameter.shape[-1]
            parameter.copy_(1 + 0.3 * noise if "norm" in name else noise * fan_in**-0.5)
    return encoder.eval()


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny tensors are slower on several threads, and many times so on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def shapes() -> list[str]:
    """The names of all shapes that are tested."""
    return list(SHAPES)


@pytest.fixture(scope="session")
def make_encoder() -> Callable[..., BeastEncoder]:
    """An encoder with random weights; a tiny one of the shape named, or one of the configuration given."""

    def make(shape_or_config: str | EncoderConfig, *, seed: int = 0, **changes: object) -> BeastEncoder:
        config = shape_or_config
        if isinstance(config, str):
            config = EncoderConfig.from_dict({"layers": 2, **TINY, **SHAPES[config], **changes})
        return _fill(BeastEncoder(config), seed=seed)

    return make


@pytest.fixture(scope="session", params=SHAPES)
def encoder(request: pytest.FixtureRequest, make_encoder: Callable[..., BeastEncoder]) -> BeastEncoder:
    """A tiny encoder of each shape; never to be changed by a test."""
    return make_encoder(request.param)


@pytest.fixture
def ngram(make_encoder: Callable[..., BeastEncoder]) -> BeastEncoder:
    """A tiny encoder that a test may change."""
    return make_encoder("ngram", seed=3)


@pytest.fixture
def model(ngram: BeastEncoder, tmp_path: Path) -> Path:
    """Its compact folder, the only thing in `tmp_path`."""
    return write_encoder(ngram, tmp_path / "model")


@pytest.fixture(scope="session")
def files() -> Callable[[Path], dict[str, bytes]]:
    """What is in all files under a folder."""

    def read(folder: Path) -> dict[str, bytes]:
        return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    return read


@pytest.fixture(scope="session")
def run_python() -> Callable[..., str]:
    """Runs a script in a fresh interpreter and returns what it printed."""

    def run(script: str, *arguments: str | Path, hash_seed: int = 0, timeout: float = 60) -> str:
        command = [sys.executable, "-P", "-W", "error", "-c", script, *map(str, arguments)]
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
