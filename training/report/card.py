"""Writes the model card of a finished run from what was recorded; none of it is written by hand.

    python -m training.report.card runs/long --metrics runs/scores/metrics.json --model long --output README.md

The run is a folder of `training.distill`. The metrics are those of a `training.evaluate` of its model, with the table
that it learnt from as `--teacher`.
"""

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetensors import safe_open

from beast_core.files import write_file
from beast_core.model_files import WEIGHTS_FILE
from training.evaluate.results import notes, score_rows, score_text, to_markdown
from training.report.runs import Run, read_records, rebuild_command
from training.vectors.find import find_model

_WIDTH = 120  # letters of a line


def to_card(run: Run, *, report: dict[str, Any]) -> str:
    """The card of a run and of what was measured of its model, the only one in the report."""
    ((model, measured),) = report["models"].items()
    opening = (
        f"Word vectors of {run.table.width} dimensions from the bytes of a word, distilled from a teacher's vectors of "
        f"{len(run.table.words):,} words. `training.report.card` wrote this from what training and evaluation recorded."
    )
    sections = {
        "What it is": _what_it_is(run),
        "Teacher and data": _teacher(run),
        "Training": _training(run),
        "Scores": _scores(report, model=model),
        "Limits": _limits(run, measured["closeness"]),
        "How to rebuild it": f"In a clone of the repository:\n\n```bash\n{rebuild_command(run)}\n```",
        "Licence": _licence(run),
    }
    parts = [f"# Model card: `{model}`", _filled(opening)]
    parts += [f"## {title}\n\n{text}" for title, text in sections.items()]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _what_it_is(run: Run) -> str:
    config, settings = run.encoder.config, run.settings
    changes = "".join(f", {name} {value}" for name, value in settings.encoder.items())
    parts = (
        f"; their first {_listed(settings.nested_widths)} are vectors of their own" if settings.nested_widths else ""
    )
    parameters = sum(weight.numel() for weight in run.encoder.parameters())
    return _items(
        f"Preset `{settings.preset}`{changes}. Family `{config.family}`: {config.summary()}.",
        f"Vectors of {config.output_width} dimensions and unit length{parts}.",
        f"{parameters:,} parameters, {find_model(str(run.model)).size / 1e6:.1f} MB on disk: {_stored(run.model)}.",
    )


def _stored(model: Path) -> str:
    with safe_open(model / WEIGHTS_FILE, framework="pt") as tensors:
        kinds = {tensors.get_slice(name).get_dtype() for name in tensors.keys()}  # noqa: SIM118 - cannot be iterated
    rest = "float16" if "F16" in kinds else "float32"
    return (
        f"the n-gram table in 2 bits an entry, with a scale and an offset a row, the rest {rest}" * ("U8" in kinds)
        or rest
    )


def _teacher(run: Run) -> str:
    table = run.table
    sources = "; `training/tables/README.md` names its sources and their licences" if run.embedded else ""
    return _items(
        f"`{run.settings.table}`: {len(table.words):,} words, Zipf frequencies {table.frequencies.min():.1f} to "
        f"{table.frequencies.max():.1f}, with vectors of {table.width} dimensions{sources}.",
        f"{int(table.held_out.sum()):,} of the words were held out of training.",
        f"SHA-256 of the table: `{table.digest}`.",
    )


def _training(run: Run) -> str:
    settings, last = run.settings, run.log[-1]
    losses = ["cosine distance to the teacher's vector"]
    if settings.nested_widths:
        losses.append(f"the same of the first {_listed(settings.nested_widths)} entries")
    if settings.contrast_weight:
        weight = f"weight {settings.contrast_weight:g}, temperature {settings.temperature:g}"
        losses.append(f"telling that vector among those of the batch ({weight})")
    clipped = f"gradients clipped at norm {settings.gradient_norm:g}" if settings.gradient_norm else "no clipping"
    held_out = f", {last.held_out_cosine:.3f} on held-out words" if last.held_out_cosine is not None else ""
    rounded = f"The last {settings.quantisation_aware_share:.0%} of the steps read the n-gram table as it is stored."
    time = [f"Time: {_duration(last.seconds)}."] if last.seconds else []
    return _items(
        f"Epochs: {settings.epochs:,}; steps: {run.steps:,}, of {settings.batch_size:,} words; seed: {settings.seed}.",
        f"Words: drawn in proportion to their occurrences to the power {settings.frequency_power:g} (0: all alike); of "
        f"each batch {settings.noise_share:.0%} misspelt by rule (`training/distill/noise.py`).",
        f"Loss: {' + '.join(losses)}.",
        f"AdamW: learning rate {settings.learning_rate:g}, of embeddings {settings.embedding_learning_rate:g}; weight "
        f"decay {settings.weight_decay:g}; warm-up {settings.warmup_share:.0%} of the steps, then half a cosine to "
        f"zero; {clipped}.",
        f"At the end: cosine {last.cosine:.3f} to the teacher on the last batch, misspelt words and all{held_out}.",
        *([rounded] if run.encoder.config.quantised_tables and settings.quantisation_aware_share else []),
        *time,
    )


