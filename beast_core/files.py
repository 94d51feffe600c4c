"""Files and folders that are there whole or not at all.

Some modules are imported where they are used: a process that only reads a model should not wait for them.
"""

import os
import re
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":  # which cannot lock folders
    import fcntl


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Gives a path beside `path` to write to; on success that file becomes `path`, on any error it is removed."""
    temporary = path.with_name(f".{path.name}.partial")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_file(path: Path, content: str | bytes) -> None:
    """Writes a whole file or, on any error, leaves what was there."""
    with replace_file(path) as temporary:
        temporary.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def refuse_file(target: Path) -> None:
    """Raises `FileExistsError` if a folder cannot be at an absolute path: a file is there, or where its parents are."""
    for path in (target, *target.parents):
        if path.exists() and not path.is_dir():
            place = "it" if path == target else str(path)
            raise FileExistsError(f"cannot save to {target}: {place} is a file, expected a folder or nothing")


@contextmanager
def replace_folder(path: str | Path, *, replaceable: Collection[str] = ()) -> Iterator[Path]:
    """Gives an empty folder to write to; on success it becomes `path` in one step, on any error it is removed.

    A crash at any moment leaves the old folder or the new one at `path` (on Linux by exchanging the two in one system
    call; elsewhere by two renames), and at worst a `working_folder`, which the next save removes.

    Raises `FileExistsError` if `path` is a file, or a folder that holds anything but what the new folder holds and what
    `replaceable` names: saving must never delete anything else.
    """
    target = Path(path).resolve()
    refuse_file(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with working_folder(target.parent, name=target.name) as work:
        new = work / "new"
        new.mkdir()
        yield new
        _refuse_foreign(target, known={*replaceable, *(entry.name for entry in new.iterdir())})
        new.chmod(0o755)
        for file in new.rglob("*"):  # safetensors makes private files; a model is shared like any other file
            file.chmod(0o755 if file.is_dir() else 0o644)
            _flush(file)
        _flush(new)
        _swap(new, target, aside=work / "old")
        _flush(target.parent)


@contextmanager
def working_folder(parent: Path, *, name: str) -> Iterator[Path]:
    """A new hidden folder in `parent`, `.name.saving.*`, for what is not finished; removed at the end with its content.

    One whose process was killed stays behind until the next one of the same name is asked for. A lock that ends with
    the process tells it from one in use. (Windows has no such locks: there it stays.)
    """
    import shutil
    import tempfile

    _remove_abandoned(parent, name=name)
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=_prefix(name)))
        with _lock(folder, wait=True):
            if not folder.exists():
                continue  # before it was locked, somebody took it for one that was left behind
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return


def _prefix(name: str) -> str:
    return f".{name}.saving."


def _remove_abandoned(parent: Path, *, name: str = "") -> None:
    """Removes working folders that no process holds, those of that name or, without one, all."""
    import shutil

    begins = re.escape(_prefix(name)) if name else r"\..+\.saving\."
    pattern = re.compile(f"{begins}[a-z0-9_]{{8}}")  # as mkdtemp ends them
    with suppress(OSError):  # of a parent that may not be listed, nothing is known
        for folder in parent.iterdir():
            if pattern.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
                with _lock(folder, wait=False) as locked:
                    if locked:
                        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _lock(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Whether the folder's lock is held meanwhile. False if somebody else holds it, and where there are no locks."""
    if sys.platform == "win32":
        yield False
        return
    handle = None
    try:
        handle = os.open(folder, os.O_RDONLY)
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        locked = True
    except OSError:
        locked = False
    try:
        yield locked
    finally:
        if handle is not None:
            os.close(handle)


def _refuse_foreign(target: Path, *, known: Collection[str]) -> None:
    if not target.is_dir():
        return
    _remove_abandoned(target)
    if foreign := sorted({entry.name for entry in target.iterdir()} - set(known)):
        raise FileExistsError(
            f"cannot save to {target}: the folder also holds {', '.join(foreign[:8])}, which saving would delete; "
            "move that away or name a new folder"
        )


def _swap(new: Path, target: Path, *, aside: Path) -> None:
    if target.exists():
        if _exchange(new, target):
            return
        target.rename(aside)
    new.rename(target)


def _exchange(first: Path, second: Path) -> bool:
    """Swaps two paths in one step with Linux's renameat2(2); False where the system or the file system cannot."""
    import ctypes

    exchange, current_folder = 2, -100
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return bool(rename(current_folder, os.fsencode(first), current_folder, os.fsencode(second), exchange) == 0)


def _flush(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
