"""Puts the table of a language where its student will look for it: the embedded one, or one made here.

    python -m training.make_table de --table assets/teachers/de.parquet

Nothing is done where the table is there already. Otherwise a language whose table comes with the repository gets a copy
of that; of another, the list of words is made and taught (`training.lexicon`, `training.teach`). It goes on where it
was stopped when the same command is given again.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

from beast_core.files import replace_file
from training.common.command import failing_in_a_line
from training.common.errors import InputError
from training.languages import read_language
from training.lexicon.__main__ import main as make_lexicon
from training.table import table_language
from training.teach.__main__ import main as teach

_EMBEDDED = Path(__file__).parent / "tables"
_TEACHER = Path(__file__).parent / "configs" / "teachers" / "lexical.toml"


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the table, unless there is nothing to make."""
    options = _parser().parse_args(arguments)
    with failing_in_a_line():
        if not _settled(options):
            _make(options)


def _settled(options: argparse.Namespace) -> bool:
    """Whether the table is there now. Raises `InputError` for a table that cannot be it."""
    read_language(options.language)
    if options.table.is_file():
        told = table_language(options.table)
        if told not in ("", options.language):
            raise InputError(
                f"{options.table} is a table of {told!r}, expected one of {options.language!r}: give --vars.language "
                f"{told}, or another table"
            )
        return True
    if options.table.name != f"{options.language}.parquet":
        raise InputError(
            f"no table at {options.table.resolve()}; a table that is made here is called {options.language}.parquet"
        )
    embedded = _EMBEDDED / options.table.name
    if embedded.is_file():
        options.table.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(options.table) as temporary:
            shutil.copyfile(embedded, temporary)
    return embedded.is_file()


def _make(options: argparse.Namespace) -> None:
    if not options.lexicon.is_file():
        make_lexicon([str(options.lexicon), "--language", options.language, "--debian-root", str(options.debian_root)])
    paths = ["--lexicon", str(options.lexicon), "--output", str(options.table), "--work", str(options.work)]
    root = f"options.debian_root='{options.debian_root}'"
    teach([str(_TEACHER), *paths, "--language", options.language, "--set", root])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.make_table", description="Get a language its table.")
    parser.add_argument("language", help="its code, such as de")
    parser.add_argument("--table", type=Path, required=True, metavar="CODE.parquet", help="where the table is to be")
    parser.add_argument("--lexicon", type=Path, required=True, metavar="FILE", help="the words; made if not there")
    parser.add_argument("--work", type=Path, required=True, metavar="FOLDER", help="where what is known is kept")
    parser.add_argument("--debian-root", type=Path, default=Path("/"), metavar="FOLDER", help="of the packages (/)")
    return parser


if __name__ == "__main__":
    main()
