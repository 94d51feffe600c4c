"""Tables for readers."""

from collections.abc import Sequence


def markdown_table(header: Sequence[str], *, rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A Markdown table, its first `left` columns aligned to the left and the others to the right.

    >>> print(markdown_table(["name", "size"], rows=[["base", "50"]]), end="")
    | name | size |
    | --- | ---: |
    | base | 50 |
    """
    rule = ["---"] * left + ["---:"] * (len(header) - left)
    return "".join("| " + " | ".join(cells) + " |\n" for cells in [header, rule, *rows])
