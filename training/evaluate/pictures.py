"""Two pictures, each given as the bytes of a PNG file: how a training went, and where a model puts everyday words."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from training.common.errors import InputError
from training.common.rows import unit_rows
from training.common.statistics import SEED
from training.run_folder import LogLine

_INK, _FAINT = "#222222", "#9aa0a6"
_BLUE, _ORANGE = "#1f5fa8", "#d1570f"

# Field -> its colour and its words. The colours are dark enough to be read as text and far enough apart in hue.
MAP_FIELDS = {
    "animales": ("#a3341f", "perro gato caballo vaca oveja cerdo gallina conejo tigre elefante ratón lobo"),
    "colores": ("#d81b78", "rojo azul verde amarillo blanco negro gris morado rosa marrón violeta turquesa"),
    "familia": ("#6a3d9a", "madre padre hermana hermano hija hijo abuela abuelo tía primo sobrina nieto"),
    "comida": ("#e0730a", "pan queso arroz sopa carne huevo tortilla ensalada manzana pescado leche azúcar"),
    "profesiones": (
        "#1f5fa8",
        "médico enfermera maestro abogada ingeniero cocinero carpintero bombero periodista panadero",
    ),
    "países": ("#00796b", "españa méxico argentina francia italia alemania portugal chile japón colombia perú grecia"),
    "meses": ("#3f7d20", "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
    "emociones": (
        "#b8860b",
        "alegría tristeza miedo ira amor odio celos vergüenza orgullo esperanza sorpresa angustia",
    ),
    "cuerpo": ("#7a4a2b", "cabeza mano pie brazo pierna ojo oreja nariz boca rodilla espalda dedo"),
    "ropa": (
        "#0891b2",
        "camisa pantalón falda vestido zapato sombrero abrigo calcetín bufanda guante chaqueta corbata",
    ),
    "movimiento": ("#475569", "correr caminar saltar nadar volar subir bajar entrar salir trepar viajar huir"),
    "números": ("#000000", "dos tres cuatro cinco seis siete ocho nueve diez veinte cien mil"),
}


def map_words() -> list[str]:
    """The words of the map, field by field."""
    return [word for _, words in MAP_FIELDS.values() for word in words.split()]


def draw_map(vectors: np.ndarray, known: np.ndarray, *, name: str) -> bytes:
    """A map of `map_words()`: `vectors` is `(words, width)`, `known` says which of them count, `(words,)` bool.

    Unit vectors are reduced by PCA and laid out by t-SNE (van der Maaten & Hinton, 2008), so that near words are
    neighbours; far distances mean little. Raises `InputError` if fewer than half of the words are known.
    """
    if known.sum() * 2 < len(known):
        raise InputError(f"{name} knows {int(known.sum())} of the {len(known)} words of the map: too few to draw")
    figure = Figure(figsize=(13, 10.5), dpi=110, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.02, 0.10, 0.96, 0.81))
    axes.set_axis_off()
    axes.margins(0.04)
    places = _layout(unit_rows(vectors[known].astype(np.float64)))
    axes.scatter(*places.T, s=0)  # only to set the limits
    coloured = [(word, colour) for colour, words in MAP_FIELDS.values() for word in words.split()]
    coloured = [pair for pair, is_known in zip(coloured, known, strict=True) if is_known]
    labels = [
        axes.text(*place, word, color=colour, fontsize=12.5, ha="center", va="center")
        for place, (word, colour) in zip(places, coloured, strict=True)
    ]
    canvas.draw()
    _spread(labels, canvas=canvas)
    figure.text(0.03, 0.955, f"Everyday Spanish words as {name} sees them", fontsize=19, weight="bold", color=_INK)
    note = f"{len(labels)} words, t-SNE: neighbours are alike, long distances mean little"
    figure.text(0.03, 0.932, note, fontsize=12, color=_FAINT)
    _add_fields(figure)
    return _png(figure)


def _add_fields(figure: Figure) -> None:
    dots = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=name) for name, (colour, _) in MAP_FIELDS.items()
    ]
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


def _layout(unit: np.ndarray) -> np.ndarray:
    """Places `(words, 2)` of unit vectors `(words, width)`, the same every time (one thread, fixed seed)."""
    with threadpool_limits(limits=1):
        reduced = PCA(n_components=min(30, *unit.shape), svd_solver="full").fit_transform(unit)
        reduced /= reduced.std() or 1.0
        return TSNE(perplexity=min(12, (len(unit) - 1) / 3), init="pca", random_state=SEED).fit_transform(reduced)


def _spread(labels: Sequence[Text], *, canvas: FigureCanvasAgg) -> None:
    """Moves overlapping labels apart, each pair along the direction in which they overlap less."""
    boxes = [label.get_window_extent(canvas.get_renderer()) for label in labels]
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
    for label, place in zip(labels, labels[0].axes.transData.inverted().transform(centres), strict=True):
        label.set_position(place)


def draw_training(lines: Sequence[LogLine]) -> bytes:
    """Curves of a log: cosine to the teacher, loss, learning rate, against the step."""
    figure = Figure(figsize=(10, 7.5), dpi=110, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
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
    return _png(figure)


def _png(figure: Figure) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()
