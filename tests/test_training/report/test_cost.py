import re
import subprocess
import sys

import pytest
import torch

from training.distill.loop import Distillation
from training.distill.settings import read_settings
from training.report.__main__ import main
from training.report.cost import Cost, cost_table, flop_per_word, measure_pace
from training.table import read_table


def test_the_arithmetic_of_a_step_is_what_a_count_by_hand_gives(tiny_settings, tmp_path):
    settings = read_settings(flatten_settings(tiny_settings, folder=tmp_path))
    window, width, inner, output, words = 10, 16, 32, 16, 8
    # Multiplications of a word: queries, keys, values and output; scores and their use; feed-forward; projection.
    forward = window * (4 * width * width + 2 * window * width + 2 * width * inner) + window * width * output
    # A product of matrices has two in the backward pass, but the contrast one: the teacher's vectors do not learn.
    multiplications = 3 * forward + 2 * words * output
    assert flop_per_word(settings, device=torch.device("cpu")) == 2 * multiplications


def flatten_settings(tiny_settings, *, folder):
    """A published shape on the tiny table."""
    encoder = "{ layers = 1, heads = 2, hidden_width = 16, feed_forward_width = 32, output_width = 16, window = 10 }"
    table = re.search("table = .*", tiny_settings.read_text())[0]
    path = folder / "flatten.toml"
    path.write_text(
        f"{table}\npreset = 'asterisk'\nencoder = {encoder}\nbatch_size = 8\nepochs = 3\nfrequency_power = 0\n"
    )
    return path


def test_hours_by_hand():
    cost = Cost("recipe", flop_per_word=2e6, pace=1000.0, words=36_000_000)
    assert cost.flop == 7.2e13
    # Here: 2e9 FLOP/s of a peak of 1e10 are a fifth, 36 million words at a thousand a second ten hours.
    table = cost_table([cost], peak=1e10)
    assert table.splitlines()[2] == "| recipe | 2.00e+06 | 1,000 | 20.0% | 3.6e+07 | 7.20e+13 | 10.0 h |"


@pytest.mark.usefixtures("no_accelerator")
def test_rounded_steps_which_take_longer_count_at_their_share(tiny_settings, tmp_path, monkeypatch):
    settings = read_settings(tiny_settings, changes=["quantisation_aware_share=0.25"])
    run = Distillation(settings, table=read_table(settings.table), device=torch.device("cpu"), output=tmp_path)
    asked = []

    def pace(run, *, seconds):
        run.train_batch(next(run.batches.epoch(0)))
        asked.append((run.encoder.ngram_embedding.quantisation_aware, seconds))
        return 320 if run.encoder.ngram_embedding.quantisation_aware else 640

    monkeypatch.setattr("training.report.cost._pace", pace)
    # Three quarters of the words take 1/640 of a second each, the others twice that: 1/512 on average.
    assert measure_pace(run, seconds=1) == pytest.approx(512)
    assert asked == [(False, 0.75), (True, 0.25)]


@pytest.mark.usefixtures("no_accelerator")
@pytest.mark.parametrize(("share", "rounded"), [(0.0, False), (1.0, True)])
def test_steps_that_are_all_alike_are_measured_once(tiny_settings, tmp_path, monkeypatch, share, rounded):
    settings = read_settings(tiny_settings, changes=[f"quantisation_aware_share={share}"])
    run = Distillation(settings, table=read_table(settings.table), device=torch.device("cpu"), output=tmp_path)
    asked = []
    monkeypatch.setattr(
        "training.report.cost._pace",
        lambda run, *, seconds: asked.append((run.step >= (1 - share) * run.total_steps, seconds)) or 640,
    )
    assert measure_pace(run, seconds=1) == pytest.approx(640)
    assert asked == [(rounded, 1.0)]


def test_the_command_measures_several_recipes(tiny_settings, tmp_path):
    recipes = [str(tiny_settings), str(flatten_settings(tiny_settings, folder=tmp_path))]
    options = ["--seconds", "0.1", "--words", "1000", "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-m", "training.report", "cost", *recipes, *options],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    peak, _, header, _, tiny, flatten = done.stdout.splitlines()
    assert re.fullmatch(r"Peak here: \d+\.\d\d TFLOP/s in (bfloat16|float32), \d+ threads, cpu\.", peak)
    assert header.endswith("| FLOP in all | here |")
    assert tiny.startswith("| tiny | ") and "| 1e+04 |" in tiny  # 10 epochs of 1,000 words
    assert flatten.startswith("| flatten | ") and "| 3e+03 |" in flatten


def test_a_missing_recipe_is_told_in_a_line():
    with pytest.raises(SystemExit, match=r"error: no settings at .*missing\.toml"):
        main(["cost", "missing.toml", "--device", "cpu", "--seconds", "0.1"])
