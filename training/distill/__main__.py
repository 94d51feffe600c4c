"""Distils a teacher table into an encoder.

    python -m training.distill training/configs/beast.toml --output runs/beast --model beast
    torchrun --nproc-per-node 2 -m training.distill ...      # several GPUs, or several processes on a CPU

A run that was stopped or killed goes on when the same command is given again.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from beast_core import write_encoder
from beast_core.files import write_file
from beast_core.model_files import CARD_FILE
from training.common.command import (
    add_device,
    add_settings,
    check_model_output,
    check_output,
    failing_in_a_line,
    positive,
)
from training.common.devices import PRECISIONS, choose_device, tune_memory
from training.common.files import size_on_disk
from training.credits import card_metadata, known_credits
from training.distill.joining import read_tables
from training.distill.loop import Distillation
from training.distill.monitoring import LearningStoppedError
from training.distill.rates import RATES
from training.distill.settings import DistillSettings, read_settings
from training.distill.stopping import Interrupted

# At this rate the eight layers of the preset `mini` learn nothing.
_TOO_HIGH_FOR_LAYERS = 5e-4

_CARD_TEXT = "Word vectors from bytes, distilled from a teacher's table by `python -m training.distill`."


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a distillation, then writes the compact model and the sentence-transformers folder."""
    options = _parser().parse_args(arguments)
    tune_memory()
    try:
        with failing_in_a_line(LearningStoppedError):
            _distil(options)
    except Interrupted as interrupted:
        sys.exit(f"stopped: {interrupted}")


def _distil(options: argparse.Namespace) -> None:
    check_output(options.output, option="--output")
    for option, folder in (("--model", options.model), ("--full", options.full)):
        if folder is not None:
            check_model_output(folder, option=option)
    changes = options.set if options.language is None else [*options.set, f"language={json.dumps(options.language)}"]
    settings = read_settings(options.settings, changes=changes)
    _warn(_too_high(settings))
    settings, table = read_tables(settings)
    _warn(_caseless(settings, table.words))
    run = Distillation(
        settings,
        device=choose_device(options.device),
        table=table,
        output=options.output,
        precision=options.precision,
        checkpoint_minutes=options.checkpoint_minutes,
    )
    if options.restart:
        run.restart()
    run.train()
    if run.is_main:
        print(run.summary())
        _warn(run.learnt_nothing())
        _export(run, stock_folder=options.model, full_folder=options.full)


def _warn(said: str | None) -> None:
    if said:
        print(f"warning: {said}", file=sys.stderr)


def _too_high(settings: DistillSettings) -> str | None:
    """Said before hours are lost: the rates that are good for an encoder without layers are too high for one with."""
    layers, rate = settings.encoder_config().layers, settings.learning_rate
    preset = "mini" if settings.preset == "beast" else settings.preset  # that one has no layers of its own
    own = RATES[preset]
    if not layers or rate < _TOO_HIGH_FOR_LAYERS or (preset == settings.preset and rate <= own.learning_rate):
        return None
    return (
        f"the encoder has {layers} transformer layers, and at a learning_rate of {rate:g} those tend to learn nothing "
        f"or collapse; {own.learning_rate:g}, with embedding_learning_rate {own.embedding_learning_rate:g}, is what "
        f"the preset {preset!r} learns at"
    )


def _caseless(settings: DistillSettings, words: list[str]) -> str | None:
    """Said where an encoder is to tell capitals apart and the table has none to tell."""
    text = "".join(words)
    if settings.encoder_config().lowercase or text != text.lower() or text == text.upper():
        return None
    return (
        f"lowercase=false is for words with capitals, and no word of {settings.table} has one: it will not know words "
        "that are written with one; give a cased table (docs/cased.md), or leave lowercase out"
    )


def _export(run: Distillation, *, stock_folder: Path | None, full_folder: Path | None) -> None:
    compact = write_encoder(run.encoder, run.folder.model)
    config = run.encoder.config
    credits = known_credits(space=config.space, language=config.language)
    # Whoever saves or pushes the model has these in its card; `training.report card` writes the one that tells all.
    write_file(compact / CARD_FILE, f"---\n{card_metadata(credits)}\n---\n\n# {compact.parent.name}\n\n{_CARD_TEXT}\n")
    print(f"compact model: {compact} ({size_on_disk(compact) / 1e6:.1f} MB)")
    if full_folder is not None:
        print(f"float32 model: {write_encoder(run.encoder, full_folder, compact=False)}")
    if stock_folder is not None:
        from st_beast import save  # heavy, and of no use to a run without it

        print(f"sentence-transformers folder: {save(stock_folder, model=compact)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.distill", description="Distil a teacher into a student.")
    add_settings(parser, example="training/configs/beast.toml")
    parser.add_argument("--output", type=Path, required=True, help="folder of the run: log, checkpoint, compact model")
    parser.add_argument("--model", type=Path, help="also write a sentence-transformers folder here, such as ./beast")
    parser.add_argument("--full", type=Path, help="also write a float32 model here, to see what float16 costs")
    parser.add_argument("--language", metavar="CODE", help="of the words, such as de; what the table says, if it does")
    add_device(parser)
    parser.add_argument(
        "--precision",
        choices=["auto", *PRECISIONS],
        default="auto",
        help="of matrix products; auto takes bf16 where the device is faster at it",
    )
    parser.add_argument("--checkpoint-minutes", type=positive, default=2.0, help="minutes between checkpoints (2)")
    parser.add_argument("--restart", action="store_true", help="forget the checkpoint in --output and start anew")
    return parser


if __name__ == "__main__":
    main()
