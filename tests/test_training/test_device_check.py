"""`python -m training.device_check`, on the CPU and narrow."""

import pytest

from training.device_check import Checked, main

NARROW = [
    "encoder={ hidden_width=32, heads=2, feed_forward_width=64, window=6 }",
    "words=8", "batch_size=8", "learning_rate=3e-3", "embedding_learning_rate=1e-2", "warmup_share=0.2",
]  # fmt: skip


def check(output, *changes, preset="asterisk"):
    told = [part for change in (*NARROW, *changes) for part in ("--set", change)]
    main(["--presets", preset, "--device", "cpu", "--output", str(output), *told])


def test_a_preset_is_stopped_half_way_goes_on_and_has_learnt(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("training.device_check.PRECISIONS", ["bf16"])
    check(tmp_path / "made" / "check.md", "epochs=300")
    text = (tmp_path / "made" / "check.md").read_text()
    assert text in capsys.readouterr().out and text.startswith("cpu: ")
    [row] = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "| asterisk |" in line]
    assert row[1] == "bf16" and float(row[2]) >= 0.95 and 150 <= int(row[4]) < 300


def test_what_is_wrong_is_told(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match=r"unknown presets \['mimi'\], expected some of \['asterisk', 'base', 'beast'"):
        check(tmp_path / "a.md", preset="mimi")
    with pytest.raises(SystemExit, match="unknown key 'epoks', did you mean 'epochs'"):
        check(tmp_path / "a.md", "epoks=3")
    with pytest.raises(SystemExit, match=r"training\.distill .* failed: error: no teacher table at .*absent"):
        check(tmp_path / "a.md", "table='absent.parquet'")
    poor = Checked("mini", "bf16", 0.5, 1000.0, 500)
    monkeypatch.setattr("training.device_check.check_run", lambda *run, **how: poor)
    with pytest.raises(SystemExit, match=r"no cosine of 0\.95 to the teacher: mini in bf16, mini in bf16"):
        check(tmp_path / "a.md", preset="mini")
    assert "| mini | bf16 | 0.500 | 1,000 | 500 |" in (tmp_path / "a.md").read_text()
