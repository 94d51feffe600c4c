"""What finished runs of several presets came to, and what it took: one line a run.

    python -m training.report presets mini=runs/es/mini asterisk=runs/es/asterisk --output runs/presets.md

All of it is read from the runs: settings, logs and compact models.
"""

import argparse
from pathlib import Path

from beast_core import read_encoder
from beast_core.files import write_file
from training.common.command import check_output
from training.common.errors import InputError
from training.common.files import size_on_disk
from training.common.markdown import markdown_table
from training.report.curve import named_runs, read_run
from training.run_folder import RunFolder, read_log

_HEADER = [
    "run",
    "preset",
    "parameters",
    "MB",
    "batch",
    "learning rate",
    "epochs",
    "words",
    "hours",
    "words/s",
    "words being learnt",
    "held-out words",
]


def preset_row(name: str, *, folder: Path) -> list[str]:
    """The cells of a finished run. Raises `InputError` for what is none."""
    run, last = RunFolder(folder), read_log(RunFolder(folder).log_file)[-1]
    settings = read_run(folder)
    if not run.model.is_dir():
        raise InputError(f"{folder} is not finished ({run.model} is not there): give the command of its training again")
    words = last.step * settings.batch_size
    held_out = "" if last.held_out_cosine is None else f"{last.held_out_cosine:.3f}"
    return [
        name,
        settings.preset,
        f"{sum(weight.numel() for weight in read_encoder(run.model).parameters()):,}",
        f"{size_on_disk(run.model) / 1e6:.1f}",
        f"{settings.batch_size:,}",
        f"{settings.learning_rate:g}",
        f"{settings.epochs:,}",
        f"{words:,}",
        f"{last.seconds / 3600:.2f}",
        f"{words / last.seconds:,.0f}" if last.seconds else "",
        f"{last.cosine:.3f}",
        held_out,
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("runs", nargs="+", metavar="NAME=FOLDER", help="folders of training.distill, each with a name")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.md", help="where the table goes")


def write_presets(options: argparse.Namespace) -> None:
    """Writes the table, and prints it. Raises `InputError` for what is no finished run."""
    check_output(options.output.parent, option="--output")
    runs = named_runs(options.runs)
    rows = [preset_row(name, folder=folder) for name, folder in runs.items()]
    text = markdown_table(_HEADER, rows=rows, right=range(2, len(_HEADER)))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    write_file(options.output, text)
    print(text, end="")