def _duration(seconds: float) -> str:
    """A time that reads well.

    >>> _duration(45.2), _duration(1500), _duration(9000)
    ('45 seconds', '25 minutes', '2.5 hours')
    """
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def _scores(report: dict[str, Any], *, model: str) -> str:
    timings = report["timings"]
    speed, memory = timings["words_per_second"][model], timings["resident_bytes_added"][model]
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    table = to_markdown(score_rows(report), models=[model])
    told = (
        f"Rough speed: {speed:,.0f} new words a second; memory: {memory / 1e6:,.0f} MB; CPU threads: "
        f"{timings['threads']}. Measured by `training.evaluate` with {versions}."
    )
    return f"{table}\n{_filled(told)}\n{notes(report)}"


def _limits(run: Run, closenesses: dict[str, Any]) -> str:
    window, tail = run.encoder.config.window, run.encoder.config.window // 3
    plain = {name: entry for name, entry in closenesses.items() if "regression" not in name}
    cosines = _listed([f"of {name} {score_text(entry, key='cosine')}" for name, entry in plain.items()])
    language = "Spanish words only" if run.embedded else "Only the language of the teacher's words"
    case = ["Cased spellings share a vector (`Rosa`, `rosa`)."] if run.encoder.config.lowercase else []
    return _items(
        "One vector a word: no context, all senses in one place, antonyms near each other as in most static vectors.",
        f"{language}: those of other languages have vectors that mean little.",
        "A word that looks like another one is near it, whatever it means: names and rare words are the weak spot.",
        f"Mean cosine to the teacher (1 would be its very vector): {cosines}. "
        + (
            "The held-out words are what to expect of words that the teacher's table has not: what a spelling does not "
            "tell, the model cannot know."
            if run.table.held_out.any()
            else "No word was held out: what to expect of words that the teacher's table has not was not measured."
        ),
        f"Of a word longer than {window} bytes the first {window - tail} and the last {tail} are read; words that "
        "share these share a vector.",
        *case,
    )


def _licence(run: Run) -> str:
    if not run.embedded:
        return "That of the teacher's data."
    return _filled(
        "CC BY-SA 4.0, that of the teacher's table (`LICENSE.CC-BY-SA-4.0`; `training/tables/README.md` in the "
        "repository names all sources)."
    )


def _listed(names: Sequence[Any]) -> str:
    """An enumeration.

    >>> _listed(["3-", "4-", "5-"])
    '3-, 4- and 5-'
    """
    return " and ".join(filter(None, [", ".join(map(str, names[:-1])), str(names[-1])]))


def _items(*texts: str) -> str:
    return "".join(f"- {_filled(text, width=_WIDTH - 2, indent='  ')}\n" for text in texts)


def _filled(text: str, *, width: int = _WIDTH, indent: str = "") -> str:
    return textwrap.fill(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: writes the card, or says in a line why it cannot."""
    parser = argparse.ArgumentParser(prog="python -m training.report.card", description="Write a model card.")
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a finished run of training.distill")
    parser.add_argument("--metrics", type=Path, required=True, metavar="FILE", help="metrics.json of training.evaluate")
    parser.add_argument("--model", required=True, metavar="NAME", help="what the run's model is called in the metrics")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="where the card goes")
    options = parser.parse_args(arguments)
    try:
        run, report = read_records(options.run, metrics=options.metrics, model=options.model)
        write_file(options.output, to_card(run, report=report))
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    print(f"model card: {options.output.resolve()}")


if __name__ == "__main__":
    main()
