"""All trainings that are asked for, several at a time, each in a process of its own; it goes on where it stopped."""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from beast_core.model_files import WEIGHTS_FILE
from beast_core.shipped import model_folder
from training.common.errors import InputError
from training.common.files import digest
from training.common.processes import run_apart
from training.downstream.configurations import CONFIGURATIONS
from training.downstream.corpora import Corpus
from training.downstream.one_training import Training, record_file, same_run, train_and_score
from training.downstream.sentences import is_prepared, prepare_sentences
from training.downstream.tables import write_floret_table, write_plain_table

SENTENCES, TABLES, RECORDS = "sentences", "tables", "trainings"
WRITERS: dict[str, Callable[..., None]] = {"plain": write_plain_table, "floret": write_floret_table}


def plan(
    corpora: Sequence[Corpus], *, vectors: Sequence[str], seeds: int, steps: int, teachers: Path
) -> list[Training]:
    """All trainings, the first corpus first and its first seed first, so that what is done is comparable at any time.

    What reads a table is left out, and told, for a language whose teacher's table is not in the folder `teachers`.
    """
    without = {corpus.language for corpus in corpora if not teacher_table(corpus.language, folder=teachers).is_file()}
    if without and any(CONFIGURATIONS[name].table for name in vectors):
        print(f"no table of {', '.join(sorted(without))} in {teachers}: nothing that reads one", file=sys.stderr)
    sources = {
        (language, name): _source(name, language=language, teachers=teachers)
        for language in {corpus.language for corpus in corpora}
        for name in vectors
    }
    return [
        Training(corpus=corpus, vectors=name, seed=seed, steps=steps, source=sources[corpus.language, name])
        for corpus in corpora
        for seed in range(seeds)
        for name in vectors
        if not (CONFIGURATIONS[name].table and corpus.language in without)
    ]


def available(corpora: Sequence[Corpus], *, data: Path, output: Path) -> list[Corpus]:
    """Those whose files are in the folder `data`, or whose sentences were written before; the others are told.

    Raises `InputError` if there is none.
    """
    missing = {
        corpus.name: corpus.missing(data) for corpus in corpora if not is_prepared(corpus, folder=output / SENTENCES)
    }
    told = "; ".join(f"{name} (nothing at {', '.join(map(str, files))})" for name, files in missing.items() if files)
    left = [corpus for corpus in corpora if not missing.get(corpus.name)]
    if not left:
        raise InputError(f"no sentences for {told}; docs/downstream.md says how to get them")
    if told:
        print(f"left out: {told}; docs/downstream.md says how to get them", file=sys.stderr)
    return left


def _source(vectors: str, *, language: str, teachers: Path) -> str:
    """The beginning of the digest of what a configuration's vectors are of: the teacher's table, our model, nothing."""
    configuration = CONFIGURATIONS[vectors]
    if configuration.table:
        file = teacher_table(language, folder=teachers)
    elif configuration.encodes:
        file = model_folder(language=language) / WEIGHTS_FILE
    else:
        return ""
    return digest(file)[:8] if file.is_file() else ""


def teacher_table(language: str, *, folder: Path) -> Path:
    """Where the teacher's table of a language is looked for."""
    return folder / f"{language}.parquet"


def prepare(trainings: Sequence[Training], *, data: Path, teachers: Path, output: Path, processes: int) -> None:
    """Writes the sentences and the tables that the trainings read, where they are not there yet."""
    work: dict[str, Callable[[], None]] = {}
    for training in trainings:
        corpus, folder = training.corpus, training.table(output / TABLES)
        if not is_prepared(corpus, folder=output / SENTENCES):
            work[f"sentences of {corpus.name}"] = partial(
                run_apart, prepare_sentences, corpus=corpus, data=data, folder=output / SENTENCES
            )
        if folder and not folder.is_dir():
            table = teacher_table(corpus.language, folder=teachers)
            write = WRITERS[CONFIGURATIONS[training.vectors].table]
            work[f"table {folder.name}"] = partial(
                run_apart, write, table=table, folder=folder, language=corpus.language
            )
    _side_by_side(work, processes=processes)


def _side_by_side(work: Mapping[str, Callable[[], None]], *, processes: int) -> None:
    """Does all of it, `processes` at a time. What fails is told by an `InputError` when all else is done."""
    start, failed = time.monotonic(), list[str]()
    with ThreadPoolExecutor(processes) as pool:
        futures = {pool.submit(do): name for name, do in work.items()}
        try:
            for number, future in enumerate(as_completed(futures), start=1):
                if error := future.exception():
                    failed.append(f"{futures[future]}: {error}")
                done = f"{number} of {len(work)}, {time.monotonic() - start:.0f} s: {futures[future]}"
                print(f"{done}{' failed' if error else ''}", file=sys.stderr, flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failed:
        raise InputError("; ".join(failed))


def unfinished(trainings: Sequence[Training], *, output: Path) -> list[Training]:
    """Those without a record. Raises `InputError` for one of other steps, sentences or vectors under the same name."""
    left = []
    for training in trainings:
        file = record_file(training, folder=output / RECORDS)
        if not file.is_file():
            left.append(training)
        elif not same_run(
            json.loads(file.read_text(encoding="utf-8")), training=training, sentences=output / SENTENCES
        ):
            raise InputError(
                f"{file} is of other steps, sentences or vectors than are asked for now: give another --output, or "
                "remove it"
            )
    return left


def train_all(trainings: Sequence[Training], *, output: Path, processes: int) -> None:
    """Trains those without a record, `processes` at a time. The first error ends it when those under way are done."""
    left = unfinished(trainings, output=output)
    (output / RECORDS).mkdir(parents=True, exist_ok=True)
    folders = {"sentences": output / SENTENCES, "tables": output / TABLES, "records": output / RECORDS}
    print(f"{len(trainings) - len(left)} of {len(trainings)} trainings are done", file=sys.stderr)
    work = {each.name: partial(run_apart, train_and_score, training=each, **folders) for each in left}
    _side_by_side(work, processes=processes)
