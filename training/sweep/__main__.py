"""Trains variants of a configuration on one small budget and puts them side by side: how the preset was chosen.

    python -m training.sweep training/configs/sweeps/beast.toml --output runs/sweep

Writes `results.md` and one folder a variant. A variant that is done is not trained again; one that was stopped goes on.
What is compared is told in `training/sweep/probe.py`: no evaluation set is looked at.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import field
from pathlib import Path

import torch
from pydantic import field_validator
from pydantic.dataclasses import dataclass

from beast_core import BeastEncoder, load_encoder
from beast_core.files import write_file
from training.common.command import check_output, failing_in_a_line
from training.common.errors import InputError
from training.common.files import size_on_disk
from training.common.markdown import markdown_table
from training.common.settings import CHECKED, build, read_values
from training.distill.joining import read_tables
from training.distill.settings import DistillSettings, read_settings
from training.run_folder import RunFolder, read_log
from training.sweep.probe import probe

# What a variant costs, beside what it is worth.
_COSTS = ("parameters", "MB", "minutes")


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class SweepSettings:
    """A settings file, changes to it for all variants, and the changes of each. Raises `ValueError`."""

    settings: str
    changes: list[str] = field(default_factory=list)
    variants: dict[str, list[str]]

    @field_validator("variants")
    @classmethod
    def _check_names(cls, variants: dict[str, list[str]]) -> dict[str, list[str]]:
        if not variants:
            raise ValueError("variants is empty, should hold a list of changes for each name")
        if wrong := [name for name in variants if Path(name).name != name or name == ".."]:
            raise ValueError(f"the variants {wrong} cannot name folders, expected names without '/'")
        return variants

    def changes_of(self, name: str) -> list[str]:
        """All changes that make a variant."""
        return [*self.changes, *self.variants[name]]

    def settings_of(self, name: str) -> DistillSettings:
        """What a variant is trained with. Raises `ValueError`."""
        return read_settings(self.settings, changes=self.changes_of(name))


def read_sweep(path: Path) -> SweepSettings:
    """Reads a TOML file. Raises `FileNotFoundError`, and `ValueError` that names the problems of all variants."""
    sweep = build(SweepSettings, values=read_values(path), source=str(path.resolve()))
    problems = []
    for name in sweep.variants:
        try:
            sweep.settings_of(name)
        except ValueError as error:
            problems.append(f"variant {name!r}: {error}")
    if problems:
        raise ValueError("; ".join(problems))
    return sweep


def run_variant(sweep: SweepSettings, *, name: str, folder: Path) -> dict[str, float]:
    """Trains a variant in a process of its own, unless it is done, and returns what was measured.

    Raises `InputError` if the training fails, as it does in the folder of a variant with other settings; it has said
    why.
    """
    settings, done = sweep.settings_of(name), folder / "probe.json"
    trained = {**settings.to_dict(), "encoder": settings.encoder_config().to_dict()}
    if done.is_file():
        report = json.loads(done.read_text(encoding="utf-8"))
        if report["settings"] == trained:
            return dict(report["measured"])
    changes = [part for change in sweep.changes_of(name) for part in ("--set", change)]
    command = [sys.executable, "-m", "training.distill", sweep.settings, "--output", str(folder), *changes]
    if status := subprocess.run(command, check=False).returncode:
        raise InputError(f"the variant {name!r} was not trained (exit status {status}); see above")
    run, (settings, table) = RunFolder(folder), read_tables(settings)
    encoder = load_encoder(run.model)
    measured = {
        "parameters": _parameters(settings),
        "MB": size_on_disk(run.model) / 1e6,
        "minutes": read_log(run.log_file)[-1].seconds / 60,
        **probe(encoder, table=table, language=settings.language),
    }
    write_file(done, json.dumps({"settings": trained, "measured": measured}, indent=2) + "\n")
    return measured


def _parameters(settings: DistillSettings) -> int:
    with torch.device("meta"):
        encoder = BeastEncoder(settings.encoder_config())
    return sum(parameter.numel() for parameter in encoder.parameters())


def to_markdown(results: dict[str, dict[str, float]]) -> str:
    """One line a variant, the best of each measure in bold."""
    measures = list(next(iter(results.values())))
    best = {name: max(each[name] for each in results.values()) for name in measures if name not in _COSTS}
    rows = []
    for variant, measured in results.items():
        texts = [(name, _text(name, measured[name])) for name in measures]
        rows.append([variant, *(f"**{text}**" if measured[name] == best.get(name) else text for name, text in texts)])
    return markdown_table(["variant", *measures], rows=rows)


def _text(name: str, value: float) -> str:
    return f"{value:,.0f}" if name == "parameters" else f"{value:.1f}" if name in _COSTS else f"{value:.3f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs all variants, one after the other, and prints the table."""
    parser = argparse.ArgumentParser(prog="python -m training.sweep", description="Train variants on a small budget.")
    parser.add_argument("sweep", type=Path, help="a TOML file, such as training/configs/sweeps/beast.toml")
    parser.add_argument("--output", type=Path, required=True, help="folder of the results, and of a run a variant")
    options = parser.parse_args(arguments)
    results: dict[str, dict[str, float]] = {}
    with failing_in_a_line():
        check_output(options.output, option="--output")
        sweep = read_sweep(options.sweep)
        for name in sweep.variants:
            results[name] = run_variant(sweep, name=name, folder=options.output / name)
            write_file(options.output / "results.md", to_markdown(results))
    print(to_markdown(results), end="")


if __name__ == "__main__":
    main()
