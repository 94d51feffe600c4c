import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from beast_core import BeastEncoder, EncoderConfig, encode_words, load_encoder, read_encoder, write_encoder
from training.distill.__main__ import main
from training.distill.loop import Distillation
from training.distill.settings import read_settings
from training.table import read_table, write_table


def command(settings, output, *extra, launcher=()):
    return [sys.executable, *launcher, "-m", "training.distill", str(settings), "--output", str(output), *extra]


def distill(settings, output, *extra, launcher=(), check=True):
    arguments = command(settings, output, "--device", "cpu", *extra, launcher=launcher)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, timeout=300)
    assert not check or done.returncode == 0, done.stderr
    return done


def log(output):
    return [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]


def column(lines, name):
    return [line[name] for line in lines if name in line]


@pytest.fixture(scope="module")
def finished(tiny_settings, tmp_path_factory):
    output = tmp_path_factory.mktemp("run")
    distill(tiny_settings, output, "--set", "noise_share=0.0", "--set", "epochs=40")
    return output


def test_a_student_learns_its_teacher_and_words_it_never_saw(finished, tiny_table):
    lines, table = log(finished), read_table(tiny_table)
    losses, held_out = column(lines, "loss"), column(lines, "held_out_cosine")
    assert losses[-1] < 0.05 < 0.15 < losses[0]
    assert len(held_out) == 4 and held_out[-1] > 0.9
    vectors = load_encoder(finished / "model").encode(table.words)
    cosine = (vectors * table.vectors).sum(axis=1)
    assert abs(cosine[table.held_out].mean() - held_out[-1]) < 0.01
    assert column(lines, "learning_rate")[-1] == 0
    seconds = column(lines, "seconds")
    assert len(seconds) == len(lines) and seconds == sorted(seconds) and 0 < seconds[-1] < 300


def test_the_last_steps_read_the_table_as_it_is_stored(tiny_settings, tiny_table, tmp_path):
    settings = read_settings(tiny_settings, changes=["epochs=1", "quantisation_aware_share=0.25"])
    run = Distillation(settings, table=read_table(tiny_table), device=torch.device("cpu"), output=tmp_path)
    rounded = []
    for batch in run.batches.epoch(0):
        run.train_batch(batch)
        run.step += 1
        rounded.append(run.encoder.ngram_embedding.quantisation_aware)
    assert rounded == [False] * 7 + [True] * 3
    words = encode_words(run.table.words, config=run.encoder.config)
    as_trained = run.encoder(*map(torch.from_numpy, words)).detach().numpy()
    stored = load_encoder(write_encoder(run.encoder, tmp_path / "model")).encode(run.table.words)
    np.testing.assert_allclose(stored, as_trained, atol=1e-2)  # what float16 makes of the other weights


def test_a_finished_run_given_again_writes_what_was_trained(tiny_settings, finished, tmp_path):
    changes = ["--set", "noise_share=0.0", "--set", "epochs=40"]
    distill(tiny_settings, finished, *changes, "--full", str(tmp_path / "full"))
    full, compact = (read_encoder(folder).state_dict() for folder in (tmp_path / "full", finished / "model"))
    assert full["ngram_embedding.weight"].equal(compact["ngram_embedding.weight"])
    assert not full["projection.weight"].equal(compact["projection.weight"])


def test_a_published_shape_learns_too(tiny_table, tmp_path):
    settings = tmp_path / "flatten.toml"
    encoder = "{ hidden_width = 16, heads = 4, feed_forward_width = 32, output_width = 16 }"
    settings.write_text(f"table = {str(tiny_table)!r}\npreset = 'asterisk'\nepochs = 20\nencoder = {encoder}\n")
    rates = ["--set", "batch_size=64", "--set", "learning_rate=2e-3", "--set", "embedding_learning_rate=2e-2"]
    distill(settings, tmp_path / "run", *rates, "--model", str(tmp_path / "beast"))
    losses = column(log(tmp_path / "run"), "loss")
    assert losses[-1] < 0.6 * losses[0]
    compact, stock = (load_encoder(tmp_path / name).encode(["bacel", ""]) for name in ("run/model", "beast"))
    np.testing.assert_allclose(compact, stock, atol=1e-6)


