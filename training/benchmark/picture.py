"""One picture: quality against speed, the area of a point the size on disk. As the bytes of a PNG file."""

from typing import NamedTuple

from training.benchmark.measured import Measured
from training.benchmark.names import RouteName
from training.common.pictures import empty_figure, png_bytes
from training.evaluate.kinds.similarity import SIMILARITY
from training.evaluate.report import Report

SIMILARITY_SET = "simlex999_es_ew"

_SHIPPED = "shipped"
# Routes of the benchmark and the names that the evaluation of `docs/results.md` gives to the same models.
SCORED: dict[str, str] = {
    RouteName.CORE: _SHIPPED,
    RouteName.STOCK_FOLDER: _SHIPPED,
    RouteName.TABLE_SPACY: "teacher",  # of random numbers, but of the teacher's words and width
    RouteName.UNIVERSAL_SENTENCE_ENCODER: "use",
    RouteName.MINILM: "minilm",
}
# Measured with weights that know nothing; its quality is what was published for its Spanish vectors.
PUBLISHED: dict[str, float] = {RouteName.FASTTEXT: 0.337}
_OURS, _OTHERS = "#1f5fa8", "#d1570f"
_AREA = 8.0  # square points a megabyte


class QualityPoint(NamedTuple):
    """A route: new words a second, Spearman's correlation and megabytes."""

    route: str
    speed: float
    quality: float
    megabytes: float


def quality_points(measured: Measured, *, scores: Report) -> list[QualityPoint]:
    """Each route whose quality is known."""
    qualities = dict(PUBLISHED)
    for route, model in SCORED.items():
        sets = scores.models[model].sets.get(SIMILARITY.name, {}) if model in scores.models else {}
        if SIMILARITY_SET in sets and (score := sets[SIMILARITY_SET].scores.get("spearman")):
            qualities[route] = score.value
    return [
        QualityPoint(route, entry.cold.median, quality, entry.bytes / 1e6)
        for route, quality in qualities.items()
        if (entry := measured.words.get(route))
    ]


def draw_quality(points: list[QualityPoint]) -> bytes:
    """The picture of `quality_points`."""
    figure = empty_figure((9, 5.5), dots_an_inch=120)
    axes = figure.subplots()
    for number, (route, speed, quality, megabytes) in enumerate(sorted(points, key=lambda point: point.speed)):
        colour = _OURS if SCORED.get(route) == _SHIPPED else _OTHERS
        published = route in PUBLISHED
        axes.scatter(speed, quality, s=_AREA * megabytes, color=colour, alpha=0.12 if published else 0.35, linewidths=0)
        axes.scatter(speed, quality, s=9, color=colour)
        label = f"{route}, {megabytes:,.0f} MB" + (", quality as published" if published else "")
        # Above and below in turns, as neighbours may be as good as each other.
        place = (0, -17 if number % 2 else 9)
        axes.annotate(label, (speed, quality), xytext=place, textcoords="offset points", ha="center", fontsize=9)
    axes.set_xscale("log")
    axes.set_xlabel("new words a second")
    axes.set_ylabel("Spearman, Spanish SimLex-999")
    axes.set_title("Quality against speed; the area is the size on disk", loc="left")
    axes.margins(0.2)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    return png_bytes(figure)
