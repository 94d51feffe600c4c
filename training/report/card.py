"""The model card of a finished run, from what was recorded; none of it is written by hand.

    python -m training.report card runs/es/long --metrics runs/scores/metrics.json --model long --output README.md

The run is a folder of `training.distill`. The metrics are those of a `training.evaluate` of its model, with the table
that it learnt from as `--teacher`. What the card says is in `card_template.md`; the licence and the credits of the
teacher's data come from a file such as `credits.toml`, and from the record of the language.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from huggingface_hub import ModelCard
from safetensors import safe_open

from beast_core.config import enumeration
from beast_core.credits import Credits, creative_commons
from beast_core.files import write_file
from beast_core.model_files import WEIGHTS_FILE
from training.common.files import size_on_disk
from training.credits import OWN_CREDITS, card_metadata, teacher_credits
from training.evaluate.kinds import KINDS
from training.evaluate.kinds.closeness import CLOSENESS, FREQUENT_SEEN, HELD_OUT
from training.evaluate.report import Report
from training.evaluate.results import notes, rows_to_markdown, score_rows, score_text
from training.languages import known_languages, read_language
from training.report.runs import Run, read_records, rebuild_command

_OWN = "training/credits.toml"
_TEMPLATE = Path(__file__).with_name("card_template.md")


def model_card(run: Run, *, report: Report, credits_file: Path | None = None) -> str:
    """The card of a run and of what was measured of its model, the only one in the report.

    The `credits_file` is of the teacher's data; of the embedded table the project knows it.
    """
    ((model, measured),) = report.models.items()
    credits_file = credits_file or (OWN_CREDITS if run.embedded else None)
    credits = teacher_credits(credits_file, language=run.language) if credits_file else Credits()
    language = read_language(run.language).name if run.language in known_languages() else ""
    close, timings = measured.sets[CLOSENESS.name], report.timings
    cosines = [
        f"of {name} {score_text(close[name].scores['cosine'], of=close[name])}"
        for name in (FREQUENT_SEEN, HELD_OUT)
        if name in close
    ]
    card = ModelCard.from_template(
        card_metadata(replace(credits, languages=(run.language,) if run.language else ())),
        template_str=_TEMPLATE.read_text(encoding="utf-8"),
        model=model,
        config=run.encoder.config,
        settings=run.settings,
        steps=run.steps,
        last=run.log[-1],
        table=run.table,
        embedded=run.embedded,
        language=language,
        licence=next(iter(creative_commons(credits.licence) or [credits.licence])),
        sources=credits.sources,
        parameters=sum(weight.numel() for weight in run.encoder.parameters()),
        megabytes=size_on_disk(run.model) / 1e6,
        stored=_stored(run.model),
        scores=rows_to_markdown(score_rows(report, kinds=KINDS), models=[model]),
        words_per_second=timings.words_per_second[model],
        resident_bytes=timings.resident_bytes_added[model],
        threads=timings.threads,
        versions=", ".join(f"{name} {version}" for name, version in report.versions.items()),
        notes=notes(report, kinds=KINDS),
        cosines=enumeration(cosines),
        rebuild_command=rebuild_command(run),
        listed=enumeration,
        duration=_duration,
    )
    return f"{str(card).rstrip()}\n"


def _stored(model: Path) -> set[str]:
    """The types of the weights, as safetensors calls them."""
    with safe_open(model / WEIGHTS_FILE, framework="pt") as tensors:
        return {tensors.get_slice(name).get_dtype() for name in tensors.keys()}  # noqa: SIM118 - cannot be iterated


def _duration(seconds: float) -> str:
    """A time that reads well.

    >>> _duration(45.2), _duration(1500), _duration(9000)
    ('45 seconds', '25 minutes', '2.5 hours')
    """
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run of training.distill")
    parser.add_argument("--metrics", type=Path, required=True, metavar="FILE", help="metrics.json of training.evaluate")
    parser.add_argument("--model", required=True, metavar="NAME", help="what the run's model is called in the metrics")
    parser.add_argument(
        "--credits",
        type=Path,
        metavar="FILE.toml",
        help=f"licence, author and credits of the teacher's data; those of the project's own teacher are in {_OWN}, "
        "which is meant for the embedded table anyway",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="where the card goes")


def write_card(options: argparse.Namespace) -> None:
    """Writes the card, or raises what `read_records` raises."""
    run, report = read_records(options.run, metrics=options.metrics, model=options.model)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    write_file(options.output, model_card(run, report=report, credits_file=options.credits))
    print(f"model card: {options.output.resolve()}")
