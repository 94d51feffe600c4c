"""Measures models side by side: similarity, clustering, spelling, closeness to the teacher, size and speed.

    python -m training.evaluate beast shipped fasttext=cc.es.300.vec.gz --data assets/sets --output runs/results

Writes `metrics.json` (all numbers; equal inputs give equal files but for what is under `timings`), `results.md`,
`map.png` and, with `--log`, `training_curve.png`. What counts is told in `training/evalsets.py` and
`training/metrics.py`.
"""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from beast_core import ModelFolderError
from beast_core.files import write_file
from training import metrics
from training.evalsets import EvaluationSets, InputError, read_sets
from training.models import ModelSource, WordVectors, find_model
from training.plots import draw_map, draw_training, map_words, read_log
from training.table import TeacherTable, TeacherTableError, read_table

_PACKAGES = ("beast-vectors", "numpy", "scipy", "scikit-learn", "sentence-transformers", "torch")
_NO_DATA = """No evaluation sets: none of {folders} is there. To get the public ones:
    python -m spacy project assets --extra
    python -m spacy project run eval_sets
Without them only size, speed and, with --teacher, closeness to the teacher are measured."""
_NOTES = """
Similarity: correlation of cosine and human score over pairs of different single words, with a 95% bootstrap interval.
Clustering: k-means against the classes, mean of {seeds} seeds; judge by ARI, where chance is 0 (NMI, which equals the
V-measure, is above 0 by chance). Retrieval@1: the nearest of all candidates is the right one. An unknown word is a zero
vector; "93% known" is the share of items that a table has. Speed is rough: new words a second, CPU threads: {threads}.
"""


@dataclass(frozen=True)
class Row:
    """A line of the results: what is measured on how much, and a number and its text for each model."""

    measure: str
    name: str
    count: str
    values: list[float | None]
    texts: list[str]


def result_rows(report: dict[str, Any]) -> list[Row]:
    """The results of a report as it is written to `metrics.json`, ready to be laid out."""
    models = report["models"]
    rows = []
    for measure, kind, key, counted in (
        ("similarity, Spearman", "similarity", "spearman", "pairs"),
        ("similarity, Pearson", "similarity", "pearson", "pairs"),
        ("clustering, ARI", "clustering", "ari", "words"),
        ("clustering, NMI", "clustering", "nmi", "words"),
        ("retrieval@1", "retrieval", "retrieval_at_1", "queries"),
        ("cosine to the teacher", "closeness", "cosine", "words"),
    ):
        names = dict.fromkeys(name for model in models.values() for name in model[kind])
        for name in names:
            found = [model[kind].get(name) for model in models.values()]
            count = next(entry[counted] for entry in found if entry)
            values = [entry and entry[key] for entry in found]
            texts = [_text(entry, key) for entry in found]
            rows.append(Row(measure, name, f"{count:,}", values, texts))
    sizes = [f"{model['bytes'] / 1e6:,.1f} MB" for model in models.values()]
    speeds = [f"{report['timings']['words_per_second'][name]:,.0f}" for name in models]
    rows.append(Row("size on disk", "", "", [], sizes))
    rows.append(Row("rough speed, words/s", "new words", "", [], speeds))
    rows.append(Row("width", "", "", [], [str(model["width"]) for model in models.values()]))
    return rows


def _text(entry: dict[str, Any] | None, key: str) -> str:
    if not entry:
        return "-"
    text = f"{entry[key]:.3f}"
    if key == "spearman":
        text += " [{:.2f}, {:.2f}]".format(*entry["spearman_interval"])
    return text + (f", {entry['coverage']:.0%} known" if entry["coverage"] < 1 else "")


