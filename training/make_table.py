"""Puts the table of a language where its student will look for it: the embedded one, or one made here.

    python -m training.make_table de --table assets/teachers/de.parquet

Nothing is done where the table is there already. Otherwise a language whose table comes with the repository gets a copy
of that; of another, the list of words is made and taught (`training.lexicon`, `training.teach`). It goes on where it
was stopped when the same command is given again.

A table whose name ends in `_cased`, `de_cased.parquet`, is that one, which is made first, and the names that are other
words in lower case (`training.lexicon.capitals`), of which the repository has the Spanish ones.
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
from training.lexicon.capitals import main as list_names
from training.table import TableWriter, read_table, table_language
from training.teach.__main__ import main as teach
from training.vectors.lexical.knowledge import find_packages

_EMBEDDED = Path(__file__).parent / "tables"
_CASED, _NAMES = "_cased", "_capitals"
_TEACHER = Path(__file__).parent / "configs" / "teachers" / "lexical.toml"


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the table, unless there is nothing to make."""
    options = _parser().parse_args(arguments)
    with failing_in_a_line():
        _get(options)


def _get(options: argparse.Namespace) -> None:
    if _settled(options):
        return
    names = [f"{options.language}{ending}.parquet" for ending in ("", _CASED)]
    if options.table.name not in names:
        raise InputError(
            f"no table at {options.table.resolve()}; a table that is made here is called {names[0]}, or {names[1]} "
            "with the names that are other words in lower case"
        )
    if options.table.name == names[0]:
        _make(options)
    else:
        _make_cased(options)


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
    embedded = _EMBEDDED / options.table.name
    if embedded.is_file():
        options.table.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(options.table) as temporary:
            shutil.copyfile(embedded, temporary)
    return embedded.is_file()


def _make(options: argparse.Namespace) -> None:
    if not options.lexicon.is_file():
        # All that the teacher will need, before minutes go into the list.
        find_packages(debian_root=options.debian_root)
        make_lexicon([str(options.lexicon), "--language", options.language, "--debian-root", str(options.debian_root)])
    paths = ["--lexicon", str(options.lexicon), "--output", str(options.table), "--work", str(options.work)]
    root = f"options.debian_root='{options.debian_root}'"
    teach([str(_TEACHER), *paths, "--language", options.language, "--set", root])


def _make_cased(options: argparse.Namespace) -> None:
    """The lower-cased table and, each in a row of its own, the names."""
    words, names = (_part(options, ending=ending) for ending in ("", _NAMES))
    _get(words)
    if not _settled(names):
        listed = [str(names.lexicon), "--language", options.language, "--words", str(words.table)]
        list_names([*listed, "--debian-root", str(options.debian_root)])
        _make(names)
    parts = [read_table(part.table, lowercase=False) for part in (words, names)]
    if len({part.space for part in parts}) > 1:
        raise InputError(
            f"{words.table} and {names.table} are of two spaces, {[part.space for part in parts]}: remove both, they "
            "are made again"
        )
    told = {"language": options.language, "space": parts[0].space}
    with TableWriter(options.table, width=parts[0].width, **told) as writer:
        for part in parts:
            writer.write(part.words, vectors=part.vectors, frequencies=part.frequencies, held_out=part.held_out)


def _part(options: argparse.Namespace, *, ending: str) -> argparse.Namespace:
    """The options that make one of the two tables beside the cased one, from files of its own."""
    lexicon = options.lexicon
    own = {
        "table": options.table.with_name(f"{options.language}{ending}.parquet"),
        "lexicon": lexicon.with_name(f"{lexicon.stem}{ending}{lexicon.suffix}"),
        "work": options.work.with_name(options.work.name + ending),
    }
    return argparse.Namespace(**{**vars(options), **own})


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
