"""Files and folders that are there whole or not at all."""

import ctypes
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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


# What a folder of ours is made of, and what a sentence-transformers folder holds beside its numbered module folders.
_MODEL_FILES = {"config.json", "model.safetensors"}
_STOCK_FILES = {
    "README.md",
    "config_sentence_transformers.json",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
}


@contextmanager
def replace_folder(path: str | Path) -> Iterator[Path]:
    """Gives an empty folder to write to; on success it becomes `path` in one step, on any error it is removed.

    A crash at any moment leaves the old folder or the new one at `path` (on Linux by exchanging the two in one system
    call; elsewhere by two renames). At worst a hidden `.name.*` folder stays behind beside it.

    Raises `FileExistsError` if `path` is a file, or a folder that holds more than a model of ours, a model of
    sentence-transformers or what the new folder holds: saving must never delete anything else.
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"cannot save to {target}: it is a file, expected a folder or nothing")
    if target.parent.exists() and not target.parent.is_dir():
        raise FileExistsError(f"cannot save to {target}: {target.parent} is a file, expected a folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        yield temporary
        _refuse_foreign(target, new=temporary)
        temporary.chmod(0o755)  # mkdtemp and safetensors make private files; a model is shared like any other file
        for file in temporary.rglob("*"):
            file.chmod(0o755 if file.is_dir() else 0o644)
            _flush(file)
        _flush(temporary)
        _swap(temporary, target)
        _flush(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _refuse_foreign(target: Path, *, new: Path) -> None:
    if not target.is_dir():
        return
    found = {entry.name for entry in target.iterdir()}
    known = {entry.name for entry in new.iterdir()} | _MODEL_FILES
    if "modules.json" in found:
        known |= _STOCK_FILES | {name for name in found if re.fullmatch(r"\d_[A-Z][A-Za-z]*", name)}
    if foreign := sorted(found - known):
        raise FileExistsError(
            f"cannot save to {target}: the folder also holds {', '.join(foreign[:8])}, which saving would delete; "
            "move that away or name a new folder"
        )


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
