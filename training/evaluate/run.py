"""One evaluation: every input is looked at before the first model is loaded, and all files are written at the end."""

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from beast_core.files import write_file
from training.common.agreement import check_same_origin
from training.common.errors import InputError
from training.common.statistics import RESAMPLES, SEED
from training.evaluate.evaluation_sets import EvaluationSets, read_sets, shipped_sets
from training.evaluate.kinds import KINDS, clustering
from training.evaluate.memory import resident_bytes_added
from training.evaluate.report import Data, ModelScores, Report, Teacher, Timings
from training.evaluate.results import notes, result_rows, rows_to_markdown, rows_to_text
from training.evaluate.speed import MEMORY_WORDS, made_up_words, words_per_second
from training.evaluate.training_curve import draw_training_curve
from training.evaluate.word_map import draw_word_map
from training.languages import Language, read_language
from training.run_folder import read_log
from training.table import TeacherTable, read_table
from training.vectors import PlacedVectors, WordVectors
from training.vectors.find import ModelSource, find_model

_PACKAGES = ("beast-vectors", "numpy", "scipy", "scikit-learn", "sentence-transformers", "torch")
_HOW_TO_GET_MORE = """{what}{folders}.
Word similarity and more are downloaded by
    python -m spacy project assets --extra
    python -m spacy project run eval_sets"""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What is measured and on what; `folders` are those of `--data` that are there, `pictures` PNG files by name.

    `teacher` is what the report says of the `table` that closeness is measured to.
    """

    models: list[ModelSource]
    language: Language
    sets: EvaluationSets
    folders: list[Path]
    teacher: Teacher | None
    table: TeacherTable | None
    pictures: dict[str, bytes]


def read_inputs(
    models: Sequence[str], *, data: Sequence[Path], language: str, teacher: Path | None, log: Path | None
) -> Inputs:
    """Finds the models and reads all else. Raises `InputError`, `ValueError` or `OSError` for what cannot be used."""
    record = read_language(language)
    sources = _find_models(models)
    pictures = {"training_curve.png": draw_training_curve(read_log(log))} if log else {}
    folders = [folder for folder in data if folder.is_dir()]
    table = read_table(teacher, lowercase=False) if teacher else None
    return Inputs(
        models=sources,
        language=record,
        sets=read_sets([*folders, *shipped_sets(language)], kinds=KINDS, teacher=table),
        folders=folders,
        teacher=Teacher(file=str(teacher), sha256=table.digest) if table else None,
        table=table,
        pictures=pictures,
    )


def _find_models(given: Sequence[str]) -> list[ModelSource]:
    sources = [find_model(each) for each in given]
    names = [source.name for source in sources]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"several models are called {repeated}; tell them apart with name=path")
    return sources


def evaluate(inputs: Inputs) -> tuple[Report, dict[str, bytes]]:
    """Measures all models, one at a time in memory; the report, and the pictures by name, with a map of the first."""
    pictures = dict(inputs.pictures)
    models: dict[str, ModelScores] = {}
    speeds: dict[str, float] = {}
    memory: dict[str, int] = {}
    for source in inputs.models:
        print(f"evaluating {source.name} ...", file=sys.stderr)
        model = source.load()
        if inputs.table:
            check_teacher(model, name=source.name, table=inputs.table)
        models[source.name] = _scores(source, model, inputs=inputs)
        speeds[source.name] = words_per_second(model, alphabet=inputs.language.alphabet)
        if source is inputs.models[0]:
            pictures |= _word_map(model, name=source.name, language=inputs.language)
        del model  # makes room: the process that measures its memory loads it again
        words = made_up_words(MEMORY_WORDS, alphabet=inputs.language.alphabet)
        memory[source.name] = resident_bytes_added(source, words=words)
    report = Report(
        seed=SEED,
        resamples=RESAMPLES,
        clustering_seeds=len(clustering.SEEDS),
        versions=installed_versions(),
        data=Data(folder=", ".join(map(str, inputs.folders)) or None, sha256=inputs.sets.digests),
        teacher=inputs.teacher,
        models=models,
        timings=Timings(threads=torch.get_num_threads(), words_per_second=speeds, resident_bytes_added=memory),
    )
    return report, pictures


def check_teacher(model: PlacedVectors, *, name: str, table: TeacherTable) -> None:
    """Raises `InputError` for a table of another language or another space than the model says that it is of.

    A model of several languages may be compared with the table of any.
    """
    advice = "give the table that the model learnt from, or leave out --teacher"
    check_same_origin({name: model, "the table of --teacher": table}, advice=advice)


def installed_versions() -> dict[str, str]:
    """Of Python and of the packages that the numbers may depend on."""
    return {"python": platform.python_version(), **{package: version(package) for package in _PACKAGES}}


def _scores(source: ModelSource, model: WordVectors, *, inputs: Inputs) -> ModelScores:
    if inputs.table and inputs.table.width != model.width:
        widths = f"{source.name} is {model.width} wide, the teacher {inputs.table.width}"
        print(f"{widths}: cosines to it by regression only", file=sys.stderr)
    return ModelScores(
        kind=source.kind,
        path=str(source.path),
        first_entries=source.first_entries,
        width=model.width,
        bytes=source.size,
        sets=inputs.sets.scores(model),
    )


def _word_map(model: WordVectors, *, name: str, language: Language) -> dict[str, bytes]:
    vectors, known = model.lookup(language.map_words)
    try:
        return {"map.png": draw_word_map(vectors, known, name=name, language=language)}
    except InputError as error:
        print(f"no map: {error}", file=sys.stderr)
        return {}


def run(inputs: Inputs, *, output: Path) -> None:
    """Measures, writes `metrics.json`, `results.md` and the pictures to a folder, and prints the results."""
    output.mkdir(parents=True, exist_ok=True)
    report, pictures = evaluate(inputs)
    rows, names = result_rows(report, kinds=KINDS), list(report.models)
    files: dict[str, str | bytes] = {
        "metrics.json": report.to_json(),
        "results.md": "# Results\n\n" + rows_to_markdown(rows, models=names) + notes(report, kinds=KINDS),
        **pictures,
    }
    for name, content in files.items():
        write_file(output / name, content)
    print(rows_to_text(rows, models=names) + notes(report, kinds=KINDS))
    print(f"Wrote {', '.join(files)} to {output}")


def how_to_get_more(inputs: Inputs, *, data: Sequence[Path]) -> str:
    """What to say where no folder of `--data` is there."""
    what = "These are the project's own sets" if inputs.sets.digests else "The project has no sets of this language"
    folders = f"; of --data, nothing is at {', '.join(map(str, data))}" if data else ""
    return _HOW_TO_GET_MORE.format(what=what, folders=folders)
