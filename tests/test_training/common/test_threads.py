import os
import re
import subprocess
import sys

import pytest

OURS = {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}
TORCHRUN = ("-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone")


def spins(*command, **variables):
    """How often a waiting thread of the command will spin, by each OpenMP runtime that it loads."""
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {"OMP_DISPLAY_ENV": "verbose", **variables}
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"GOMP_SPINCOUNT = '(\d+)'", done.stderr))


if not spins("-c", "import torch"):
    pytest.skip("torch has another OpenMP here than GNU's", allow_module_level=True)


# Some stages import torch only when they need it.
RUN_THEN_TORCH = """
import contextlib, runpy, sys
sys.argv = [sys.argv[1], "--help"]
with contextlib.suppress(SystemExit):
    runpy.run_module(sys.argv[0], run_name="__main__")
import torch
"""


@pytest.mark.parametrize("stage", ["distill", "teach", "report"])
def test_waiting_threads_of_what_runs_for_long_spin_briefly(stage):
    assert spins("-c", RUN_THEN_TORCH, f"training.{stage}") == {"10000"}


def test_those_of_several_processes_too():
    assert "10000" in spins(*TORCHRUN, "-m", "training.distill", "--help")


@pytest.mark.parametrize(
    ("name", "value", "spun"), [("GOMP_SPINCOUNT", "77", "77"), ("OMP_WAIT_POLICY", "PASSIVE", "0")]
)
def test_what_somebody_has_set_stays(name, value, spun):
    assert spins("-m", "training.distill", "--help", **{name: value}) == {spun}
