"""What training costs on this machine: arithmetic a word, words a second, and hours of a whole recipe.

    python -m training.report cost training/configs/published.toml training/configs/long.toml --words 1250794

Steps of each recipe are run for a few seconds. Which share of the processor's peak they reach (a large matrix product,
measured in the same run) says nothing of another processor: small encoders keep a large one less busy.
"""

import argparse
import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from beast_core import BeastEncoder, encode_words
from beast_core.files import write_file
from training.common.command import add_device, check_output, count, positive
from training.common.devices import choose_device, choose_precision, tune_memory
from training.common.markdown import markdown_table
from training.common.rows import unit_rows
from training.distill.batches import Batch
from training.distill.joining import read_tables
from training.distill.loop import Distillation
from training.distill.losses import distillation_losses
from training.distill.settings import DistillSettings, read_settings
from training.evaluate.speed import made_up_words

_MATRIX = 4096
_WARM_UP_STEPS = 3


@dataclass(frozen=True)
class Cost:
    """Of one recipe: arithmetic in FLOP and measured pace in words a second of training; all words of the recipe."""

    name: str
    flop_per_word: float
    pace: float
    words: int

    @property
    def flop(self) -> float:
        """Of the whole recipe."""
        return self.flop_per_word * self.words


def flop_per_word(settings: DistillSettings, *, device: torch.device) -> float:
    """FLOP of the matrix products of training (look-ups are none), counted in one step over made-up words."""
    config, words = settings.encoder_config(), made_up_words(settings.batch_size)
    vectors = unit_rows(np.random.default_rng(0).normal(size=(len(words), config.output_width))).astype(np.float32)
    candidates, rows = torch.from_numpy(vectors).to(device), torch.arange(len(words), device=device)
    word_bytes, lengths = (torch.from_numpy(each).to(device) for each in encode_words(words, config=config))
    encoder = BeastEncoder(config).to(device)
    with FlopCounterMode(display=False) as counter:
        student = encoder(word_bytes, lengths)
        distance, other = distillation_losses(student, candidates=candidates, rows=rows, settings=settings)
        torch.autograd.backward(distance + other)
    return float(counter.get_total_flops()) / len(words)


def measure_pace(run: Distillation, *, seconds: float) -> float:
    """Words a second of training, over steps that take so many seconds, the rounded ones at their share of the run."""
    share = run.settings.quantisation_aware_share if run.encoder.config.quantised_tables else 0.0
    run.step = 0
    first = _pace(run, seconds=(1 - share) * seconds) if share < 1 else math.inf
    run.step = run.total_steps - 1
    last = _pace(run, seconds=share * seconds) if share else math.inf
    return 1 / ((1 - share) / first + share / last)


def _pace(run: Distillation, *, seconds: float) -> float:
    batches = _endless(run)
    for _ in range(_WARM_UP_STEPS):
        measured = run.train_batch(next(batches))
    float(measured.loss)  # waits for a GPU
    steps, start = 0, time.perf_counter()
    while not steps or time.perf_counter() - start < seconds:
        measured = run.train_batch(next(batches))
        steps += 1
    float(measured.loss)
    return steps * run.settings.batch_size / (time.perf_counter() - start)


def _endless(run: Distillation) -> Iterator[Batch]:
    for epoch in itertools.count():
        yield from run.batches.epoch(epoch)


def peak_here(device: torch.device) -> float:
    """FLOP/s of a large matrix product in the precision of the training, best of five."""
    matrix = torch.randn(_MATRIX, _MATRIX, device=device, dtype=choose_precision("auto", device=device))
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        float((matrix @ matrix)[0, 0])  # waits for a GPU
        best = max(best, 2 * _MATRIX**3 / (time.perf_counter() - start))
    return best


def cost_table(costs: Sequence[Cost], *, peak: float) -> str:
    """One line a recipe."""
    header = ["recipe", "training FLOP a word", "words/s here", "share of peak", "words in all", "FLOP in all", "here"]
    rows = []
    for cost in costs:
        row = [
            cost.name,
            f"{cost.flop_per_word:.2e}",
            f"{cost.pace:,.0f}",
            f"{cost.flop_per_word * cost.pace / peak:.1%}",
            f"{cost.words:.3g}",
            f"{cost.flop:.2e}",
            f"{cost.words / cost.pace / 3600:,.1f} h",
        ]
        rows.append(row)
    return markdown_table(header, rows=rows)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("settings", type=Path, nargs="+", help="TOML files, such as training/configs/published.toml")
    parser.add_argument("--words", type=count, help="words of an epoch (those of the table that are not held out)")
    parser.add_argument("--seconds", type=positive, default=20.0, help="of training, for each (20)")
    add_device(parser)
    parser.add_argument("--output", type=Path, metavar="FILE.md", help="also write the table to this file")


def print_costs(options: argparse.Namespace) -> None:
    """Measures and prints the table. Raises `ValueError` or `OSError` for settings or tables that cannot be used."""
    if options.output:
        check_output(options.output.parent, option="--output")
    tune_memory()  # as training.distill does
    device = choose_device(options.device)
    recipes = {path.stem: read_settings(path) for path in options.settings}
    peak, costs = peak_here(device), []
    for name, recipe in recipes.items():
        settings, table = read_tables(recipe)
        run = Distillation(settings, table=table, device=device, output=Path())  # its steps write nothing
        pace = measure_pace(run, seconds=options.seconds)
        words = settings.epochs * (options.words or len(run.batches.words))
        costs.append(Cost(name, flop_per_word(settings, device=device), pace, words))
    precision = str(choose_precision("auto", device=device)).removeprefix("torch.")
    print(f"Peak here: {peak / 1e12:.2f} TFLOP/s in {precision}, {torch.get_num_threads()} threads, {device}.\n")
    written = cost_table(costs, peak=peak)
    print(written, end="")
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        write_file(options.output, written)
