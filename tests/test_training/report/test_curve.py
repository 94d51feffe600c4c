import shutil
import subprocess
import sys

import pytest

from training.distill.settings import read_settings
from training.report.__main__ import main
from training.run_folder import read_log


def test_a_run_is_told_by_what_it_cost_and_learnt(tiny_settings, tmp_path):
    run = tmp_path / "run"
    command = [sys.executable, "-m", "training.distill", str(tiny_settings), "--output", str(run), "--device", "cpu"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    told = subprocess.run(
        [sys.executable, "-m", "training.report", "curve", f"tiny={run}", "--output", str(tmp_path / "curve")],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    ).stdout
    moments = [line for line in read_log(run / "log.jsonl") if line.held_out_cosine is not None]
    rows = [line.strip("| ").split(" | ") for line in told.splitlines()[2:]]
    assert len(rows) == len(moments) == 4
    batch_size = read_settings(tiny_settings).batch_size
    for row, moment in zip(rows, moments, strict=True):
        assert row[:2] == ["tiny", f"{moment.step * batch_size:,}"]
        assert row[4:] == [f"{moment.held_out_cosine:.3f}", f"{moment.cosine:.3f}"]
    assert (tmp_path / "curve/curve.md").read_text() == told
    main(["presets", f"tiny={run}", "--output", str(tmp_path / "presets.md")])
    header, _, row = (line.strip("| ").split(" | ") for line in (tmp_path / "presets.md").read_text().splitlines())
    cells = dict(zip(header, row, strict=True))
    assert (cells["run"], cells["preset"], cells["batch"], cells["learning rate"]) == ("tiny", "beast", "64", "0.003")
    assert cells["words"] == rows[-1][1] and cells["held-out words"] == rows[-1][4]
    assert int(cells["parameters"].replace(",", "")) == 259 * 16 + 404 * 16 + 16 * 16 + 16
    shutil.rmtree(run / "model")
    with pytest.raises(SystemExit, match="is not finished"):
        main(["presets", f"tiny={run}", "--output", str(tmp_path / "presets.md")])
    assert (tmp_path / "curve/curve.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("given", "message"), [("run", "'run' is no run, expected NAME=FOLDER"), ("a=nowhere", "nowhere is no run of")]
)
def test_what_is_no_run_is_named(given, message, tmp_path):
    with pytest.raises(SystemExit, match=message):
        main(["curve", given, "--output", str(tmp_path)])
