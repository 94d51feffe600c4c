import json
import shutil

import pytest

from training.sweep.__main__ import main, to_markdown


def write_sweep(path, settings, **variants):
    lines = [f"{name} = {json.dumps(changes)}" for name, changes in variants.items()]
    path.write_text("\n".join([f"settings = {str(settings)!r}", "changes = ['epochs=2']", "[variants]", *lines]))
    return [str(path), "--output", str(path.parent / "sweep")]


def refusal(arguments, capfd):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    return str(stopped.value.code) + capfd.readouterr().err


def test_variants_are_trained_once_and_compared(tiny_settings, tmp_path, capfd):
    variants = {"small": [], "large": ["encoder.projection_width=8", "noise_share=0.0"]}
    arguments = write_sweep(tmp_path / "sweep.toml", tiny_settings, **variants)
    main(arguments)
    folder = tmp_path / "sweep"
    results = (folder / "results.md").read_text()
    assert capfd.readouterr().out.endswith(results)
    header, _, small, large = results.splitlines()
    assert header.startswith("| variant | parameters | MB | minutes | frequent |")
    # Embeddings 259 x 16 and 4 x 101 x 16, then 16 to 16 or 16 to 8 to 16.
    embeddings = 259 * 16 + 4 * 101 * 16
    assert small.startswith(f"| small | {embeddings + 16 * 16 + 16:,} |")
    assert large.startswith(f"| large | {embeddings + 16 * 8 + 8 + 8 * 16 + 16:,} |")

    shutil.rmtree(folder / "small" / "model")
    main(arguments)
    assert not (folder / "small" / "model").exists() and (folder / "results.md").read_text() == results

    problem = refusal(write_sweep(tmp_path / "sweep.toml", tiny_settings, small=["epochs=3"]), capfd)
    assert "the variant 'small' was not trained (exit status 1)" in problem
    assert "epochs was 2 and is 3" in problem


def test_every_problem_of_every_variant_is_named_before_anything_is_trained(tiny_settings, tmp_path, capfd):
    variants = {"fine": [], "wrong": ["epochs=0", "noise_share=2"], "unknown": ["epoch=1"]}
    problem = refusal(write_sweep(tmp_path / "sweep.toml", tiny_settings, **variants), capfd)
    for part in ("variant 'wrong': ", "epochs is 0", "noise_share is 2", "variant 'unknown': ", "unknown key 'epoch'"):
        assert part in problem
    problem = refusal(write_sweep(tmp_path / "sweep.toml", tiny_settings, text="epochs=1"), capfd)
    assert "variants.text is 'epochs=1', should be a valid list" in problem
    problem = refusal(write_sweep(tmp_path / "sweep.toml", tiny_settings, **{"'a/b'": [], "'..'": []}), capfd)
    assert "the variants ['a/b', '..'] cannot name folders" in problem
    assert "variants is empty" in refusal(write_sweep(tmp_path / "sweep.toml", tiny_settings), capfd)
    assert not (tmp_path / "sweep").exists()


def test_the_best_of_each_measure_is_bold_and_costs_are_not():
    results = {"a": {"minutes": 1.0, "edited": 0.25}, "b": {"minutes": 2.5, "edited": 0.5}}
    assert to_markdown(results).splitlines()[2:] == ["| a | 1.0 | 0.250 |", "| b | 2.5 | **0.500** |"]
