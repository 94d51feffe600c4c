"""Puts the tables that commands wrote into the documents: no number there is typed or pasted by hand.

A table stands between two comments, the first of which names the file that a command wrote, and what of it is shown:

    <!-- table runs/scores/results.md columns=measure,set,shipped rows=simlex|semeval -->
    <!-- /table -->

`columns` are the headings to keep, in that order; `rows` is a regular expression that the text of a row must match;
`section` is the heading, without its marks, that the table stands under in a file of several.
"""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from beast_core.files import write_file
from training.common.errors import InputError
from training.common.markdown import markdown_table, read_markdown_table

_BLOCK = re.compile(r"(?P<open><!-- table (?P<what>[^\n]*?) -->\n)(?P<table>.*?)(?P<close><!-- /table -->)", re.DOTALL)
_SELECTIONS = {"columns", "rows", "section"}


def update_documents(documents: Sequence[Path], *, root: Path) -> list[Path]:
    """Brings the tables of the documents up to date, and returns those that changed.

    The files that tables come from are looked for below `root`. Every table is made before a document is written.
    Raises `InputError` for a table that cannot be made.
    """
    updated = {document: fill(document.read_text(encoding="utf-8"), root=root) for document in documents}
    changed = [document for document, text in updated.items() if text != document.read_text(encoding="utf-8")]
    for document in changed:
        write_file(document, updated[document])
    return changed


def fill(text: str, *, root: Path) -> str:
    """The text of a document with each of its tables made anew. Raises `InputError`."""
    return _BLOCK.sub(lambda block: block["open"] + _table(block["what"], root=root) + block["close"], text)


def _table(what: str, *, root: Path) -> str:
    name, *options = shlex.split(what)
    selection = dict(option.partition("=")[::2] for option in options)
    if unknown := sorted(set(selection) - _SELECTIONS):
        raise InputError(f"table {what!r}: {unknown} unknown, expected some of {sorted(_SELECTIONS)}")
    file = root / name
    if not file.is_file():
        raise InputError(f"table {what!r}: there is no {file}; the document says which command writes it")
    section = selection.get("section")
    header, rows = read_markdown_table(file.read_text(encoding="utf-8"), section=section, name=str(file))
    columns = selection["columns"].split(",") if "columns" in selection else header
    if missing := [column for column in columns if column not in header]:
        raise InputError(f"table {what!r}: no column {missing}, expected some of {header}")
    wanted = re.compile(selection.get("rows", ""))
    kept = [dict(zip(header, row, strict=True)) for row in rows if wanted.search(" | ".join(row))]
    if not kept:
        raise InputError(f"table {what!r}: no row of {file} matches {wanted.pattern!r}")
    return markdown_table(columns, rows=[[row[column] for column in columns] for row in kept])
