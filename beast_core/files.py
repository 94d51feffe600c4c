"""Folders that are there whole or not at all."""

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A folder may be replaced only if it is empty or holds one of these: saving a model must never delete anything else.
MODEL_MARKERS = ("config.json", "modules.json")


@contextmanager
def replace_folder(path: str | Path, *, markers: tuple[str, ...] = MODEL_MARKERS) -> Iterator[Path]:
    """Gives an empty folder to write to; on success it becomes `path` in one step, on any error it is removed.

    A crash at any moment leaves the old folder or the new one at `path` (on Linux by exchanging the two in one system
    call; elsewhere by two renames). At worst a hidden `.name.*` folder stays behind beside it.

    Raises `FileExistsError` if `path` is a file, or a folder that holds something and none of `markers`.
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"cannot save to {target}: it is a file, expected a folder or nothing")
    if target.is_dir() and any(target.iterdir()) and not any((target / name).is_file() for name in markers):
        raise FileExistsError(
            f"cannot save to {target}: the folder holds other files and none of {list(markers)}; name a new folder"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        yield temporary
        temporary.chmod(0o755)  # mkdtemp and safetensors make private files; a model is shared like any other file
        for file in temporary.rglob("*"):
            file.chmod(0o755 if file.is_dir() else 0o644)
            _flush(file)
        _swap(temporary, target)
        _flush(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _swap(new: Path, target: Path) -> None:
    if not target.exists():
        new.rename(target)
    elif not _exchange(new, target):
        old = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.old."))
        target.rename(old / target.name)
        new.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swaps two paths in one step with Linux's renameat2(2); False where the system or the file system cannot."""
    exchange, current_folder = 2, -100
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    return rename(current_folder, os.fsencode(first), current_folder, os.fsencode(second), exchange) == 0


def _flush(path: Path) -> None:
    """Waits until a file, or a folder's list of names, is on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot open folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
