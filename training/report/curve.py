"""Quality against what it cost: runs side by side, over the arithmetic and the time that their training took.

    python -m training.report curve beast=runs/long mini=runs/mini --output runs/curve

Reads the runs' logs; writes `curve.md` and `curve.png`. Quality is the mean cosine to the teacher of the words held
out, and of the batch that was learnt at that moment, misspelt words among them.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from beast_core.files import write_file
from training.common.command import check_output
from training.common.errors import InputError
from training.common.markdown import markdown_table
from training.common.pictures import empty_figure, png_bytes
from training.common.settings import build
from training.distill.settings import DistillSettings
from training.report.cost import flop_per_word
from training.run_folder import RunFolder, read_log

_COLOURS = ("#1f5fa8", "#d1570f", "#3f7d20", "#6a3d9a")


@dataclass(frozen=True)
class Moment:
    """A moment of a run: what it had cost, and the cosines to the teacher."""

    words: int
    flop: float
    minutes: float
    held_out: float
    learnt: float


def read_run(folder: Path) -> DistillSettings:
    """The settings of a run; the table is told by its digest. Raises `InputError` if the folder is no run."""
    run = RunFolder(folder)
    _, record = run.read_progress()
    return build(DistillSettings, values={"table": record.table, **record.settings}, source=str(run.progress_file))


def named_runs(given: Sequence[str]) -> dict[str, Path]:
    """Folders by name, of texts such as `mini=runs/mini`. Raises `InputError`."""
    named = [text.partition("=") for text in given]
    if wrong := [name for name, separator, folder in named if not (name and separator and folder)]:
        raise InputError(f"{wrong[0]!r} is no run, expected NAME=FOLDER")
    return {name: Path(folder) for name, _, folder in named}


def moments(folder: Path) -> list[Moment]:
    """The moments of a run at which the held-out words were looked at. Raises `ValueError` if it has none."""
    settings = read_run(folder)
    cost = flop_per_word(settings, device=torch.device("cpu"))
    points = []
    for line in read_log(RunFolder(folder).log_file):
        if line.held_out_cosine is not None:
            words = line.step * settings.batch_size
            points.append(Moment(words, words * cost, line.seconds / 60, line.held_out_cosine, line.cosine))
    if not points:
        raise ValueError(f"{folder}: its log has no held-out cosines yet; train it further")
    return points


def curve_table(runs: dict[str, list[Moment]]) -> str:
    """A line for each moment of each run."""
    header = ["run", "words", "FLOP", "minutes", "held-out words", "words being learnt"]
    rows = []
    for name, points in runs.items():
        for point in points:
            costs = [f"{point.words:,}", f"{point.flop:.1e}", f"{point.minutes:.1f}"]
            rows.append([name, *costs, f"{point.held_out:.3f}", f"{point.learnt:.3f}"])
    return markdown_table(header, rows=rows)


def draw_curve(runs: dict[str, list[Moment]]) -> bytes:
    """A PNG of two panels: cosine against arithmetic and against time, both logarithmic."""
    figure = empty_figure((11, 4.5))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, key, label in zip(panels, ("flop", "minutes"), ("training FLOP", "minutes on this machine"), strict=True):
        for number, (name, points) in enumerate(runs.items()):
            places = [getattr(point, key) for point in points]
            colour = _COLOURS[number % len(_COLOURS)]
            axes.plot(places, [point.learnt for point in points], color=colour, label=f"{name}, words being learnt")
            axes.plot(
                places,
                [point.held_out for point in points],
                color=colour,
                linestyle="--",
                label=f"{name}, held-out words",
            )
        axes.set(xscale="log", xlabel=label)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("cosine to the teacher")
    panels[1].legend(frameon=False)
    return png_bytes(figure)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("runs", nargs="+", metavar="NAME=FOLDER", help="folders of training.distill, each with a name")
    parser.add_argument("--output", type=Path, required=True, help="folder of curve.md and curve.png")


def write_curve(options: argparse.Namespace) -> None:
    """Writes the table and the picture, and prints the table. Raises `ValueError` for what is no run."""
    named = named_runs(options.runs)
    check_output(options.output, option="--output")
    runs = {name: moments(folder) for name, folder in named.items()}
    text = curve_table(runs)
    options.output.mkdir(parents=True, exist_ok=True)
    write_file(options.output / "curve.md", text)
    write_file(options.output / "curve.png", draw_curve(runs))
    print(text, end="")
