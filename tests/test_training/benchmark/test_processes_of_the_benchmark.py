"""What the benchmark measures in other processes: an earlier commit, fresh starts, busy cores."""

import subprocess
from pathlib import Path

import psutil
import pytest

from training.benchmark import earlier, starts
from training.benchmark.apart import ROOT, Apart
from training.benchmark.busy import busy_processes
from training.benchmark.names import EARLIER, RouteName, StartName
from training.common.errors import InputError

# A core with a cache, as there was one, which takes a tenth of a second for a list and a fifth for a word alone.
CORE = """
import time
class Encoder:
    def encode(self, words):
        time.sleep(0.1 if len(words) > 1 else 0.2)
def load_encoder(*, cache_size):
    assert cache_size == 0
    return Encoder()
"""
SAVE = "import pathlib, sys; folder = pathlib.Path(sys.argv[2]); (folder / 'written').write_text('of then')"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """One with a commit of the packages, whose files have changed since."""
    for name, text in {
        "beast_core/__init__.py": CORE,
        "st_beast/__init__.py": "",
        "st_beast/__main__.py": SAVE,
    }.items():
        (tmp_path / "there" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "there" / name).write_text(text)
    person = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q"], ["add", "."], [*person, "commit", "-q", "-m", "then"]):
        subprocess.run(["git", *command], cwd=tmp_path / "there", check=True)
    (tmp_path / "there/beast_core/__init__.py").write_text("raise RuntimeError('of today')")
    monkeypatch.setattr(earlier, "ROOT", tmp_path / "there")


def test_an_earlier_commit_computes_by_its_own_code_and_measures_itself(repository, tmp_path):
    routes = earlier.earlier_routes("HEAD")
    assert list(routes) == list(EARLIER)
    stock, core = (routes[name].folder(tmp_path, words=[]) for name in reversed(EARLIER))
    assert (stock / "written").read_text() == "of then"
    model = routes[RouteName.EARLIER_CORE].load(core)
    try:
        assert 0.1 <= model.seconds(["ñandú", "\ud800"]) < 0.2 <= min(model.seconds_alone(["a", "b"]))
    finally:
        model.close()
    with pytest.raises(InputError, match=r"--against none: .*none.*; expected a commit of"):
        earlier.extract_packages("none", folder=tmp_path / "none")


def test_a_process_apart_takes_the_core_from_where_it_should(tmp_path, monkeypatch):
    with pytest.raises(InputError, match=f"beast_core was found at .*, expected it below {tmp_path}"):
        Apart(tmp_path)
    monkeypatch.chdir(ROOT)  # the project gives its folders as they are from here
    plain = Apart(Path(), settings={"BEAST_KERNEL": "numpy"})
    try:
        assert plain.seconds(["sol"]) > 0
    finally:
        plain.close()
    with pytest.raises(InputError, match="has ended"):
        Apart(ROOT, settings={"BEAST_KERNEL": "none"})


def test_a_start_is_the_step_that_is_measured(monkeypatch):
    held = starts.Steps("time.sleep(0.1); held = b'1' * (10**8 // 2)", before=["import time; more = b'1' * 10**8"])
    monkeypatch.setattr(starts, "STEPS", {StartName.PYTHON: held})
    found = starts.measure_starts(rounds=2)[StartName.PYTHON]
    assert 0.1 <= found.seconds.low <= found.seconds.median <= found.seconds.high < 5
    assert 45e6 < found.added_bytes.median < 60e6 and 150e6 < found.resident_bytes.median < 200e6
    monkeypatch.setattr(starts, "STEPS", {StartName.CORE: starts.Steps("pass", after=["raise ValueError('no')"])})
    with pytest.raises(InputError, match="first vector cannot be measured: ValueError: no"):
        starts.measure_starts(rounds=1)


def test_cores_are_busy_for_as_long_as_is_asked():
    before = set(psutil.Process().children())
    with busy_processes(2):
        loops = set(psutil.Process().children()) - before
        assert len(loops) == 2 and all(loop.is_running() for loop in loops)
    assert not set(psutil.Process().children()) - before
