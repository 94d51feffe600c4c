"""Teaches words: asks a teacher for the vector of every word of a list, and writes one table.

    python -m training.teach training/configs/teachers/table.toml --lexicon words.txt --output mine.parquet \\
        --work runs/teach/mine --set "options.path='vectors.vec'"

What the teacher has said is kept in the folder `--work`. A run that was stopped or killed goes on when the same command
is given again, and ends in the same table, byte for byte.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from training.common.command import add_settings, failing_in_a_line
from training.common.settings import build, read_values
from training.teach.run import NotConfirmedError, teach
from training.teach.settings import TeachSettings, in_language


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: 0; 1 after an error or a stop; 2 if --yes is needed."""
    options = _parser().parse_args(arguments)
    terminate = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with failing_in_a_line():
            values = read_values(options.settings, changes=options.set)
            if options.language:
                values = in_language(values, language=options.language)
            teach(
                build(TeachSettings, values=values, source=str(options.settings)),
                lexicon=options.lexicon,
                output=options.output,
                work=options.work,
                confirmed=options.yes,
                restart=options.restart,
            )
    except NotConfirmedError as error:
        print(f"not started: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt as interrupted:
        known = f"what is known is in {options.work}; the same command goes on from there"
        # One that comes while a codec is at work is wrapped by Python, in words that say nothing to whoever stopped it.
        told = "" if interrupted.__cause__ else str(interrupted)
        sys.exit(f"stopped: {told or known}")
    finally:
        signal.signal(signal.SIGTERM, terminate)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.teach", description="Make a table of a teacher's vectors."
    )
    add_settings(parser, example="training/configs/teachers/table.toml")
    parser.add_argument(
        "--lexicon", type=Path, required=True, metavar="FILE", help="the words: Parquet, or text, one a line"
    )
    parser.add_argument(
        "--language", metavar="CODE", help="whose words they are, for the table and a teacher that asks"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="TABLE.parquet", help="the table to write")
    parser.add_argument("--work", type=Path, required=True, metavar="FOLDER", help="where what is known so far is kept")
    parser.add_argument("--yes", action="store_true", help="go ahead although it costs something")
    parser.add_argument("--restart", action="store_true", help="forget the shards in --work and start anew")
    return parser


if __name__ == "__main__":
    main()
