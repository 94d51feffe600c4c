"""The command: measures everything in one run and writes `benchmark.md`, `benchmark.json` and `speed.png`.

python -m training.benchmark --text corpus.conllu --scores runs/scores/metrics.json --output runs/benchmark
"""

import argparse
import os
import platform
import random
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from beast_core.files import write_file
from training.benchmark.bars import bars
from training.benchmark.busy import busy_speeds
from training.benchmark.costs import word_costs
from training.benchmark.earlier import earlier_routes
from training.benchmark.fresh import Start, measure_fresh
from training.benchmark.measured import FreshStart, Machine, Measured
from training.benchmark.names import EARLIER, RouteName, TokenVectors
from training.benchmark.picture import draw_quality, quality_points
from training.benchmark.report import benchmark_tables
from training.benchmark.routes import ROUTES, Route, find_route
from training.benchmark.starts import measure_starts
from training.benchmark.stream import measure_stream
from training.benchmark.timing import ROUNDS, Spread
from training.benchmark.words import plain_differences, word_speeds
from training.common.command import check_output, count, failing_in_a_line
from training.common.errors import InputError
from training.evaluate.report import read_report
from training.table import read_table

_COMPARED_WORDS = 256
_PACKAGES = (
    "torch",
    "numpy",
    "spacy",
    "sentence-transformers",
    "transformers",
    "fasttext-wheel",
    "floret",
    "model2vec",
)


def run(options: argparse.Namespace) -> Measured:
    """All measurements that were asked for. Raises `InputError`, and `ValueError` for too few words."""
    words, texts, routes = read_table(options.words, lowercase=False).words, read_texts(options.text), _routes(options)
    random.Random(0).shuffle(words)
    check_output(options.output, option="--output")
    work = options.output / "models"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    _say("making models")
    folders = {name: route.folder(work, words=words) for name, route in routes.items()}
    _say("fresh processes")
    measured = Measured(machine=_machine(options), fresh=_fresh(routes, folders, rounds=options.rounds))
    _say("words")
    measured = replace(
        measured,
        words=word_speeds(routes, folders=folders, words=words, rounds=options.rounds),
        differences=plain_differences(folders, words=words[:_COMPARED_WORDS]),
    )
    if RouteName.CORE in routes:
        measured = _core(measured, routes=routes, folders=folders, words=words)
    if options.hosts:
        measured = _hosts(measured, words=words, texts=texts, options=options)
    if options.stream:
        _say("a stream of words")
        measured = replace(measured, stream=measure_stream(words, number=options.stream))
    return measured


def _say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr)


def _core(
    measured: Measured, *, routes: Mapping[str, Route], folders: Mapping[str, Path], words: Sequence[str]
) -> Measured:
    """With what is measured of our core alone."""
    rounds, cores = measured.machine.rounds, measured.machine.cores
    _say("the core in fresh processes, on busy cores, and in parts")
    return replace(
        measured,
        starts=measure_starts(rounds=min(rounds, 5), earlier=folders.get(RouteName.EARLIER_CORE)),
        busy=busy_speeds(routes, folders=folders, words=words, cores=cores, rounds=min(rounds, 3)),
        costs=word_costs(words, rounds=rounds),
    )


def _routes(options: argparse.Namespace) -> dict[str, Route]:
    try:
        chosen = {name: find_route(name) for name in options.routes or ROUTES}
    except InputError as error:
        known = [str(name) for name in ROUTES]
        raise InputError(f"unknown routes {options.routes}, expected some of {known}; {error}") from error
    for name, route in chosen.items():
        if route.missing:
            print(f"{name} is left out: {route.missing}", file=sys.stderr)
    there = {name: route for name, route in chosen.items() if not route.missing}
    if options.against:
        earlier = earlier_routes(options.against)
        there |= {name: earlier[name] for name, today in EARLIER.items() if today in there}
    # Each beside the one that it is compared with.
    places = {str(name): place for place, name in enumerate(RouteName)}
    return dict(sorted(there.items(), key=lambda item: places.get(item[0], len(places))))


def _machine(options: argparse.Namespace) -> Machine:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        threads=torch.get_num_threads(),
        python=platform.python_version(),
        versions=versions,
        rounds=options.rounds,
        api_words=options.api_words,
        earlier=options.against or None,
    )


def _processor() -> str:
    if (file := Path("/proc/cpuinfo")).is_file():
        names = [line.partition(":")[2].strip() for line in file.read_text().splitlines() if "model name" in line]
        return next(iter(names), platform.machine())
    return platform.processor() or platform.machine()


