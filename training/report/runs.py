"""Finished runs of `training.distill`, with what `training.evaluate` measured of their models."""

import json
import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from beast_core import BeastEncoder, read_encoder
from training.common.errors import InputError
from training.common.files import digest
from training.common.settings import build
from training.distill.settings import DistillSettings, read_settings
from training.evaluate.kinds.closeness import CLOSENESS
from training.evaluate.report import Report, Teacher, read_report
from training.evaluate.scores import SetScores
from training.run_folder import LogLine, RunFolder, read_log
from training.table import TeacherTable, read_table
from training.vectors.find import find_model

_CONFIGS = Path(__file__).parents[1] / "configs"
_EMBEDDED = "training/tables/es.parquet"  # from the root of the repository
_SAME = 1e-4  # cosines that differ by more are those of another model


@dataclass(frozen=True)
class Run:
    """A finished run: `settings.table` is where its table is now, `log` the lines of its log."""

    name: str
    settings: DistillSettings
    steps: int
    log: list[LogLine]
    table: TeacherTable
    model: Path
    encoder: BeastEncoder

    @property
    def embedded(self) -> bool:
        """Whether it learnt from the table in this repository."""
        return self.settings.table == _EMBEDDED

    @property
    def language(self) -> str:
        """Whose words it learnt; empty if nothing says so."""
        return self.encoder.config.language or (Path(_EMBEDDED).stem if self.embedded else "")


def read_records(folder: Path, *, metrics: Path, model: str) -> tuple[Run, Report]:
    """The finished run in a folder, and of a `metrics.json` what was measured of one model, which must be the run's.

    Raises `InputError` that says what does not belong together, and `ValueError` or `OSError` for a table or a model
    that cannot be read.
    """
    report = read_report(metrics)
    if model not in report.models:
        raise InputError(f"{metrics} has no model {model!r}, expected one of {sorted(report.models)}")
    if report.teacher is None:
        raise InputError(f"{metrics} has no teacher; run training.evaluate with --teacher and the table of the run")
    run = read_finished_run(folder, teacher=report.teacher)
    report = report.model_copy(update={"models": {model: report.models[model]}})
    _check_measured(run, scores=report.models[model].sets.get(CLOSENESS.name, {}))
    return run, report


def read_finished_run(folder: Path, *, teacher: Teacher) -> Run:
    """A finished run, whose table is the `teacher` of a report.

    Raises what `read_records` raises.
    """
    run = RunFolder(folder)
    step, settings, learnt_from = _progress(run, table=teacher.file)
    log, model = read_log(run.log_file) if run.log_file.is_file() else [], run.model
    epoch = log[-1].epoch if log else 0
    if not log or log[-1].step != step or epoch < settings.epochs or not model.is_dir():
        raise InputError(
            f"{folder} is not finished (its log ends at epoch {epoch:g} of {settings.epochs}; {model} is "
            f"{'' if model.is_dir() else 'not '}there): give the command of its training again, it goes on"
        )
    table = read_table(teacher.file, lowercase=settings.encoder_config().lowercase).first(settings.words)
    if {table.digest, teacher.sha256} != {learnt_from}:
        raise InputError(
            f"the teacher of the metrics, {teacher.file}, is not the table that {folder} learnt from (SHA-256 "
            f"{learnt_from}); run training.evaluate with --teacher and that table"
        )
    encoder = read_encoder(model)
    if encoder.config.network != settings.encoder_config().network:
        raise InputError(f"{model} has not the shape that the settings of its run mean today: train it again")
    return Run(folder.resolve().name, settings, step, log, table, model, encoder)


def _progress(run: RunFolder, *, table: str) -> tuple[int, DistillSettings, str]:
    """The last step, the settings and the digest of the table, which is the embedded one or at `table`."""
    step, record = run.read_progress()
    if missing := sorted({field.name for field in fields(DistillSettings)} - {"table"} - set(record.settings)):
        raise InputError(
            f"{run.progress_file} has no {', '.join(missing)}: another version trained this; train it again"
        )
    embedded = digest(_CONFIGS.parents[1] / _EMBEDDED) == record.table
    values = {**record.settings, "table": _EMBEDDED if embedded else table}
    return step, build(DistillSettings, values=values, source=str(run.progress_file)), record.table


def _check_measured(run: Run, *, scores: dict[str, SetScores]) -> None:
    """The model that was measured may be a copy or another form of the run's: its cosines to the teacher tell it."""
    for name, entry in CLOSENESS.scores(find_model(str(run.model)).load(), given=[run.table]).items():
        found, recorded = entry.scores["cosine"], scores[name].scores.get("cosine") if name in scores else None
        if recorded is None or abs(recorded.value - found.value) > _SAME:
            raise InputError(
                f"the scores are of another model: cosine of {name} to the teacher "
                f"{recorded.value if recorded else 'not measured'}, of {run.model} {found.value}; run "
                "training.evaluate on that"
            )


def rebuild_command(run: Run) -> str:
    """The command that trains the same model: of the project, if one of its configurations has all settings.

    Otherwise `training.distill` with the configuration that has most of them, and `--set` for the others.
    """
    found = {file.stem: _changes(run.settings, file=file) for file in sorted(_CONFIGS.glob("*.toml"))}
    usable = {name: changes for name, changes in found.items() if changes is not None}
    name = min(usable, key=lambda name: len(usable[name]))
    changes = usable[name]
    if set(changes) <= {"table", "language"}:
        given = [part for key in ("language", "table") if key in changes for part in (f"--vars.{key}", changes[key])]
        return shlex.join(["python", "-m", "spacy", "project", "run", "train", ".", "--vars.config", name, *given])
    texts = [f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in changes.items()]  # TOML reads all of it
    command = ["python", "-m", "training.distill", f"training/configs/{name}.toml", "--output", f"runs/{run.name}"]
    return shlex.join([*command, *(part for text in texts for part in ("--set", text))])


def _changes(settings: DistillSettings, *, file: Path) -> dict[str, Any] | None:
    """What `--set` must change in a file; None if it cannot: it changes a field of the encoder, but unsets none, and
    files with rates of their own are for their own preset."""
    changes: dict[str, Any] = {}
    if (base := read_settings(file)).preset != settings.preset:
        changes = {"preset": settings.preset}
        try:
            base = read_settings(file, changes=[f"preset={json.dumps(settings.preset)}"])
        except InputError:
            return None
    wanted, given = _flat(settings), _flat(base)
    if set(given) - set(wanted):
        return None
    return changes | {key: value for key, value in wanted.items() if given.get(key) != value}


def _flat(settings: DistillSettings) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(settings.to_dict()))  # tuples become lists
    return values | {f"encoder.{name}": value for name, value in values.pop("encoder").items()}
