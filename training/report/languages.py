"""The scores of every language in one table, each student beside its teacher and plain n-gram vectors of that.

    python -m training.report languages de=runs/de/scores/metrics.json en=runs/en/scores/metrics.json \\
        --cross runs/cross/*/metrics.json --output runs/languages.md

Each language has a report of `training.evaluate` whose models are called as the columns: teacher, student and ngrams,
or what `--models` says; of others and of missing ones nothing is told. The reports of
`training.evaluate.cross_lingual` are called by `--name` in the same way, one of each.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from beast_core.files import write_file
from training.common.errors import InputError
from training.common.markdown import markdown_table
from training.evaluate.cross_lingual.kinds import CROSS_LINGUAL_KINDS
from training.evaluate.kinds import KINDS
from training.evaluate.kinds.kind import Kind
from training.evaluate.report import Report, read_report
from training.evaluate.results import score_rows
from training.languages import read_language

MODELS = ("teacher", "student", "ngrams")
_ACROSS = "across languages"


def languages_table(reports: Mapping[str, Report], *, across: Sequence[Report], models: Sequence[str]) -> str:
    """Markdown: the rows of each language's report, by its code, and those across languages; a column for each model.

    Raises `InputError` for a report that has none of the models, and for a language that has no record.
    """
    rows = []
    for code, report in reports.items():
        rows += _rows(report, name=read_language(code).name, kinds=KINDS, models=models)
    if across:
        together = {name: scores for report in across for name, scores in report.models.items()}
        report = across[0].model_copy(update={"models": together})
        rows += _rows(report, name=_ACROSS, kinds=CROSS_LINGUAL_KINDS, models=models)
    return markdown_table(["language", "measure", "set", "n", *models], rows=rows, right={3})


def _rows(report: Report, *, name: str, kinds: Sequence[Kind[Any, Any, Any]], models: Sequence[str]) -> list[list[str]]:
    measured = {model: report.models[model] for model in models if model in report.models}
    if not measured:
        raise InputError(
            f"the report of {name} has models {', '.join(report.models)}, expected some of {', '.join(models)}; call "
            "them so (name=path) when they are evaluated, or say --models"
        )
    found = score_rows(report.model_copy(update={"models": measured}), kinds=kinds)
    texts = [dict(zip(measured, row.texts, strict=True)) for row in found]
    return [
        [name, row.measure, row.name, row.count, *(of.get(model, "-") for model in models)]
        for row, of in zip(found, texts, strict=True)
    ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "reports", nargs="+", metavar="LANGUAGE=FILE", help="a language and its metrics.json of training.evaluate"
    )
    parser.add_argument(
        "--cross",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="metrics.json of training.evaluate.cross_lingual, one of each model",
    )
    parser.add_argument("--models", nargs="+", default=MODELS, metavar="NAME", help=f"the columns ({' '.join(MODELS)})")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.md", help="where the table goes")


def write_languages(options: argparse.Namespace) -> None:
    """Writes the table and prints it. Raises what `languages_table` and `read_report` raise."""
    named = [given.partition("=") for given in options.reports]
    if wrong := [given for given, (code, _, file) in zip(options.reports, named, strict=True) if not (code and file)]:
        raise InputError(f"{wrong[0]!r} is no report of a language, expected LANGUAGE=FILE, de=runs/de/metrics.json")
    if repeated := sorted({code for code, _, _ in named if [other for other, _, _ in named].count(code) > 1}):
        raise InputError(f"several reports of {', '.join(repeated)}, expected one a language")
    reports = {code: read_report(Path(file)) for code, _, file in named}
    across = [read_report(file) for file in options.cross]
    table = languages_table(reports, across=across, models=options.models)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    write_file(options.output, table)
    print(table, end="")
