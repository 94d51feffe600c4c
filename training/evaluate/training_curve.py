"""A picture of how a training went, as the bytes of a PNG file."""

from collections.abc import Sequence

from training.common.pictures import empty_figure, png_bytes
from training.run_folder import LogLine

_INK, _FAINT = "#222222", "#9aa0a6"
_BLUE, _ORANGE = "#1f5fa8", "#d1570f"


def draw_training_curve(lines: Sequence[LogLine]) -> bytes:
    """Curves of a log: cosine to the teacher, loss, learning rate, against the step."""
    figure = empty_figure((10, 7.5))
    cosine, loss, rate = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 1))
    steps = [line.step for line in lines]
    cosine.plot(steps, [line.cosine for line in lines], color=_BLUE, label="words of the batch")
    held_out = [(line.step, line.held_out_cosine) for line in lines if line.held_out_cosine is not None]
    if held_out:
        cosine.plot(*zip(*held_out, strict=True), "o-", color=_ORANGE, label="held-out words")
        cosine.annotate(f"{held_out[-1][1]:.3f}", held_out[-1], xytext=(0, -14), textcoords="offset points", ha="right")
    cosine.legend(frameon=False, loc="lower right")
    loss.plot(steps, [line.loss for line in lines], color=_BLUE)
    rate.plot(steps, [line.learning_rate for line in lines], color=_FAINT)
    for axes, title in ((cosine, "cosine to the teacher"), (loss, "loss"), (rate, "learning rate")):
        axes.set_ylabel(title)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    rate.set_xlabel("step")
    rate.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    figure.align_ylabels()
    figure.suptitle("Training", fontsize=15, weight="bold", color=_INK)
    return png_bytes(figure)