def _fresh(routes: Mapping[str, Route], folders: Mapping[str, Path], *, rounds: int) -> dict[str, FreshStart]:
    starts: dict[str, list[Start]] = {name: [] for name, route in routes.items() if route.starts}
    for number in range(min(rounds, max((route.starts for route in routes.values()), default=0))):
        for name in starts:
            if number < routes[name].starts:
                starts[name].append(measure_fresh(name, folder=folders[name]))
    return {
        name: FreshStart(
            load_seconds=Spread.of([start.load_seconds for start in every]),
            resident_bytes=Spread.of([start.resident_bytes for start in every]),
        )
        for name, every in starts.items()
    }


def _hosts(measured: Measured, *, words: Sequence[str], texts: Sequence[str], options: argparse.Namespace) -> Measured:
    from training.benchmark.hosts import pipeline_seconds, sentence_transformers_seconds, token_vector_seconds

    work, rounds = options.output / "models", options.rounds
    if texts:
        _say("spaCy")
        tables = {TokenVectors.TABLE: RouteName.TABLE_SPACY, TokenVectors.FLORET: RouteName.FLORET_SPACY}
        there = {name: ROUTES[route] for name, route in tables.items() if not ROUTES[route].missing}
        folders = {name: route.folder(work, words=words) for name, route in there.items()}
        measured = replace(
            measured,
            machine=replace(measured.machine, tokens=_count_tokens(texts)),
            pipeline=pipeline_seconds(texts, rounds=rounds),
            token_vector=token_vector_seconds(texts, folders=folders, rounds=rounds),
        )
    _say("sentence-transformers")
    spreads = sentence_transformers_seconds(words[: options.api_words], work=work, rounds=min(rounds, 5))
    return replace(measured, sentence_transformers=spreads)


def _count_tokens(texts: Sequence[str]) -> int:
    import spacy

    return sum(len(doc) for doc in spacy.blank("es").pipe(texts))


def read_texts(paths: Sequence[Path]) -> list[str]:
    """Sentences of CoNLL-U files (`# text = ...`) or lines of other text; of a folder, its CoNLL-U files."""
    texts: list[str] = []
    for path in paths:
        if not path.exists():
            raise InputError(
                f"no text at {path.resolve()}, expected a .conllu or .txt file, or a folder of .conllu files"
            )
        for file in sorted(path.glob("*.conllu")) if path.is_dir() else [path]:
            lines = file.read_text(encoding="utf-8").splitlines()
            mark = "# text = "
            if file.suffix == ".conllu":
                lines = [line.removeprefix(mark) for line in lines if line.startswith(mark)]
            texts += [line for line in lines if line.strip()]
    return texts


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.benchmark", description="Measure speed, side by side.")
    parser.add_argument("--words", type=Path, default=Path("training/tables/es.parquet"), help="a teacher's table")
    parser.add_argument("--text", type=Path, nargs="*", default=[], help="real text, for the spaCy pipelines")
    parser.add_argument("--scores", type=Path, help="metrics.json of the evaluation, for the picture")
    parser.add_argument("--output", type=Path, required=True, help="where results and the peers' models go")
    parser.add_argument("--rounds", type=count, default=ROUNDS, help="how often each is measured")
    parser.add_argument("--api-words", type=count, default=50_000, help="words through sentence-transformers at a time")
    parser.add_argument("--routes", nargs="+", help="measure these alone: routes, or models as for training.evaluate")
    parser.add_argument("--against", metavar="COMMIT", help="measure the packages of that commit too")
    parser.add_argument(
        "--no-hosts", dest="hosts", action="store_false", help="leave out spaCy and sentence-transformers"
    )
    parser.add_argument("--stream", type=int, default=5_000_000, help="distinct words; 0 leaves this part out")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, writes and prints."""
    options = _parser().parse_args(arguments)
    with failing_in_a_line():
        scores = read_report(options.scores) if options.scores else None
        measured = run(options)
        tables = benchmark_tables(measured)
        files: dict[str, str | bytes] = {"benchmark.json": measured.to_json(), "benchmark.md": tables}
        if scores:
            files["speed.png"] = draw_quality(quality_points(measured, scores=scores))
        for name, content in files.items():
            write_file(options.output / name, content)
    print(tables)
    missed = [bar.what for bar in bars(measured) if not bar.is_met]
    print(f"Wrote {', '.join(files)} to {options.output}; bars missed: {missed or 'none'}")


if __name__ == "__main__":
    main()
