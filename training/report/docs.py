"""Puts the tables that commands wrote into the documents: no number there is typed or pasted by hand.

    python -m training.report docs README.md docs/*.md

A table stands between two comments, the first of which names the file that a command wrote, and what of it is shown:

    <!-- table runs/scores/results.md columns=measure,set,shipped rows=simlex|semeval -->
    <!-- /table -->

`columns` are the headings to keep, in that order; `rows` is a regular expression that the text of a row must match;
`section` is the heading, without its marks, that the table stands under in a file of several.
"""

import argparse
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from beast_core.files import write_file
from training.common.errors import InputError
from training.common.markdown import markdown_table, read_markdown_table

_BLOCK = re.compile(r"(?P<open><!-- table (?P<what>[^\n]*?) -->\n)(?P<table>.*?)(?P<close><!-- /table -->)", re.DOTALL)
_SELECTIONS = {"columns", "rows", "section"}


def update_documents(documents: Sequence[Path], *, root: Path) -> tuple[list[Path], list[str]]:
    """Brings the tables of the documents up to date; returns the documents that changed and the files missing.

    The files that tables come from are looked for below `root`; where one is missing, as its command has not been run
    here, its tables stay. Every table is made before a document is written. Raises `InputError` for a table that the
    file does not have.
    """
    missing: dict[str, None] = {}

    def replaced(block: re.Match[str]) -> str:
        name, *options = shlex.split(block["what"])
        if not (root / name).is_file():
            missing[name] = None
            return block[0]
        return block["open"] + _table(root / name, options=options) + block["close"]

    if absent := [str(document) for document in documents if not document.is_file()]:
        raise InputError(f"no documents at {', '.join(absent)}, expected Markdown files such as docs/results.md")
    texts = {document: document.read_text(encoding="utf-8") for document in documents}
    updated = {document: _BLOCK.sub(replaced, text) for document, text in texts.items()}
    changed = [document for document in documents if updated[document] != texts[document]]
    for document in changed:
        write_file(document, updated[document])
    return changed, list(missing)


def _table(file: Path, *, options: Sequence[str]) -> str:
    selection = dict(option.partition("=")[::2] for option in options)
    if unknown := sorted(set(selection) - _SELECTIONS):
        raise InputError(f"a table of {file}: {unknown} unknown, expected some of {sorted(_SELECTIONS)}")
    text, section = file.read_text(encoding="utf-8"), selection.get("section")
    header, rows = read_markdown_table(text, section=section, name=str(file))
    columns = selection["columns"].split(",") if "columns" in selection else header
    if missing := [column for column in columns if column not in header]:
        raise InputError(f"a table of {file}: no column {missing}, expected some of {header}")
    wanted = re.compile(selection.get("rows", ""))
    kept = [dict(zip(header, row, strict=True)) for row in rows if wanted.search(" | ".join(row))]
    if not kept:
        raise InputError(f"a table of {file}: no row matches {wanted.pattern!r}")
    return markdown_table(columns, rows=[[row[column] for column in columns] for row in kept])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("documents", type=Path, nargs="+", help="Markdown files, such as docs/*.md")
    parser.add_argument("--root", type=Path, default=Path(), help="where the files of the tables are looked for (here)")


def write_documents(options: argparse.Namespace) -> None:
    """Updates the documents, and prints which changed and which files are missing."""
    changed, missing = update_documents(options.documents, root=options.root)
    for document in changed:
        print(f"updated: {document}")
    for name in missing:
        print(f"left as it was, as its command has not been run here: {name}")
