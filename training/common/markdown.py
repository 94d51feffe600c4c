"""Tables for readers, written and read."""

import re
from collections.abc import Collection, Sequence

from training.common.errors import InputError


def markdown_table(
    header: Sequence[str], *, rows: Sequence[Sequence[str]], right: Collection[int] | None = None
) -> str:
    """A Markdown table; the columns with the numbers `right` are aligned to the right: all but the first if None.

    >>> print(markdown_table(["name", "size"], rows=[["base", "50"]]), end="")
    | name | size |
    | --- | ---: |
    | base | 50 |
    """
    right = range(1, len(header)) if right is None else right
    rule = ["---:" if column in right else "---" for column in range(len(header))]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in [header, rule, *rows])


def read_markdown_table(text: str, *, name: str, section: str | None = None) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of the first table in a text, or of the first below the heading `section`.

    `name` is what errors call the text. Raises `InputError` if there is no such heading or no table.
    """
    lines = text.splitlines()
    if section is not None:
        found = [number for number, line in enumerate(lines) if re.fullmatch(rf"#+ {re.escape(section)}", line)]
        if not found:
            raise InputError(f"{name} has no heading {section!r}")
        lines = lines[found[0] + 1 :]
        ends = [number for number, line in enumerate(lines) if line.startswith("#")]
        lines = lines[: ends[0]] if ends else lines
    table = []
    for line in lines:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif table:
            break
    if len(table) < 3:
        raise InputError(f"{name} has no table{f' under {section!r}' if section else ''}")
    header, _, *rows = table
    return header, rows
