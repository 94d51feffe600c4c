"""The folder of a run, the contract between the stage that trains and those that look at what was trained.

`training.distill` writes it; `evaluate`, `sweep` and `report` read it. It holds

- `log.jsonl`: JSON lines, one every few steps, as `LogLine` has them;
- `checkpoint/progress.json`: the last step that was saved, and what determined the run, as `RunRecord` has it;
- `checkpoint/state.pt`: what the run needs to go on from there;
- `model`: the compact model, once the run is finished.
"""

import json
import math
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from beast_core.files import replace_folder, write_file
from training.common.errors import InputError
from training.common.settings import differences

# What settings were called in the records of older runs, and what they are called.
RENAMED_SETTINGS = {"rounded_share": "quantisation_aware_share"}

# Settings that the records of older runs have not, and what those runs did.
_ADDED_SETTINGS = {"words": 0, "squared_error_weight": 0.0}

_NUMBERS = ("step", "loss", "cosine", "learning_rate")


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A run at one step: `loss` is the cosine distance of the batch, misspelt words and all, `cosine` is 1 - `loss`.

    `seconds` are those trained, before and after stops. The held-out words are looked at now and then, if there are
    any: otherwise `held_out_cosine` is None.
    """

    step: int
    epoch: float = 0.0
    loss: float
    cosine: float
    learning_rate: float
    seconds: float = 0.0
    held_out_cosine: float | None = None

    def to_json(self) -> str:
        """The line without its end."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None})

    @classmethod
    def from_json(cls, text: str) -> "LogLine":
        """Reads what `to_json` writes; entries that are not known are passed over.

        Raises `ValueError`, `KeyError` or `TypeError` for anything else, and for numbers that are not finite.
        """
        values = json.loads(text)
        if broken := [name for name in _NUMBERS if not math.isfinite(values[name])]:
            raise InputError(f"{broken} not finite: the training broke down there")
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})


def read_log(path: str | Path) -> list[LogLine]:
    """The lines of a training log. Raises `InputError` for a missing or an empty one and for any other line."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no training log at {path.resolve()}; leave out --log, or name the log of a training")
    lines = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            lines.append(LogLine.from_json(text))
        except InputError as error:
            raise InputError(f"{path}, line {number}: {error}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}, line {number}: expected a JSON object with numbers for step, loss, cosine and learning_rate, "
                f"found {text!r:.80} ({type(error).__name__}: {error})"
            ) from error
    if not lines:
        raise InputError(f"the training log {path} is empty; was the training stopped before its first report?")
    return lines


@dataclass(frozen=True)
class RunRecord:
    """What determined a run: its settings without the path of the table, the table's SHA-256, and the encoder's shape.

    `architecture` is an `EncoderConfig` as a dictionary; what the preset of the settings means may change, this does
    not. It is empty in the records of old runs.
    """

    settings: dict[str, Any]
    table: str
    architecture: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """One dictionary of JSON types, as it is kept."""
        return {"table": self.table, **self.settings, "architecture": self.architecture}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RunRecord":
        """Reads what `to_dict` gives, or gave in older versions. Raises `KeyError` if there is no table."""
        settings = _ADDED_SETTINGS | {
            RENAMED_SETTINGS.get(name, name): value
            for name, value in values.items()
            if name not in ("table", "architecture")
        }
        return cls(settings, table=values["table"], architecture=values.get("architecture", {}))


@dataclass(frozen=True)
class RunFolder:
    """The files of one run, read and written nowhere else. `path` need not be there before something is written."""

    path: Path

    @property
    def log_file(self) -> Path:
        """JSON lines, for `read_log`."""
        return self.path / "log.jsonl"

    @property
    def checkpoint(self) -> Path:
        """The folder of the checkpoint."""
        return self.path / "checkpoint"

    @property
    def progress_file(self) -> Path:
        """The part of the checkpoint that says how far the run is and what determined it."""
        return self.checkpoint / "progress.json"

    @property
    def state_file(self) -> Path:
        """The part of the checkpoint that torch reads."""
        return self.checkpoint / "state.pt"

    @property
    def model(self) -> Path:
        """The folder of the compact model."""
        return self.path / "model"

    def forget(self) -> None:
        """Removes the checkpoint and the log, so that a run starts anew."""
        shutil.rmtree(self.checkpoint, ignore_errors=True)
        self.log_file.unlink(missing_ok=True)

    def start_log(self, step: int) -> None:
        """Makes the folder and its log, of which it keeps the lines up to `step`, where the run goes on."""
        self.path.mkdir(parents=True, exist_ok=True)
        lines = self.log_file.read_text(encoding="utf-8").splitlines() if self.log_file.exists() else []
        # A run that was killed may have written half of its last line.
        kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
        write_file(self.log_file, "".join(f"{line}\n" for line in kept))

    def append_log(self, line: LogLine) -> None:
        """Adds a line to the log."""
        with self.log_file.open("a", encoding="utf-8") as log:
            log.write(line.to_json() + "\n")

    def read_progress(self) -> tuple[int, RunRecord]:
        """The last step that was saved, and what determined the run. Raises `InputError` for what is no run."""
        try:
            progress = json.loads(self.progress_file.read_text(encoding="utf-8"))
            return progress["step"], RunRecord.from_dict(progress["run"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{self.path} is no run of training.distill ({type(error).__name__}: {error})") from error

    def save_checkpoint(self, state: dict[str, Any], *, step: int, run: RunRecord) -> None:
        """Replaces the checkpoint in one step: a run killed while it saves still has the one before."""
        with replace_folder(self.checkpoint) as new:
            torch.save(state, new / self.state_file.name)
            progress = json.dumps({"step": step, "run": run.to_dict()}, indent=2)
            (new / self.progress_file.name).write_text(progress, encoding="utf-8")

    def load_checkpoint(self, run: RunRecord, *, device: torch.device) -> tuple[int, dict[str, Any]] | None:
        """The step and the state, or None where there is no checkpoint. `run` must be what it was when it was saved.

        Raises `InputError` that names every setting that has changed, or the file that cannot be read.
        """
        if not self.checkpoint.exists():
            return None
        try:
            step, saved = self.read_progress()
        except InputError as error:
            raise InputError(f"{self.checkpoint} is no checkpoint: {error}; start anew with --restart") from error
        if changed := differences(saved.to_dict(), now=run.to_dict()):
            raise InputError(
                f"{self.checkpoint} belongs to a run with other settings ({'; '.join(changed)}); "
                "go back to those, name another --output (--vars.run in the project), or start anew with --restart"
            )
        try:
            return step, torch.load(self.state_file, map_location=device, weights_only=True)
        except MemoryError:  # says nothing of the file
            raise
        except Exception as error:  # of a damaged file, torch raises whatever it stumbles over
            raise InputError(f"{self.state_file} cannot be read ({error}); start anew with --restart") from error
