"""What a device does with the presets: whether they learn on it, in float32 and bfloat16, how fast, and whether a run
that was stopped goes on.

    python -m training.device_check --output runs/device_check.md    # minutes on a GPU, hours on a CPU

Each learns 500 words by heart, as `training/configs/overfit.toml` says, in a process of its own. That is told to stop
half-way, as by Ctrl-C, and another one goes on. Exits with an error if one of them comes to no cosine of 0.95.
"""

import argparse
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from beast_core.files import write_file
from training.common.command import add_device, check_output, failing_in_a_line
from training.common.devices import PRECISIONS, choose_device
from training.common.errors import InputError
from training.common.markdown import markdown_table
from training.distill.rates import RATES
from training.distill.settings import DistillSettings, read_settings
from training.run_folder import RunFolder, read_log

_SETTINGS = Path(__file__).parent / "configs" / "overfit.toml"
_ENOUGH = 0.95
_LOOK_EVERY = 0.02  # seconds


@dataclass(frozen=True)
class Checked:
    """A run: the cosine that it came to, words a second with all that a run does, and the step that it went on from."""

    preset: str
    precision: str
    cosine: float
    words_per_second: float
    went_on_from: int


def check_run(preset: str, *, precision: str, device: str, changes: Sequence[str] = ()) -> Checked:
    """Trains a preset, stops it half-way and goes on.

    Raises `InputError` with what the training said if it fails, or is at its end before it could be stopped.
    """
    changes = [*changes, f"preset='{preset}'"]
    settings = read_settings(_SETTINGS, changes=changes)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "training.distill", str(_SETTINGS), "--output", folder, "--device", device]
        command += ["--precision", precision, *(part for change in changes for part in ("--set", change))]
        stopped = _run(command, log=RunFolder(Path(folder)).log_file, stop_at=settings.epochs // 2)
        went_on_from = _went_on_from(_run(command), said_before=stopped)
        last = read_log(RunFolder(Path(folder)).log_file)[-1]
    return Checked(preset, precision, last.cosine, _words(settings) / max(last.seconds, 0.1), went_on_from)


def _words(settings: DistillSettings) -> int:
    """All that a run takes: one step an epoch, of all words or of a batch of them."""
    return settings.epochs * min(settings.words, settings.batch_size)


def _run(command: Sequence[str], *, log: Path | None = None, stop_at: int = 0) -> str:
    """What a training says; stopped, with a log, once that has so many steps."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        while log is not None and process.poll() is None:
            if _steps(log) >= stop_at:
                process.send_signal(signal.SIGINT)
                break
            time.sleep(_LOOK_EVERY)
        said = process.communicate()[0]
    if process.returncode and not (log is not None and "stopped: " in said):
        raise InputError(f"{' '.join(command)} failed: {said.splitlines()[-1] if said else 'it said nothing'}")
    return said


def _steps(log: Path) -> int:
    """How many a run has told of by now, perhaps none, perhaps in the middle of a line."""
    try:
        return read_log(log)[-1].step
    except (OSError, InputError):
        return 0


def _went_on_from(said: str, *, said_before: str) -> int:
    found = said.partition("going on from step ")[2].partition(" ")[0]
    if "stopped: " not in said_before or not found.isdecimal():
        raise InputError(
            "the training was at its end before it could be stopped: give it more epochs, --set epochs=1000"
        )
    return int(found)


def report(checked: Sequence[Checked], *, device: torch.device) -> str:
    """What was found, as Markdown."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    rows = [
        [each.preset, each.precision, f"{each.cosine:.3f}", f"{each.words_per_second:,.0f}", f"{each.went_on_from:,}"]
        for each in checked
    ]
    header = ["preset", "precision", "cosine, words by heart", "words/s", "went on from step"]
    return f"{device.type}: {name}, torch {torch.__version__}\n\n{markdown_table(header, rows=rows, right=range(2, 5))}"


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    options = _parser().parse_args(arguments)
    with failing_in_a_line():
        check_output(options.output.parent, option="--output")
        if unknown := sorted(set(options.presets) - set(RATES)):
            raise InputError(f"unknown presets {unknown}, expected some of {sorted(RATES)}")
        device, checked = choose_device(options.device), list[Checked]()
        options.output.parent.mkdir(parents=True, exist_ok=True)
        for preset in options.presets:
            for precision in PRECISIONS:
                checked.append(check_run(preset, precision=precision, device=str(device), changes=options.set))
                print(checked[-1], file=sys.stderr)
                write_file(options.output, report(checked, device=device))  # if it is cut off, this much is known
        print(report(checked, device=device))
        if poor := [f"{each.preset} in {each.precision}" for each in checked if each.cosine < _ENOUGH]:
            raise InputError(f"no cosine of {_ENOUGH} to the teacher: {', '.join(poor)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.device_check", description="Check a GPU with the presets."
    )
    parser.add_argument("--presets", nargs="+", default=list(RATES), metavar="PRESET", help="which (all)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting: epochs=2")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.md", help="where the table goes")
    add_device(parser)
    return parser


if __name__ == "__main__":
    main()