def test_a_killed_run_goes_on_and_ends_like_one_that_was_not(tiny_settings, tmp_path):
    changes = ["--set", "epochs=60", "--checkpoint-minutes", "0.002"]
    distill(tiny_settings, tmp_path / "whole", *changes)
    arguments = command(tiny_settings, tmp_path / "killed", "--device", "cpu", *changes)
    process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    progress = tmp_path / "killed" / "checkpoint" / "progress.json"
    deadline = time.monotonic() + 120
    while not progress.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    step = json.loads(progress.read_text())["step"]
    assert 0 < step < 600
    state = torch.load(progress.with_name("state.pt"))
    torch.save({**state, "seconds": 1000 + state["seconds"]}, progress.with_name("state.pt"))
    resumed = distill(tiny_settings, tmp_path / "killed", *changes)
    assert f"going on from step {step} of 600" in resumed.stdout
    for name in ("step", "loss", "held_out_cosine"):
        np.testing.assert_allclose(
            column(log(tmp_path / "whole"), name), column(log(tmp_path / "killed"), name), atol=1e-5
        )
    seconds = {line["step"]: line["seconds"] for line in log(tmp_path / "killed")}
    assert all((1000 < passed < 1300) == (at > step) for at, passed in seconds.items())
    whole, killed = (read_encoder(tmp_path / name / "model").state_dict() for name in ("whole", "killed"))
    assert all(np.allclose(whole[name], killed[name], atol=1e-3) for name in whole)


def test_a_run_asked_to_stop_saves_and_says_how_to_go_on(tiny_settings, tmp_path):
    arguments = command(tiny_settings, tmp_path, "--device", "cpu", "--set", "epochs=2000")
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (tmp_path / "log.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "stopped: at step" in errors and "the same command goes on from here" in errors
    assert (tmp_path / "checkpoint" / "progress.json").exists()


@pytest.mark.parametrize("launcher", [("-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone")])
def test_two_processes_train_like_one(tiny_settings, tmp_path, launcher):
    changes = ["--set", "epochs=3"]
    distill(tiny_settings, tmp_path / "one", *changes)
    arguments = [*launcher, *command(tiny_settings, tmp_path / "two", "--device", "cpu", *changes)[1:]]
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for name in ("step", "loss", "held_out_cosine"):
        np.testing.assert_allclose(column(log(tmp_path / "one"), name), column(log(tmp_path / "two"), name), atol=2e-3)


def test_accumulated_parts_train_like_whole_batches(tiny_settings, tmp_path):
    distill(tiny_settings, tmp_path / "whole", "--set", "epochs=3")
    distill(tiny_settings, tmp_path / "parts", "--set", "epochs=3", "--set", "accumulation_steps=4")
    np.testing.assert_allclose(
        column(log(tmp_path / "whole"), "loss"), column(log(tmp_path / "parts"), "loss"), atol=2e-3
    )


def test_other_settings_do_not_go_on_from_a_checkpoint(tiny_settings, finished, tmp_path):
    done = distill(tiny_settings, finished, "--set", "epochs=41", check=False)
    assert done.returncode == 1
    assert "belongs to a run with other settings" in done.stderr
    assert "epochs was 40 and is 41" in done.stderr and "--restart" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            ["learning_rate=5.0", "gradient_norm=0.0", "epochs=40", "encoder.projection_width=1024"],
            "the student collapsed at step",
        ),
        (["learning_rate=1e30", "gradient_norm=0.0"], "the loss is nan at step"),
        (
            ["learning_rate=1e-9", "embedding_learning_rate=1e-9", "epochs=60"],
            "student learns nothing: at step 600",
        ),
        (["encoder.output_width=8"], "the teacher's vectors have 16 dimensions and the encoder gives 8"),
        (["batch_size=65", "accumulation_steps=5", "epoch=3"], "unknown key 'epoch'"),
        (["table='missing.parquet'"], "no teacher table at"),
    ],
)
def test_what_cannot_work_stops_with_one_clear_error(tiny_settings, tmp_path, changes, message):
    done = distill(tiny_settings, tmp_path, *[part for change in changes for part in ("--set", change)], check=False)
    assert done.returncode == 1
    assert message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ([], False),
        (["preset='mini'"], False),  # has rates of its own
        (["preset='mini'", "learning_rate=2e-3"], True),
        (["encoder.layers=2"], True),
        (["encoder.layers=2", "learning_rate=1e-4"], False),
    ],
)
def test_rates_that_are_too_high_for_layers_are_told_before_anything_is_read(capsys, changes, warned):
    changes = [*changes, "table='missing.parquet'"]
    with pytest.raises(SystemExit, match="no teacher table at"):
        main(
            [
                "training/configs/beast.toml",
                "--output",
                "none",
                *(part for change in changes for part in ("--set", change)),
            ]
        )
    told = "0.0003, with embedding_learning_rate 0.001, is what the preset 'mini' learns at"
    assert (told in capsys.readouterr().err) == warned


