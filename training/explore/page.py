"""The report as one HTML file: style, script and data are in it, nothing is asked for elsewhere."""

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path

from training.explore.analysis import Analysis

_ASSETS = Path(__file__).parent / "assets"


def make_page(found: Analysis, *, title: str, model: str, notes: Sequence[str]) -> str:
    """The text of the file. Words and names may hold anything: they never become HTML or script."""
    count, asked = len(found.words), found.neighbours.shape[1]
    places = {
        "title": html.escape(title),
        "about": html.escape(f"{count:,} words as {model} sees them: map by t-SNE, neighbours by cosine"),
        "notes": "\n".join(f'<p class="note">{html.escape(note)}</p>' for note in notes),
        "quality": html.escape(
            f"Of the {asked} nearest words of each word by its whole vector, so many are among the {asked} nearest by "
            "a smaller one; and how often the nearest of all is the same."
        ),
        "rows": "\n".join(
            f'<tr><th scope="row">{html.escape(each.name)}</th><td>{each.bytes:,}</td>'
            f"<td>{_bar(each.kept)}</td><td>{_bar(each.first)}</td></tr>"
            for each in found.representations
        ),
        "data": _json(found),
        "style": (_ASSETS / "style.css").read_text(encoding="utf-8"),
        "script": (_ASSETS / "script.js").read_text(encoding="utf-8"),
    }
    # In one go: what is put in may itself hold such a mark.
    page = (_ASSETS / "page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda mark: places[mark[1]], page)


def _bar(share: float) -> str:
    drawn = f'<span class="bar" aria-hidden="true"><i style="width:{share:.1%}"></i></span>'
    return f'{drawn}<span class="share">{share:.1%}</span>'


def _json(found: Analysis) -> str:
    """As a script element may hold it: `<` would end it, or begin a comment."""
    data = {
        "words": found.words,
        "places": found.places.round(4).tolist(),
        "neighbours": found.neighbours.tolist(),
        "cosines": found.cosines.round(3).tolist(),
        "clusters": found.clusters.tolist(),
        "clusterNames": found.cluster_names,
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
