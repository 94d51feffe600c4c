"""The settings of a distillation."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, field, fields, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

from beast_core import EncoderConfig
from training.common.agreement import MULTILINGUAL
from training.common.errors import InputError
from training.common.settings import (
    CHECKED,
    Count,
    FromList,
    NotNegative,
    Positive,
    Share,
    build,
    read_changes,
    read_values,
)
from training.distill.rates import RATES, Rates
from training.languages import read_language
from training.run_folder import RENAMED_SETTINGS

_PRESET = "beast"  # where none is named
_OF_PRESET = tuple(each.name for each in fields(Rates))


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class DistillSettings:
    """Everything but the machine that determines a run. Two runs with equal settings give equal losses.

    `batch_size` is the number of words of one optimiser step, over all processes and accumulated parts. Either `table`
    is given, or `tables` of several languages, see `training.distill.joining`. The batch and the rates that are not
    given are those of the preset (`training.distill.rates`). Raises `ValueError` listing every problem at once.
    """

    table: str = ""
    tables: Annotated[tuple[str, ...], FromList, Field(validate_default=True)] = ()
    marker: bool = False  # of `tables`: the encoder is told the language, by a mark before each word
    language: str = ""  # ISO 639-1; what the table says, if it says any
    start: str = ""  # a model of the same shape to go on from: a path, or a language; without one, random weights
    words: Annotated[int, Field(ge=0)] = 0  # of each table the first, to see that a model can learn a few; 0: all
    preset: str = _PRESET
    # Fields of EncoderConfig that differ from the preset, and from what the record of the language changes in it.
    encoder: dict[str, Any] = field(default_factory=dict)
    epochs: Count = 20
    batch_size: Count
    accumulation_steps: Count = 1
    learning_rate: Positive
    embedding_learning_rate: Positive  # each row is touched rarely, so it may move further
    weight_decay: NotNegative = 1e-6  # of everything but the embeddings
    warmup_share: Share  # of all steps; then a cosine down to zero
    gradient_norm: NotNegative = 1.0  # clipped above; 0 clips nothing
    frequency_power: Share = 0.35  # a word is drawn in proportion to its occurrences to this power; 0: all alike
    noise_share: Share = 0.35  # of the words of a batch, misspelt
    nested_widths: Annotated[tuple[int, ...], FromList] = ()  # first entries that are to be good vectors of their own
    squared_error_weight: NotNegative = 0.0  # of the mean squared error to the teacher's entries, beside the distance
    contrast_weight: NotNegative = 0.3  # of telling a word's teacher vector among the batch's, beside the distance
    temperature: Positive = 0.05  # of that contrast: cosines are divided by it
    quantisation_aware_share: Share = 0.4  # of the steps, the last: the n-gram table is read as it will be stored
    evaluations: Count = 10  # of the held-out words, spread over the run
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="before")
    @classmethod
    def _take_rates_of_preset(cls, given: Any) -> Any:
        if not isinstance(given, ArgsKwargs):
            return given
        values = dict(given.kwargs or {})
        preset = values.get("preset", _PRESET)
        # A preset that is none is told of by its own check; with these, nothing else is told as missing.
        rates = RATES.get(preset if isinstance(preset, str) else _PRESET, RATES[_PRESET])
        return ArgsKwargs(given.args, asdict(rates) | values)

    # Fields are checked in their order. `others.data` has those before that are right; the others are named anyway.

    @field_validator("tables")
    @classmethod
    def _check_tables(cls, tables: tuple[str, ...], others: ValidationInfo) -> tuple[str, ...]:
        if "table" in others.data and (len(tables) == 1 or bool(tables) == bool(others.data["table"])):
            raise ValueError("expected either a table, or tables of two languages or more")
        return tables

    @field_validator("marker")
    @classmethod
    def _check_marker(cls, marker: bool, others: ValidationInfo) -> bool:
        if marker and not others.data.get("tables"):
            raise ValueError("marker is true, but there are no tables of several languages to tell apart")
        return marker

    @field_validator("language")
    @classmethod
    def _check_language(cls, language: str, others: ValidationInfo) -> str:
        if language and not others.data.get("tables"):
            read_language(language)
        elif language not in ("", MULTILINGUAL):
            raise ValueError(f"language is {language!r:.40}, but tables of several are given: leave it out")
        return language

    @field_validator("preset")
    @classmethod
    def _check_preset(cls, preset: str) -> str:
        EncoderConfig.preset(preset)
        return preset

    @field_validator("encoder")
    @classmethod
    def _check_encoder(cls, encoder: dict[str, Any], others: ValidationInfo) -> dict[str, Any]:
        if {"preset", "language"} <= set(others.data):
            _encoder_config(others.data, encoder)
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
        if {"preset", "language", "encoder"} <= set(others.data):
            full = _encoder_config(others.data, others.data["encoder"]).output_width
            if wrong := [each for each in widths if not 0 < each < full]:
                raise ValueError(f"nested_widths holds {wrong}, should be widths between 0 and the encoder's {full}")
        return widths

    def encoder_config(self) -> EncoderConfig:
        """The preset, changed as the record of the language says, and then as `encoder` does.

        Of the record those fields count that the family of the preset has.
        """
        return _encoder_config(vars(self), self.encoder)

    def in_language(self, told: str) -> "DistillSettings":
        """These settings with the language of the table, which is `told` by it ("" if it tells none).

        Raises `InputError` if it is another than that of the settings, or if there is none and words are misspelt.
        """
        if self.language and told and self.language != told:
            raise InputError(
                f"the table {self.table} is of the language {told!r}, and language is {self.language!r}: give a table "
                f"of {self.language!r}, or leave the language out"
            )
        if not self.language and not told and self.noise_share:
            raise InputError(
                f"the table {self.table} does not say of which language its words are, and each language is misspelt "
                "in its own way: set language, such as language='es', or noise_share=0 for no misspellings"
            )
        return replace(self, language=self.language or told)

    def to_dict(self) -> dict[str, Any]:
        """All settings as JSON types."""
        return {**asdict(self), "tables": list(self.tables), "nested_widths": list(self.nested_widths)}


def _encoder_config(settings: Mapping[str, Any], encoder: Mapping[str, Any]) -> EncoderConfig:
    preset, language = settings["preset"], settings["language"]
    try:
        of_language = {}
        if language not in ("", MULTILINGUAL):
            known = {each.name for each in fields(EncoderConfig.preset(preset))}
            of_language = {name: value for name, value in read_language(language).encoder.items() if name in known}
        return EncoderConfig.preset(preset, **{**of_language, **encoder, "language": language})
    except TypeError as error:
        raise ValueError(str(error)) from error


def read_settings(path: str | Path, *, changes: Sequence[str] = ()) -> DistillSettings:
    """Reads a TOML file and applies changes such as `epochs=2` or `encoder.layers=2`, which are TOML as well.

    Raises `FileNotFoundError`, and `ValueError` that names every unknown key and every bad value at once, or the rates
    that the file gives to another preset than the one that is asked for.
    """
    values, source = read_values(path, changes=changes), str(Path(path).resolve())
    settings = build(DistillSettings, values=values, source=source, renamed=RENAMED_SETTINGS)
    _check_change_of_preset(read_values(path), changed=read_changes(changes), source=source)
    return settings


def _check_change_of_preset(given: Mapping[str, Any], *, changed: Mapping[str, Any], source: str) -> None:
    """A change of the preset alone never trains it at rates that a file gives to another."""
    before, now = given.get("preset", _PRESET), changed.get("preset")
    if now in (None, before) or not (kept := [name for name in _OF_PRESET if name in given and name not in changed]):
        return
    raise InputError(
        f"{source} has {', '.join(f'{name} {given[name]}' for name in kept)} for the preset {before!r}, and preset is "
        f"{now!r} now: take a file without them, such as training/configs/beast.toml, for that preset's own, or give "
        f"them too, such as --set {kept[0]}={given[kept[0]]}"
    )
