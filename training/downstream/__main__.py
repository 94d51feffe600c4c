"""Trains taggers, parsers and recognisers of names with and without BEAST, and says what it is worth.

    python -m training.downstream --data assets/downstream --tables assets/teachers --output runs/downstream

Each training is one record, `trainings/*.json`; given again, the command goes on where it was stopped. The records that
are there by the end are `results.md`. What is compared is told in `training/downstream/configurations.py`, what on in
`training/downstream/corpora.toml`.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from beast_core.files import write_file
from training.common.command import check_output, count, failing_in_a_line
from training.common.errors import InputError
from training.downstream.configurations import CONFIGURATIONS
from training.downstream.corpora import DEFAULT, TASKS, read_corpora
from training.downstream.one_training import read_records
from training.downstream.results import results
from training.downstream.run import RECORDS, available, plan, prepare, train_all

# A training has one thread, whatever computes in it, so that several side by side do not wait for one another.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")


def main(arguments: Sequence[str] | None = None) -> None:
    """Prepares, trains what is left to train, and writes the results."""
    options = _parser().parse_args(arguments)
    with failing_in_a_line():
        check_output(options.output, option="--output")
        if not options.results_alone:
            _train(options)
        text = results(read_records(options.output / RECORDS), corpora=read_corpora(options.corpora))
        write_file(options.output / "results.md", text)
    print(text)


def _train(options: argparse.Namespace) -> None:
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    corpora = [
        corpus
        for corpus in read_corpora(options.corpora)
        if corpus.task in options.tasks and corpus.language in (options.languages or [corpus.language])
    ]
    if not corpora:
        raise InputError(f"{options.corpora} has nothing of {options.languages} for {options.tasks}")
    corpora = available(corpora, data=options.data, output=options.output)
    trainings = plan(
        corpora, vectors=options.vectors, seeds=options.seeds, steps=options.steps, teachers=options.tables
    )
    prepare(trainings, data=options.data, teachers=options.tables, output=options.output, processes=options.processes)
    if not options.prepare_alone:
        train_all(trainings, output=options.output, processes=options.processes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.downstream",
        description="Train spaCy's components with and without BEAST, and compare.",
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="where the annotated text is")
    parser.add_argument("--tables", type=Path, required=True, metavar="FOLDER", help="teachers' tables, CODE.parquet")
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where everything goes")
    parser.add_argument("--corpora", type=Path, default=DEFAULT, metavar="FILE.toml", help="what is trained on")
    parser.add_argument("--languages", nargs="+", metavar="CODE", help="of the corpora, those of these languages (all)")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS, help="and those for these tasks (all)")
    parser.add_argument("--vectors", nargs="+", choices=CONFIGURATIONS, default=[*CONFIGURATIONS], help="(all)")
    parser.add_argument("--seeds", type=count, default=3, help="trainings of each (3)")
    parser.add_argument("--steps", type=count, default=500, help="of a training (500)")
    parser.add_argument("--processes", type=count, default=1, help="trainings at a time, of one thread each (1)")
    alone = parser.add_mutually_exclusive_group()
    alone.add_argument("--prepare-alone", action="store_true", help="write sentences and tables, and train nothing")
    alone.add_argument("--results-alone", action="store_true", help="write the results of the records that are there")
    return parser


if __name__ == "__main__":
    main()
