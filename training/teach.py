"""Teaches words: asks a teacher for the vector of every word of a list, and writes one table.

    python -m training.teach training/configs/teachers/table.toml --lexicon words.txt --output mine.parquet \\
        --work runs/teach/mine --set "options.path='vectors.vec'"

What the teacher has said is kept in the folder `--work`. A run that was stopped or killed goes on when the same command
is given again, and ends in the same table, byte for byte.
"""

import argparse
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from tqdm import tqdm

from training.compaction import Compacted, compact
from training.settings import build, check_fields, read_values
from training.shards import Shards, forget_shards
from training.table import LEVELS, Storage
from training.teachers import Estimate, Teacher, open_teacher, read_options
from training.word_stream import WordStream


@dataclass(frozen=True, kw_only=True)
class TeachSettings:
    """Everything but the word list that determines a table. Raises `ValueError` listing every problem at once."""

    teacher: str  # one of training.teachers.TEACHERS
    options: dict[str, Any] = field(default_factory=dict)  # the fields of that teacher's Options
    words: int = 0  # teach only so many, the first of the list; 0 teaches all
    width: int = 256  # wider vectors are reduced to it
    fit_words: int = 30_000  # the mean and the principal components are those of the most frequent words
    centre: bool = True  # take the mean off
    storage: Storage = "int8"
    levels: int = LEVELS  # int8 entries take 2 * levels + 1 values: fewer make a smaller, coarser table
    shard_words: int = 20_000  # a killed run loses at most what it knew of so many

    def __post_init__(self) -> None:
        if problems := check_fields(self) or self._value_problems():
            raise ValueError("; ".join(problems))

    def _value_problems(self) -> list[str]:
        least = {"words": 0, "width": 1, "fit_words": self.width, "levels": 1, "shard_words": 1}
        problems = [
            f"{name} is {getattr(self, name)}, expected {bound} or more{' (width)' if name == 'fit_words' else ''}"
            for name, bound in least.items()
            if getattr(self, name) < bound
        ]
        problems += [f"levels is {self.levels}, expected 127 or fewer"] if self.levels > 127 else []
        try:
            read_options(self.teacher, options=self.options)
        except ValueError as error:
            problems.append(str(error))
        return problems


class NotConfirmedError(Exception):
    """Teaching would cost something and nobody has said yes to that; the message says how much and how to."""


def teach(
    settings: TeachSettings,
    *,
    lexicon: Path,
    output: Path,
    work: Path,
    confirmed: bool = False,
    restart: bool = False,
) -> None:
    """Fills the shards in `work` that are missing and makes the table `output` of them.

    `restart` forgets the shards first; what a teacher keeps for itself in `work/teacher` stays. Raises `OSError` and
    `ValueError` for anything that cannot be taught or cannot teach, `NotConfirmedError` before anything is paid for.
    """
    started = time.monotonic()
    if output.suffix != ".parquet" or output.is_dir() or output.resolve() == lexicon.resolve():
        raise ValueError(f"cannot write the table to {output}: expected a .parquet file that is not the word list")
    output.parent.mkdir(parents=True, exist_ok=True)
    (work / "teacher").mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(work / "lock", timeout=0):
            words = WordStream(lexicon, folder=work, limit=settings.words)
            teacher = open_teacher(
                settings.teacher, options=settings.options, lexicon=words.path, folder=work / "teacher"
            )
            if restart:
                forget_shards(work / "shards")
            shards = _open_shards(settings, words=words, teacher=teacher, folder=work / "shards")
            _fill(shards, words=words, teacher=teacher, confirmed=confirmed)
            made = compact(
                shards,
                words=words,
                path=output,
                width=settings.width,
                fit_words=settings.fit_words,
                centre=settings.centre,
                storage=settings.storage,
                levels=settings.levels,
            )
    except Timeout as error:
        raise ValueError(f"another process teaches in {work}; wait for it, or name another --work") from error
    _report(made, shards=shards, output=output, settings=settings, seconds=time.monotonic() - started)


def _open_shards(settings: TeachSettings, *, words: WordStream, teacher: Teacher, folder: Path) -> Shards:
    shards = Shards(
        folder,
        run={"word_list": words.digest, "teacher": {"name": settings.teacher, **teacher.identity()}},
        count=words.count,
        size=settings.shard_words,
    )
    if done := len(shards) - len(shards.missing):
        print(f"going on: {done} of {len(shards)} shards are there ({folder})", flush=True)
    if shards.damaged:
        print(f"{len(shards.damaged)} shards are not whole and are made again", flush=True)
    return shards


