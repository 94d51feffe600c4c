"""Measures models side by side: similarity, clustering, spelling, analogies, closeness to the teacher, size, speed
and memory.

    python -m training.evaluate beast shipped fasttext=cc.es.300.vec.gz --data assets/sets --output runs/results

Writes `metrics.json` (all numbers; equal inputs give equal files but for what is under `timings`), `results.md`,
`map.png` and, with `--log`, `training_curve.png`. What counts is told in `training/evaluate/sets.py` and
`training/evaluate/measures.py`.
"""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from beast_core import ModelFolderError
from beast_core.files import write_file
from training.common.errors import InputError
from training.common.statistics import RESAMPLES, SEED
from training.evaluate import measures
from training.evaluate.memory import resident_bytes_added
from training.evaluate.pictures import draw_map, draw_training, map_words
from training.evaluate.results import notes, result_rows, to_markdown, to_text
from training.evaluate.sets import EvaluationSets, read_sets
from training.evaluate.speed import MEMORY_WORDS, made_up_words, words_per_second
from training.run_folder import read_log
from training.table import TeacherTable, TeacherTableError, read_table
from training.vectors import WordVectors
from training.vectors.find import ModelSource, find_model

_PACKAGES = ("beast-vectors", "numpy", "scipy", "scikit-learn", "sentence-transformers", "torch")
_NO_DATA = """No evaluation sets: none of {folders} is there. To get the public ones:
    python -m spacy project assets --extra
    python -m spacy project run eval_sets
Without them only size, speed, memory and, with --teacher, closeness to the teacher are measured."""


def _rounded(value: Any) -> Any:
    """Numbers of a report to six places: the last bits differ between processors."""
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return round(value, 6) if isinstance(value, float) else value


def _find_models(given: Sequence[str]) -> list[ModelSource]:
    sources = [find_model(each) for each in given]
    names = [source.name for source in sources]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"several models are called {repeated}; tell them apart with name=path")
    return sources


def run(options: argparse.Namespace) -> None:
    """Evaluates and writes; every input is looked at before the first model is loaded."""
    sources = _find_models(options.models)
    log = read_log(options.log) if options.log else None
    folder = next((folder for folder in options.data if folder.is_dir()), None)
    sets = read_sets(folder) if folder else EvaluationSets.empty()
    teacher = read_table(options.teacher, lowercase=False) if options.teacher else None
    if options.output.exists() and not options.output.is_dir():
        raise InputError(f"--output {options.output} is a file, expected a folder or nothing")
    options.output.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        "seed": SEED,
        "resamples": RESAMPLES,
        "clustering_seeds": len(measures.CLUSTERING_SEEDS),
        "versions": {"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}},
        "data": {"folder": str(folder) if folder else None, "sha256": sets.digests},
        "teacher": {"file": str(options.teacher), "sha256": teacher.digest} if teacher else None,
        "models": {},
        "timings": {"threads": torch.get_num_threads(), "words_per_second": {}, "resident_bytes_added": {}},
    }
    pictures = {"training_curve.png": draw_training(log)} if log else {}
    for source in sources:
        print(f"evaluating {source.name} ...", file=sys.stderr)
        model = source.load()
        report["models"][source.name] = _describe(source, model, sets=sets, teacher=teacher)
        report["timings"]["words_per_second"][source.name] = words_per_second(model)
        if source is sources[0]:
            pictures |= _map(model, name=source.name)
        del model  # makes room: the process that measures its memory loads it again
        words = made_up_words(MEMORY_WORDS)
        report["timings"]["resident_bytes_added"][source.name] = resident_bytes_added(source, words=words)
    _write(_rounded(report), folder=options.output, pictures=pictures)
    if not folder:
        print(_NO_DATA.format(folders=", ".join(map(str, options.data)) or "the folders of --data"))


def _describe(
    source: ModelSource, model: WordVectors, *, sets: EvaluationSets, teacher: TeacherTable | None
) -> dict[str, Any]:
    if teacher and teacher.width != model.width:
        widths = f"{source.name} is {model.width} wide, the teacher {teacher.width}"
        print(f"{widths}: cosines to it by regression only", file=sys.stderr)
    described = {
        "kind": source.kind,
        "path": str(source.path),
        "first_entries": source.first_entries,
        "width": model.width,
        "bytes": source.size,
    }
    return described | measures.measure(model, sets=sets, teacher=teacher)


def _map(model: WordVectors, *, name: str) -> dict[str, bytes]:
    try:
        return {"map.png": draw_map(*model.lookup(map_words()), name=name)}
    except InputError as error:
        print(f"no map: {error}", file=sys.stderr)
        return {}


def _write(report: dict[str, Any], *, folder: Path, pictures: dict[str, bytes]) -> None:
    rows, models = result_rows(report), list(report["models"])
    files: dict[str, str | bytes] = {
        "metrics.json": json.dumps(report, indent=2, ensure_ascii=False) + "\n",
        "results.md": "# Results\n\n" + to_markdown(rows, models=models) + notes(report),
        **pictures,
    }
    for name, content in files.items():
        write_file(folder / name, content)
    print(to_text(rows, models=models) + notes(report))
    print(f"Wrote {', '.join(files)} to {folder}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description="Measure models of word vectors side by side.",
        epilog="A model is 'shipped' (the one in the package), a BEAST or sentence-transformers folder, or a table of "
        "words and vectors: .parquet, .vec, .txt (also .gz), .npy, .npz; or installed:NAME; or a teacher's settings, "
        ".toml. name=path gives it a name in the results; path@64 keeps the first 64 entries of its vectors.",
    )
    parser.add_argument("models", nargs="+", metavar="MODEL", help="what to measure; the map shows the first")
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="evaluation sets: the first folder that exists",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where the results go")
    parser.add_argument(
        "--teacher", type=Path, metavar="FILE.parquet", help="measure cosine to this table, seen and held-out words"
    )
    parser.add_argument("--log", type=Path, metavar="FILE.jsonl", help="draw the curves of this training log")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0, or 1 after an error that is told in a line."""
    options = _parser().parse_args(arguments)
    try:
        run(options)
    except (InputError, ModelFolderError, TeacherTableError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
