"""What a run needs to go on after it was killed."""

import json
from pathlib import Path
from typing import Any

import torch

from beast_core.files import replace_folder

_STATE_FILE = "state.pt"
_PROGRESS_FILE = "progress.json"


class CheckpointError(ValueError):
    """A checkpoint that does not belong to this run or cannot be read; the message says what to do."""


def save_checkpoint(folder: Path, *, state: dict[str, Any], step: int, run: dict[str, Any]) -> None:
    """Replaces the checkpoint in one step: a run killed while it saves still has the one before."""
    with replace_folder(folder) as new:
        torch.save(state, new / _STATE_FILE)
        (new / _PROGRESS_FILE).write_text(json.dumps({"step": step, "run": run}, indent=2), encoding="utf-8")


def load_checkpoint(folder: Path, *, run: dict[str, Any], device: torch.device) -> tuple[int, dict[str, Any]] | None:
    """The step and the state, or None where there is no checkpoint. `run` must be what it was when it was saved.

    Raises `CheckpointError` that names every setting that has changed.
    """
    if not folder.exists():
        return None
    try:
        progress = json.loads((folder / _PROGRESS_FILE).read_text(encoding="utf-8"))
        saved = progress["run"]
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"{folder} is no checkpoint ({error}); delete it to start anew") from error
    changed = [
        f"{key} was {saved.get(key)!r} and is {run.get(key)!r}"
        for key in sorted(set(saved) | set(run))
        if saved.get(key) != run.get(key)
    ]
    if changed:
        raise CheckpointError(
            f"{folder} belongs to a run with other settings ({'; '.join(changed)}); "
            "go back to those, name another --output (--vars.run in the project), or start anew with --restart"
        )
    try:
        return progress["step"], torch.load(folder / _STATE_FILE, map_location=device, weights_only=True)
    except Exception as error:  # of a damaged file, torch raises whatever it stumbles over
        raise CheckpointError(f"{folder / _STATE_FILE} cannot be read ({error}); start anew with --restart") from error
