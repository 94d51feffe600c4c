"""The settings of a distillation."""

from collections.abc import Sequence
from dataclasses import asdict, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from beast_core import EncoderConfig
from training.common.settings import CHECKED, Count, FromList, NotNegative, Positive, Share, build, read_values
from training.run_folder import RENAMED_SETTINGS


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class DistillSettings:
    """Everything but the machine that determines a run. Two runs with equal settings give equal losses.

    `batch_size` is the number of words of one optimiser step, over all processes and accumulated parts. Raises
    `ValueError` listing every problem at once.
    """

    table: str
    preset: str = "beast"
    encoder: dict[str, Any] = field(default_factory=dict)  # fields of EncoderConfig that differ from the preset
    epochs: Count = 20
    batch_size: Count = 2048
    accumulation_steps: Count = 1
    learning_rate: Positive = 2e-3
    embedding_learning_rate: Positive = 2e-2  # each row is touched rarely, so it may move further
    weight_decay: NotNegative = 1e-6  # of everything but the embeddings
    warmup_share: Share = 0.05  # of all steps; then a cosine down to zero
    gradient_norm: NotNegative = 1.0  # clipped above; 0 clips nothing
    frequency_power: Share = 0.35  # a word is drawn in proportion to its occurrences to this power; 0: all alike
    noise_share: Share = 0.35  # of the words of a batch, misspelt
    nested_widths: Annotated[tuple[int, ...], FromList] = ()  # first entries that are to be good vectors of their own
    contrast_weight: NotNegative = 0.3  # of telling a word's teacher vector among the batch's, beside the distance
    temperature: Positive = 0.05  # of that contrast: cosines are divided by it
    quantisation_aware_share: Share = 0.4  # of the steps, the last: the n-gram table is read as it will be stored
    evaluations: Count = 10  # of the held-out words, spread over the run
    seed: Annotated[int, Field(ge=0)] = 0

    # Fields are checked in their order. `others.data` has those before that are right; the others are named anyway.

    @field_validator("preset")
    @classmethod
    def _check_preset(cls, preset: str) -> str:
        EncoderConfig.preset(preset)
        return preset

    @field_validator("encoder")
    @classmethod
    def _check_encoder(cls, encoder: dict[str, Any], others: ValidationInfo) -> dict[str, Any]:
        if "preset" in others.data:
            _encoder_config(others.data["preset"], encoder)
        return encoder

    @field_validator("accumulation_steps")
    @classmethod
    def _check_accumulation(cls, steps: int, others: ValidationInfo) -> int:
        if others.data.get("batch_size", 0) % steps:
            raise ValueError(f"batch_size {others.data['batch_size']} is not a multiple of accumulation_steps {steps}")
        return steps

    @field_validator("nested_widths")
    @classmethod
    def _check_nested_widths(cls, widths: tuple[int, ...], others: ValidationInfo) -> tuple[int, ...]:
        if {"preset", "encoder"} <= set(others.data):
            full = _encoder_config(others.data["preset"], others.data["encoder"]).output_width
            if wrong := [each for each in widths if not 0 < each < full]:
                raise ValueError(f"nested_widths holds {wrong}, should be widths between 0 and the encoder's {full}")
        return widths

    def encoder_config(self) -> EncoderConfig:
        """The preset with the fields of `encoder` changed."""
        return EncoderConfig.preset(self.preset, **self.encoder)

    def to_dict(self) -> dict[str, Any]:
        """All settings as JSON types."""
        return {**asdict(self), "nested_widths": list(self.nested_widths)}


def _encoder_config(preset: str, encoder: dict[str, Any]) -> EncoderConfig:
    try:
        return EncoderConfig.preset(preset, **encoder)
    except TypeError as error:
        raise ValueError(str(error)) from error


def read_settings(path: str | Path, *, changes: Sequence[str] = ()) -> DistillSettings:
    """Reads a TOML file and applies changes such as `epochs=2` or `encoder.layers=2`, which are TOML as well.

    Raises `FileNotFoundError`, and `ValueError` that names every unknown key and every bad value at once.
    """
    values, source = read_values(path, changes=changes), str(Path(path).resolve())
    return build(DistillSettings, values=values, source=source, renamed=RENAMED_SETTINGS)
