"""Pictures as the bytes of a PNG file."""

import io

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def empty_figure(size: tuple[float, float], *, dots_an_inch: int = 110, constrained: bool = True) -> Figure:
    """A white figure, so many inches wide and high, without a display; matplotlib lays it out if `constrained`."""
    figure = Figure(size, dpi=dots_an_inch, facecolor="white", layout="constrained" if constrained else None)
    FigureCanvasAgg(figure)
    return figure


def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG file."""
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()
