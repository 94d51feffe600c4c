"""An earlier commit of the packages as a peer: the same words, by the code of then, in the same run."""

import io
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

from training.benchmark.apart import ROOT, Apart, apart_environment
from training.benchmark.loaded import Timed
from training.benchmark.names import RouteName
from training.benchmark.routes import Route, load_stock_folder
from training.common.errors import InputError

_PACKAGES = ("beast_core", "st_beast")


def earlier_routes(commit: str) -> dict[str, Route]:
    """The core of a commit, and the folder for sentence-transformers that it writes."""

    def make_earlier(folder: Path, *, words: Sequence[str]) -> None:
        extract_packages(commit, folder=folder)

    def make_earlier_stock_folder(folder: Path, *, words: Sequence[str]) -> None:
        packages = core.folder(folder.parent, words=words)
        _run([sys.executable, "-P", "-m", "st_beast", "save", str(folder)], packages=packages)

    core = _route(RouteName.EARLIER_CORE, Apart, make=make_earlier)
    stock = _route(RouteName.EARLIER_STOCK_FOLDER, load_stock_folder, make=make_earlier_stock_folder)
    return {core.name: core, stock.name: stock}


def _route(name: RouteName, load: Callable[[Path], Timed], *, make: Callable[..., None]) -> Route:
    return Route(name, load, (), make=make, starts=0)


def extract_packages(commit: str, *, folder: Path) -> None:
    """Writes the packages of a commit to a folder, with their kernel compiled if they have one.

    By `git archive`, as a worktree would stay in git's books when the folder is deleted. Raises `InputError` for a
    commit that is not there.
    """
    command = ["git", "archive", "--format=tar", commit, *_PACKAGES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        reason = (done.stderr.decode().strip().splitlines() or ["git said nothing"])[-1]
        raise InputError(f"--against {commit}: {reason}; expected a commit of {ROOT}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    if (folder / "beast_core/kernel/__main__.py").is_file():
        _run([sys.executable, "-P", "-m", "beast_core.kernel"], packages=folder)


def _run(command: Sequence[str], *, packages: Path) -> None:
    environment = apart_environment(packages)
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise InputError(f"the earlier commit failed at {' '.join(command[2:])}: {reason}")
