import json

import pytest
import torch

from training.common.errors import InputError
from training.run_folder import LogLine, RunFolder, RunRecord, read_log

LINE = {"step": 10, "epoch": 1.0, "loss": 0.5, "cosine": 0.6, "learning_rate": 1e-3}
ADDED = {"words": 0, "squared_error_weight": 0.0}  # settings that older records have not
RECORD = RunRecord({**ADDED, "epochs": 2, "encoder": {"layers": 1}}, table="5ha", architecture={"layers": 1})
CPU = torch.device("cpu")


def write_log(path, lines):
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


def test_a_log_is_read_as_it_was_written(tmp_path):
    folder = RunFolder(tmp_path / "run")
    lines = [
        LogLine(step=step, epoch=step / 4, loss=0.25, cosine=0.75, learning_rate=1e-3, seconds=step, held_out_cosine=at)
        for step, at in ((1, None), (2, 0.5))
    ]
    folder.start_log(0)
    for line in lines:
        folder.append_log(line)
    assert read_log(folder.log_file) == lines
    assert folder.log_file.read_text().splitlines()[0] == (
        '{"step": 1, "epoch": 0.25, "loss": 0.25, "cosine": 0.75, "learning_rate": 0.001, "seconds": 1}'
    )


def test_lines_that_are_not_of_today_are_read(tmp_path):
    older, newer = {**LINE, "held_out_cosine": None}, {**LINE, "held_out_cosine": 0.5, "seconds": 3.0, "words": 640}
    (first, second) = read_log(write_log(tmp_path / "log.jsonl", [older, newer]))
    assert (first.held_out_cosine, first.seconds) == (None, 0) and (second.held_out_cosine, second.seconds) == (0.5, 3)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], r"the training log .*log\.jsonl is empty; was the training stopped before its first report\?"),
        ([LINE, '{"step": 20, "lo'], r"line 2: expected a JSON object .*found '\{\"step\": 20, \"lo'"),
        ([{"step": 1, "loss": 0.5}], r"line 1: expected a JSON object .*KeyError: 'cosine'"),
        ([{**LINE, "loss": None}], r"line 1: expected a JSON object with numbers for step, loss"),
        ([LINE, {**LINE, "loss": float("nan")}], r"line 2: \['loss'\] not finite: the training broke down there"),
        (["[1, 2]\n"], r"line 1: expected a JSON object"),
    ],
)
def test_logs_that_cannot_be_read(tmp_path, lines, told):
    with pytest.raises(InputError, match=told):
        read_log(write_log(tmp_path / "log.jsonl", lines))


def test_a_log_starts_anew_after_the_step_that_a_run_goes_on_from(tmp_path):
    folder = RunFolder(tmp_path)
    write_log(folder.log_file, [{**LINE, "step": 10}, {**LINE, "step": 20}, '{"step": 3'])
    folder.start_log(10)
    assert [line.step for line in read_log(folder.log_file)] == [10]
    folder.start_log(0)
    assert folder.log_file.read_text() == ""


def test_a_checkpoint_gives_back_what_was_saved_to_the_same_run_alone(tmp_path):
    folder = RunFolder(tmp_path / "run")
    assert folder.load_checkpoint(RECORD, device=CPU) is None
    folder.save_checkpoint({"weights": torch.arange(3)}, step=7, run=RECORD)
    step, state = folder.load_checkpoint(RECORD, device=CPU)
    assert step == 7 and state["weights"].tolist() == [0, 1, 2]
    assert folder.read_progress() == (7, RECORD)
    other = RunRecord({**ADDED, "epochs": 3, "encoder": {"layers": 2}}, table="5ha", architecture={"layers": 1})
    with pytest.raises(InputError, match=r"\(epochs was 2 and is 3; encoder\.layers was 1 and is 2\); go back"):
        folder.load_checkpoint(other, device=CPU)
    folder.forget()
    assert folder.load_checkpoint(RECORD, device=CPU) is None


@pytest.mark.parametrize("text", ["", "[]", '{"step": 1}', '{"step": 1, "run": {}}', '{"step": 1, "run": []}'])
def test_what_is_no_checkpoint_is_named(tmp_path, text):
    folder = RunFolder(tmp_path)
    folder.checkpoint.mkdir()
    folder.progress_file.write_text(text)
    with pytest.raises(InputError, match=r"is no run of training\.distill \("):
        folder.read_progress()
    with pytest.raises(InputError, match=r"checkpoint is no checkpoint: .*start anew with --restart"):
        folder.load_checkpoint(RECORD, device=CPU)


def test_the_record_of_an_old_run_is_read(tmp_path):
    folder = RunFolder(tmp_path)
    folder.checkpoint.mkdir()
    folder.progress_file.write_text(json.dumps({"step": 3, "run": {"table": "5ha", "rounded_share": 0.5}}))
    assert folder.read_progress() == (
        3,
        RunRecord({**ADDED, "quantisation_aware_share": 0.5}, table="5ha", architecture={}),
    )
