"""The command line: `python -m st_beast save beast`."""

import argparse
import json
import sys

from beast_core import shipped_languages
from beast_core.shipped import DEFAULT_LANGUAGE
from st_beast import save


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code, 0 or, with the reason on standard error, 1."""
    parser = argparse.ArgumentParser(prog="python -m st_beast", description="BEAST for sentence-transformers.")
    commands = parser.add_subparsers(dest="command", required=True)
    save_command = commands.add_parser(
        "save",
        help="write a model folder that SentenceTransformer(folder) loads",
        description="Writes a model as a folder of stock sentence-transformers parts. "
        "SentenceTransformer(folder) loads it without this package.",
    )
    save_command.add_argument("path", help="the folder to write; an older model there is replaced, nothing else is")
    which = save_command.add_mutually_exclusive_group()
    known = ", ".join(shipped_languages())
    which.add_argument(
        "--language", help=f"the model to write, of those that come with the package: {known} ({DEFAULT_LANGUAGE})"
    )
    which.add_argument("--model", metavar="FOLDER", help="the folder of another model to write; or a language")
    options = parser.parse_args(arguments)
    try:
        written = save(options.path, model=options.model, language=options.language)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(written)
    print(f"use it with: SentenceTransformer({json.dumps(options.path, ensure_ascii=False)}).encode(words)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
