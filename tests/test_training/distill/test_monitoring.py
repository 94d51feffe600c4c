from dataclasses import replace

import numpy as np
import pytest

from training.distill.batches import Batches
from training.distill.monitoring import Expected, LearningStoppedError, constant_cosine
from training.distill.settings import DistillSettings
from training.run_folder import LogLine
from training.table import read_table


def test_the_cosine_of_one_vector_for_all_words_by_hand():
    vectors = np.eye(2, dtype=np.float32)
    assert constant_cosine(vectors) == pytest.approx(2**-0.5)
    assert constant_cosine(vectors, weights=np.array([1.0, 0.0])) == pytest.approx(1)
    assert constant_cosine(np.concatenate([vectors, -vectors])) == pytest.approx(0)


def test_no_vector_does_better_than_the_best_one(tiny_table):
    table, random = read_table(tiny_table), np.random.default_rng(0)
    best = constant_cosine(table.vectors)
    others = random.normal(size=(200, table.width))
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    mean = table.vectors.mean(axis=0) / np.linalg.norm(table.vectors.mean(axis=0))
    assert (others @ table.vectors.T).mean(axis=1).max() < best == pytest.approx((table.vectors @ mean).mean())


@pytest.fixture
def expected(tiny_table):
    settings = DistillSettings(table=str(tiny_table), preset="mini", encoder={"output_width": 16}, noise_share=0.0)
    table = read_table(tiny_table)
    batches = Batches(
        table,
        config=settings.encoder_config(),
        batch_size=64,
        language="es",
        noise_share=0.0,
        frequency_power=0.0,
        seed=0,
    )
    return Expected.of(settings, table=table, batches=batches, steps=2000)


def line(step, *, cosine, held_out):
    return LogLine(step=step, loss=1 - cosine, cosine=cosine, learning_rate=1e-4, held_out_cosine=held_out)


def test_what_has_had_its_time_and_is_no_nearer_than_one_vector_is_stopped(expected):
    assert expected.patience == (0.1 + 0.25) * 2000
    never = {"cosine": expected.learnt, "held_out": expected.held_out}
    message = (
        r"learns nothing: at step 700 its cosine to the teacher is 0\.\d\d\d, and one vector .* learning_rate 0\.0003 "
        r"with warmup_share 0\.1 .* \(the preset 'mini' has 0\.0003 and 0\.1 of its own\): try 7\.5e-05 and a longer "
    )
    with pytest.raises(LearningStoppedError, match=message):
        expected.check(line(700, **never))
    with pytest.raises(LearningStoppedError):
        expected.check(line(2000, cosine=-0.1, held_out=None))
    expected.check(line(699, **never))  # has time left


def test_no_alarm_for_what_learns_words_or_knows_some(expected):
    expected.check(line(2000, cosine=expected.learnt + 0.05, held_out=expected.held_out - 0.1))  # by heart
    expected.check(line(2000, cosine=expected.learnt - 0.1, held_out=expected.held_out + 0.05))  # much misspelt
    expected.check(line(2000, cosine=expected.learnt + 0.05, held_out=None))


def test_a_rate_far_below_the_presets_own_is_not_said_to_be_too_high(expected):
    low = replace(expected, settings=replace(expected.settings, learning_rate=1e-7))
    with pytest.raises(LearningStoppedError, match=r"learning_rate 1e-07 .* too low \(.* own\): leave it out, with"):
        low.check(line(700, cosine=0, held_out=0))
