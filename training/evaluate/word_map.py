"""A picture of where a model puts everyday words, as the bytes of a PNG file."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from training.common.errors import InputError
from training.common.layout import lay_out
from training.common.pictures import empty_figure, png_bytes
from training.common.rows import unit_rows
from training.languages import Language

_INK, _FAINT = "#222222", "#9aa0a6"

# Of the fields, in their order. Dark enough to be read as text and far enough apart in hue.
_COLOURS = (
    *("#a3341f", "#d81b78", "#6a3d9a", "#e0730a", "#1f5fa8", "#00796b"),
    *("#3f7d20", "#b8860b", "#7a4a2b", "#0891b2", "#475569", "#000000"),
)


def draw_word_map(vectors: np.ndarray, known: np.ndarray, *, name: str, language: Language) -> bytes:
    """A map of the `map_words` of a language: `vectors` `(words, width)`; `known` says which of them count, `(words,)`.

    `training.common.layout` says how they are laid out. Raises `InputError` if fewer than half of the words are known,
    or if the record has none.
    """
    if not len(known):
        raise InputError(f"the record of {language.name} has no words for one, in [word_map]")
    if known.sum() * 2 < len(known):
        raise InputError(f"{name} knows {int(known.sum())} of the {len(known)} words of the map: too few to draw")
    figure = empty_figure((13, 10.5), constrained=False)
    axes = figure.add_axes((0.02, 0.10, 0.96, 0.81))
    axes.set_axis_off()
    axes.margins(0.04)
    places = lay_out(unit_rows(vectors[known].astype(np.float64)))
    axes.scatter(places[:, 0], places[:, 1], s=0)  # only to set the limits
    fields = _fields(language)
    coloured = [(word, colour) for _, colour, words in fields for word in words.split()]
    coloured = [pair for pair, is_known in zip(coloured, known, strict=True) if is_known]
    labels = [
        axes.text(place[0], place[1], word, color=colour, fontsize=12.5, ha="center", va="center")
        for place, (word, colour) in zip(places, coloured, strict=True)
    ]
    figure.canvas.draw()
    _spread(labels, axes=axes)
    figure.text(
        0.03, 0.955, f"Everyday {language.name} words as {name} sees them", fontsize=19, weight="bold", color=_INK
    )
    note = f"{len(labels)} words, t-SNE: neighbours are alike, long distances mean little"
    figure.text(0.03, 0.932, note, fontsize=12, color=_FAINT)
    _add_legend(figure, fields=fields)
    return png_bytes(figure)


def _fields(language: Language) -> list[tuple[str, str, str]]:
    """The name, the colour and the words of each."""
    return [(name, colour, words) for (name, words), colour in zip(language.word_map.items(), cycle(_COLOURS))]


def _add_legend(figure: Figure, *, fields: Sequence[tuple[str, str, str]]) -> None:
    dots = [Line2D([], [], marker="o", linestyle="", color=colour, label=name) for name, colour, _ in fields]
    figure.legend(
        handles=dots,
        loc="lower center",
        ncols=6,
        handletextpad=0.1,
        columnspacing=1.6,
        frameon=False,
        fontsize=13,
        labelcolor="linecolor",
    )


def _spread(labels: Sequence[Text], *, axes: Axes) -> None:
    """Moves overlapping labels apart, each pair along the direction in which they overlap less."""
    boxes = [label.get_window_extent() for label in labels]
    centres = np.array([[(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2] for box in boxes])
    # In pixels. The margin is wider than the half pixel at which the loop stops: overlaps shrink but never vanish.
    sizes = np.array([[box.width + 7, box.height + 1.5] for box in boxes])
    reach = (sizes[:, None] + sizes[None]) / 2
    for _ in range(2000):
        apart = centres[:, None] - centres[None]
        overlap = reach - np.abs(apart)
        clash = (overlap > 0.5).all(axis=2)
        np.fill_diagonal(clash, False)
        if not clash.any():
            break
        sideways = overlap[..., 0] < overlap[..., 1]
        step = np.where(np.stack([sideways, ~sideways], axis=2), overlap, 0) * clash[..., None] / 2
        # Two labels in one place part by their order.
        order = np.sign(np.arange(len(labels))[:, None] - np.arange(len(labels))[None])[..., None]
        centres += (step * np.where(apart == 0, order, np.sign(apart))).sum(axis=1)
    for label, place in zip(labels, axes.transData.inverted().transform(centres), strict=True):
        label.set_position(place)