def to_markdown(rows: Sequence[Row], *, models: Sequence[str]) -> str:
    """One Markdown table; the best of several models in bold."""
    lines = [["measure", "set", "n", *models], ["---", "---", "---:", *["---"] * len(models)]]
    for row in rows:
        known = [value for value in row.values if value is not None]
        best = {index for index, value in enumerate(row.values) if len(known) > 1 and value == max(known)}
        texts = [f"**{text}**" if index in best else text for index, text in enumerate(row.texts)]
        lines.append([row.measure, row.name, row.count, *texts])
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def to_text(rows: Sequence[Row], *, models: Sequence[str]) -> str:
    """The same table with aligned columns and each measure named once."""
    lines = [["measure", "set", "n", *models]]
    for previous, row in zip([None, *rows], rows, strict=False):
        repeated = previous is not None and previous.measure == row.measure
        lines.append(["" if repeated else row.measure, row.name, row.count, *row.texts])
    left, name, count, *rest = (max(map(len, column)) for column in zip(*lines, strict=True))
    layout = "  ".join([f"{{:<{left}}}", f"{{:<{name}}}", f"{{:>{count}}}", *(f"{{:<{width}}}" for width in rest)])
    return "".join(layout.format(*line).rstrip() + "\n" for line in lines)


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
    teacher = read_table(options.teacher) if options.teacher else None
    if options.output.exists() and not options.output.is_dir():
        raise InputError(f"--output {options.output} is a file, expected a folder or nothing")
    options.output.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {
        "seed": metrics.SEED,
        "versions": {"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}},
        "data": {"folder": str(folder) if folder else None, "sha256": sets.digests},
        "teacher": {"file": str(options.teacher), "sha256": teacher.digest} if teacher else None,
        "models": {},
        "timings": {"threads": torch.get_num_threads(), "words_per_second": {}},
    }
    pictures = {"training_curve.png": draw_training(log)} if log else {}
    for source in sources:
        print(f"evaluating {source.name} ...", file=sys.stderr)
        model = source.load()
        report["models"][source.name] = _describe(source, model, sets=sets, teacher=teacher)
        report["timings"]["words_per_second"][source.name] = metrics.words_per_second(model)
        if source is sources[0]:
            pictures |= _map(model, name=source.name)
    _write(_rounded(report), folder=options.output, pictures=pictures)
    if not folder:
        print(_NO_DATA.format(folders=", ".join(map(str, options.data)) or "the folders of --data"))


def _describe(
    source: ModelSource, model: WordVectors, *, sets: EvaluationSets, teacher: TeacherTable | None
) -> dict[str, Any]:
    if teacher and teacher.width != model.width:
        print(f"{source.name} is {model.width} wide, the teacher {teacher.width}: no cosine to it", file=sys.stderr)
    described = {"kind": source.kind, "path": str(source.path), "width": model.width, "bytes": source.size}
    return described | metrics.measure(model, sets=sets, teacher=teacher)


def _map(model: WordVectors, *, name: str) -> dict[str, bytes]:
    try:
        return {"map.png": draw_map(*model.lookup(map_words()), name=name)}
    except InputError as error:
        print(f"no map: {error}", file=sys.stderr)
        return {}


def _write(report: dict[str, Any], *, folder: Path, pictures: dict[str, bytes]) -> None:
    rows, models = result_rows(report), list(report["models"])
    notes = _NOTES.format(seeds=len(metrics.CLUSTERING_SEEDS), threads=report["timings"]["threads"])
    files: dict[str, str | bytes] = {
        "metrics.json": json.dumps(report, indent=2, ensure_ascii=False) + "\n",
        "results.md": "# Results\n\n" + to_markdown(rows, models=models) + notes,
        **pictures,
    }
    for name, content in files.items():
        write_file(folder / name, content)
    print(to_text(rows, models=models) + notes)
    print(f"Wrote {', '.join(files)} to {folder}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description="Measure models of word vectors side by side.",
        epilog="A model is 'shipped' (the one in the package), a BEAST or sentence-transformers folder, or a table of "
        "words and vectors: .parquet, .vec, .txt (also .gz), .npy, .npz. name=path gives it a name in the results.",
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
