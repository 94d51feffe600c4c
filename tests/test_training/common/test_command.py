"""What a command is to write to is looked at before it takes its time."""

import pytest

from training.benchmark.__main__ import main as benchmark
from training.distill.__main__ import main as distill
from training.evaluate.__main__ import main as evaluate
from training.report.__main__ import main as report
from training.sweep.__main__ import main as sweep

FILE = "expected a folder or nothing"


@pytest.mark.parametrize(
    ("command", "arguments", "told"),
    [
        (distill, ["SETTINGS", "--output", "FILE"], FILE),
        (distill, ["SETTINGS", "--output", "FILE/run"], FILE),
        (distill, ["SETTINGS", "--output", "run", "--model", "FILE"], FILE),
        (
            distill,
            ["SETTINGS", "--output", "run", "--full", "FULL"],
            "holds letter.txt, expected an older model or nothing",
        ),
        (evaluate, ["shipped", "--output", "FILE"], FILE),
        (sweep, ["training/configs/sweeps/beast.toml", "--output", "FILE"], FILE),
        (benchmark, ["--output", "FILE"], FILE),
        (report, ["cost", "SETTINGS", "--output", "FILE/cost.md"], FILE),
        (report, ["curve", "mine=run", "--output", "FILE"], FILE),
    ],
)
def test_a_place_that_cannot_be_written_to_is_told_at_once(command, arguments, told, tiny_settings, tmp_path):
    (tmp_path / "file").write_text("a letter")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("a letter")
    places = {"SETTINGS": str(tiny_settings), "FILE": str(tmp_path / "file"), "FULL": str(tmp_path / "full")}
    for name, place in places.items():
        arguments = [argument.replace(name, place) for argument in arguments]
    with pytest.raises(SystemExit, match=told):
        command(arguments)
    assert (tmp_path / "file").read_text() == "a letter" and not (tmp_path / "run").exists()


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf"])
def test_a_time_that_is_none_is_refused(minutes, tiny_settings, capsys):
    with pytest.raises(SystemExit, match="2"):
        distill([str(tiny_settings), "--output", "run", "--checkpoint-minutes", minutes])
    assert f"{minutes} is no number above 0" in capsys.readouterr().err
