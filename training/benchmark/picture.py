"""One picture: quality against speed, the area of a point the size on disk. As the bytes of a PNG file."""

import io
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

SIMILARITY_SET = "simlex999_es_ew"

# Routes of the benchmark and the names that the README's evaluation gives to the same models.
SCORED = {
    "beast_core": "shipped",
    'SentenceTransformer("beast")': "shipped",
    "table (spaCy)": "teacher",  # of random numbers, but of the teacher's words and width
    "Universal Sentence Encoder": "use",
    "MiniLM": "minilm",
}
# Measured with weights that know nothing; its quality is what was published for its Spanish vectors, see the README.
PUBLISHED = {"fastText": 0.337}
_OURS, _OTHERS = "#1f5fa8", "#d1570f"
_AREA = 8.0  # square points a megabyte


def quality_points(report: dict[str, Any], *, scores: dict[str, Any]) -> list[tuple[str, float, float, float]]:
    """Name, new words a second, Spearman's correlation and megabytes of each route whose quality is known."""
    models, known = scores["models"], dict(PUBLISHED)
    for route, model in SCORED.items():
        if quality := models.get(model, {}).get("similarity", {}).get(SIMILARITY_SET):
            known[route] = quality["spearman"]
    entries = {route: report["words"][route] for route in known if route in report["words"]}
    return [(route, entry["cold"]["median"], known[route], entry["bytes"] / 1e6) for route, entry in entries.items()]


def draw(points: list[tuple[str, float, float, float]]) -> bytes:
    """The picture of `quality_points`."""
    figure = Figure(figsize=(9, 5.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for name, speed, quality, megabytes in points:
        colour = _OURS if SCORED.get(name) == "shipped" else _OTHERS
        published = name in PUBLISHED
        axes.scatter(speed, quality, s=_AREA * megabytes, color=colour, alpha=0.12 if published else 0.35, linewidths=0)
        axes.scatter(speed, quality, s=9, color=colour)
        label = f"{name}, {megabytes:,.0f} MB" + (", quality as published" if published else "")
        axes.annotate(label, (speed, quality), xytext=(0, 9), textcoords="offset points", ha="center", fontsize=9)
    axes.set_xscale("log")
    axes.set_xlabel("new words a second")
    axes.set_ylabel("Spearman, Spanish SimLex-999")
    axes.set_title("Quality against speed; the area is the size on disk", loc="left")
    axes.margins(0.2)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()
