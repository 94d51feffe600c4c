"""One picture: quality against speed, the area of a point the size on disk. As the bytes of a PNG file."""

import io
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

SIMILARITY_SET = "simlex999_es_ew"

# Routes of the benchmark and the names that the README's evaluation gives to the same models.
SCORED = {
    "beast_core": "shipped",
    "beast_vectors (spaCy)": "shipped",
    "st_beast.load()": "shipped",
    'SentenceTransformer("beast")': "shipped",
    "table (spaCy)": "teacher",  # of random numbers, but of the teacher's words and width
    "MiniLM": "minilm",
}
_OURS, _OTHERS = "#1f5fa8", "#d1570f"
_AREA = 25.0  # square points a megabyte


def quality_points(report: dict[str, Any], *, scores: dict[str, Any]) -> list[tuple[str, float, float, float]]:
    """Name, new words a second, Spearman's correlation and megabytes of each route whose model was scored."""
    models, points = scores["models"], []
    for route, model in SCORED.items():
        quality = models.get(model, {}).get("similarity", {}).get(SIMILARITY_SET)
        if quality and (entry := report["words"].get(route)):
            points.append((route, entry["cold"]["median"], quality["spearman"], entry["bytes"] / 1e6))
    return points


def draw(points: list[tuple[str, float, float, float]]) -> bytes:
    """The picture of `quality_points`."""
    figure = Figure(figsize=(9, 5.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for name, speed, quality, megabytes in points:
        colour = _OURS if SCORED[name] == "shipped" else _OTHERS
        axes.scatter(speed, quality, s=_AREA * megabytes, color=colour, alpha=0.35, linewidths=0)
        axes.scatter(speed, quality, s=9, color=colour)
        axes.annotate(
            f"{name}, {megabytes:,.0f} MB", (speed, quality), xytext=(0, -22), textcoords="offset points", ha="center"
        )
    axes.set_xscale("log")
    axes.set_xlabel("new words a second")
    axes.set_ylabel("Spearman, Spanish SimLex-999")
    axes.set_title("Quality against speed; the area is the size on disk", loc="left")
    axes.margins(0.18)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