def test_a_preset_is_told_its_own_rate(capsys):
    given = [("preset", "'asterisk'"), ("learning_rate", "1e-3"), ("table", "'missing.parquet'")]
    changes = [part for name, value in given for part in ("--set", f"{name}={value}")]
    with pytest.raises(SystemExit, match="no teacher table at"):
        main(["training/configs/beast.toml", "--output", "none", *changes])
    assert (
        "0.0006, with embedding_learning_rate 0.001, is what the preset 'asterisk' learns at" in capsys.readouterr().err
    )


def test_words_that_are_one_to_the_encoder_are_refused(tiny_settings, tmp_path):
    vectors = np.random.default_rng(0).normal(size=(3, 16))
    write_table(tmp_path / "twins.parquet", words=["Rosa", "rosa", "mar"], vectors=vectors, frequencies=np.ones(3))
    table = f"table={str(tmp_path / 'twins.parquet')!r}"
    done = distill(tiny_settings, tmp_path / "run", "--set", table, "--language", "es", check=False)
    assert "1 words occur more than once" in done.stderr and "('Rosa', 'rosa')" in done.stderr
    distill(tiny_settings, tmp_path / "run", "--set", table, "--language", "es", "--set", "encoder.lowercase=false")


def test_a_damaged_checkpoint_is_named(tiny_settings, tmp_path):
    distill(tiny_settings, tmp_path)
    for damage in (b"", b"rubbish"):
        (tmp_path / "checkpoint" / "state.pt").write_bytes(damage)
        done = distill(tiny_settings, tmp_path, check=False)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert "state.pt cannot be read" in done.stderr and "--restart" in done.stderr
    distill(tiny_settings, tmp_path, "--restart")


def test_an_unknown_device_is_named(tiny_settings, tmp_path):
    arguments = command(tiny_settings, tmp_path, "--device", "cdua")
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1 and "device 'cdua' cannot be used here" in done.stderr


def test_a_run_goes_on_from_a_model_of_its_shape_alone(tiny_settings, finished, tmp_path):
    words, start = ["banana", "tomate"], f"start={str(finished / 'model')!r}"
    still = ("epochs=1", "learning_rate=1e-9", "embedding_learning_rate=1e-9", "quantisation_aware_share=1.0")
    distill(tiny_settings, tmp_path, *(part for change in (start, *still) for part in ("--set", change)))
    went_on, before = (load_encoder(folder / "model").encode(words) for folder in (tmp_path, finished))
    np.testing.assert_allclose(went_on, before, atol=2e-3)  # what is not stored in 2 bits is stored in 16
    other = distill(tiny_settings, tmp_path / "other", "--set", start, "--set", "encoder.hidden_width=8", check=False)
    assert other.returncode == 1 and "cannot go on from" in other.stderr
    assert "hidden_width was 16 and is 8" in other.stderr and "Traceback" not in other.stderr
    shipped = distill(tiny_settings, tmp_path / "shipped", "--set", "start='es'", check=False)  # a language, not a path
    assert shipped.returncode == 1 and "cannot go on from es, an encoder of another shape" in shipped.stderr


def test_a_run_goes_on_from_a_model_of_the_tables_language_and_space_alone(tiny_settings, tmp_path):
    shape = {"hidden_width": 16, "heads": 2, "feed_forward_width": 32, "ngram_buckets": 101, "output_width": 16}
    words = [f"palabra{number}" for number in range(9)]
    vectors = np.random.default_rng(0).normal(size=(9, 16))
    table = tmp_path / "table.parquet"
    write_table(table, words=words, vectors=vectors, frequencies=np.ones(9), language="es", space="one")
    for said, told in (
        (
            {"language": "de", "space": "one"},
            r"the model .* is of the language 'de', the table is of the language 'es'",
        ),
        ({"language": "es", "space": "two"}, r"the model .* is of the space 'two', the table is of the space 'one'"),
    ):
        model = write_encoder(BeastEncoder(EncoderConfig.preset("beast", **shape, **said)), tmp_path / said["space"])
        changes = (f"table={str(table)!r}", f"start={str(model)!r}")
        given = [part for change in changes for part in ("--set", change)]
        with pytest.raises(SystemExit, match=told):
            main([str(tiny_settings), "--output", str(tmp_path / "run"), *given])


def test_a_run_that_comes_to_nothing_says_so_and_so_does_one_for_capitals_without_any(tiny_settings, tmp_path, capsys):
    changes = ("epochs=1", "learning_rate=1e-9", "embedding_learning_rate=1e-9", "encoder.lowercase=false")
    given = [part for change in changes for part in ("--set", change)]
    main([str(tiny_settings), "--output", str(tmp_path), "--device", "cpu", *given])
    told = capsys.readouterr().err
    assert "warning: the student has learnt no more than one vector for all words" in told
    assert "warning: lowercase=false is for words with capitals, and no word of" in told