def _fill(shards: Shards, *, words: WordStream, teacher: Teacher, confirmed: bool) -> None:
    if not shards.missing:
        return
    estimate = teacher.estimate(_missing_words(shards, words=words))
    if estimate is not None:
        print(_told(estimate), flush=True)
        if estimate.requests and not confirmed:
            raise NotConfirmedError("nothing has been asked yet; add --yes to go ahead")
    missing = sum(shards.rows(index).stop - shards.rows(index).start for index in shards.missing)
    with tqdm(
        total=words.count, initial=words.count - missing, desc="teach", unit="words", unit_scale=True, mininterval=1.0
    ) as progress:
        for index, piece in enumerate(words.pieces(shards.size)):
            if index in shards.missing:
                shards.fill(index, words=piece.words, teacher=teacher)
                progress.update(len(piece.words))


def _missing_words(shards: Shards, *, words: WordStream) -> Iterator[str]:
    for index, piece in enumerate(words.pieces(shards.size)):
        if index in shards.missing:
            yield from piece.words


def _told(estimate: Estimate) -> str:
    cost = "unknown, no price was given" if estimate.cost is None else f"about {estimate.cost:,.2f}"
    return (
        f"to be asked: {estimate.requests:,} requests, {estimate.tokens:,} tokens; cost {cost}; about "
        f"{tqdm.format_interval(estimate.seconds)}"
    )


def _report(made: Compacted, *, shards: Shards, output: Path, settings: TeachSettings, seconds: float) -> None:
    table, unknown = made.summary, int((~shards.known).sum())
    lost = f", {made.lost:,} of which the principal components keep nothing" if made.lost else ""
    print(
        f"{output}: {table.words:,} words x {table.width}, {table.held_out:,} held out, "
        f"{output.stat().st_size / 1e6:.1f} MB; mean cosine {table.mean_cosine:.3f}\n"
        f"left out: {unknown:,} words that the teacher does not know{lost}\n"
        f"time: {seconds:.0f} s, and {shards.seconds:.0f} s of the teacher's in this run and those before it; "
        f"peak memory {peak_memory() / 1e6:.0f} MB"
    )
    if table.width < settings.width:
        print(f"the teacher's vectors have {table.width} entries, fewer than width = {settings.width}: all are kept")


def peak_memory() -> int:
    """The most bytes of memory that this process or one it waited for has had, 0 where the system does not tell."""
    try:
        import resource  # not on Windows

        status = Path("/proc/self/status").read_text(encoding="ascii")
    except (ImportError, OSError):
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    kilobytes = max(int(found[1]) if found else 0, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    return 1024 * kilobytes


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: 0; 1 after an error or a stop; 2 if --yes is needed."""
    options = _parser().parse_args(arguments)
    terminate = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        values = read_values(options.settings, changes=options.set)
        settings = build(TeachSettings, values=values, source=str(options.settings))
        teach(
            settings,
            lexicon=options.lexicon,
            output=options.output,
            work=options.work,
            confirmed=options.yes,
            restart=options.restart,
        )
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    except NotConfirmedError as error:
        print(f"not started: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt as interrupted:
        known = f"what is known is in {options.work}; the same command goes on from there"
        sys.exit(f"stopped: {str(interrupted) or known}")
    finally:
        signal.signal(signal.SIGTERM, terminate)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.teach", description="Make a table of a teacher's vectors."
    )
    parser.add_argument("settings", type=Path, help="a TOML file, such as training/configs/teachers/table.toml")
    parser.add_argument(
        "--lexicon", type=Path, required=True, metavar="FILE", help="the words: Parquet, or text, one a line"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="TABLE.parquet", help="the table to write")
    parser.add_argument("--work", type=Path, required=True, metavar="FOLDER", help="where what is known so far is kept")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting: words=1000")
    parser.add_argument("--yes", action="store_true", help="go ahead although it costs something")
    parser.add_argument("--restart", action="store_true", help="forget the shards in --work and start anew")
    return parser


if __name__ == "__main__":
    main()
