"""Distils a teacher table into an encoder.

    python -m training.distill training/configs/beast.toml --output runs/beast --model beast
    torchrun --nproc-per-node 2 -m training.distill ...      # several GPUs, or several processes on a CPU

A run that was stopped or killed goes on when the same command is given again.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from beast_core import write_encoder
from training.common.devices import choose_device, keep_freed_memory
from training.distill.loop import Distillation, Interrupted, LearningStoppedError
from training.distill.settings import read_settings
from training.table import read_table


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a distillation, then writes the compact model and the sentence-transformers folder."""
    options = _parser().parse_args(arguments)
    keep_freed_memory()
    try:
        settings = read_settings(options.settings, changes=options.set)
        device = choose_device(options.device)
        table = read_table(settings.table, lowercase=settings.encoder_config().lowercase)
        run = Distillation(
            settings, table=table, device=device, output=options.output, checkpoint_minutes=options.checkpoint_minutes
        )
        if options.restart:
            run.restart()
        run.train()
        if run.is_main:
            _export(run, stock_folder=options.model, full_folder=options.full)
    except (OSError, ValueError, LearningStoppedError) as error:
        sys.exit(f"error: {error}")
    except Interrupted as interrupted:
        sys.exit(f"stopped: {interrupted}")


def _export(run: Distillation, *, stock_folder: Path | None, full_folder: Path | None) -> None:
    compact = write_encoder(run.encoder, run.output / "model")
    size = sum(file.stat().st_size for file in compact.iterdir()) / 1e6
    print(f"compact model: {compact} ({size:.1f} MB)")
    if full_folder is not None:
        print(f"float32 model: {write_encoder(run.encoder, full_folder, compact=False)}")
    if stock_folder is not None:
        from st_beast import save  # heavy, and of no use to a run without it

        print(f"sentence-transformers folder: {save(stock_folder, model=compact)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.distill", description="Distil a teacher into a student.")
    parser.add_argument("settings", type=Path, help="a TOML file, such as training/configs/beast.toml")
    parser.add_argument("--output", type=Path, required=True, help="folder of the run: log, checkpoint, compact model")
    parser.add_argument("--model", type=Path, help="also write a sentence-transformers folder here, such as ./beast")
    parser.add_argument("--full", type=Path, help="also write a float32 model here, to see what float16 costs")
    parser.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda, cuda:1, mps")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting: epochs=2")
    parser.add_argument("--checkpoint-minutes", type=float, default=2.0, help="minutes between checkpoints (2)")
    parser.add_argument("--restart", action="store_true", help="forget the checkpoint in --output and start anew")
    return parser


if __name__ == "__main__":
    main()
