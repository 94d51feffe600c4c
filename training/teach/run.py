"""Asks a teacher for the vector of every word of a list, shard by shard, and makes one table of them."""

import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from tqdm import tqdm

from training.common.processes import peak_memory
from training.teach.compaction import Compacted, compact
from training.teach.settings import TeachSettings
from training.teach.shards import Shards, forget_shards
from training.teach.word_stream import WordStream
from training.vectors import Describing, Estimate, Teacher, open_teacher


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
            words, teacher = _open(settings, lexicon=lexicon, work=work)
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
                language=teacher.language or settings.language,
                space=teacher.space,
            )
    except Timeout as error:
        raise ValueError(f"another process teaches in {work}; wait for it, or name another --work") from error
    _report(made, shards=shards, output=output, settings=settings, seconds=time.monotonic() - started)


def _open(settings: TeachSettings, *, lexicon: Path, work: Path) -> tuple[WordStream, Teacher]:
    """The words that are taught, and their teacher."""
    described = settings.described and settings.words > 0
    words = WordStream(lexicon, folder=work, limit=0 if described else settings.words)
    teacher = open_teacher(settings.teacher, options=settings.options, lexicon=words.path, folder=work / "teacher")
    if described:
        if not isinstance(teacher, Describing):
            raise ValueError(
                f"described is true, but the teacher {settings.teacher!r} does not tell of which words it knows more "
                "than the spelling: take described out, and words too if all are to be taught"
            )
        words = words.chosen(settings.words, described=teacher.described, folder=work)
    return words, teacher


def _open_shards(settings: TeachSettings, *, words: WordStream, teacher: Teacher, folder: Path) -> Shards:
    shards = Shards(
        folder,
        run={
            "word_list": words.digest,
            "teacher": {"name": settings.teacher, **teacher.identity()},
            **({"described_after": settings.words} if settings.described else {}),
        },
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
