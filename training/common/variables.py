"""Checks the `--vars.*` of the `spacy project run` that started this command: spaCy takes a misspelt one in silence."""

import difflib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import srsly


def unknown_variables(command_line: Sequence[str], *, known: Sequence[str]) -> list[str]:
    """A sentence on each `--vars.NAME` that the project does not have.

    >>> unknown_variables(["run", "train", ".", "--vars.devise", "cpu"], known=["device"])
    ["--vars.devise is no variable of this project; did you mean --vars.device?"]
    """
    problems = []
    for argument in command_line:
        match = re.match(r"--vars\.([^=\s]+)", argument)
        if match and match[1] not in known:
            near = difflib.get_close_matches(match[1], known, n=1)
            meant = f"did you mean --vars.{near[0]}?" if near else f"there are: {', '.join(known)}"
            problems.append(f"--vars.{match[1]} is no variable of this project; {meant}")
    return problems


def main() -> None:
    """Looks at the command line of the process that started this one."""
    known = list(srsly.read_yaml(Path("project.yml"))["vars"])
    parent = psutil.Process().parent()
    if problems := unknown_variables(parent.cmdline() if parent else [], known=known):
        sys.exit("error: " + "; ".join(problems))


if __name__ == "__main__":
    main()
