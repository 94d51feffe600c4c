"""The registry of the families of encoders that there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # that file looks families up here
    from beast_core.config import EncoderConfig


@dataclass(frozen=True)
class Family:
    """One architecture: its configuration and its presets.

    Its network is in `beast_core.network`, where its weights are in stock parts in `beast_core.stock`.
    """

    config: type[EncoderConfig]
    presets: Mapping[str, EncoderConfig]


# By the name that a configuration says as its "family"; `beast_core.families` enters them.
FAMILIES: dict[str, Family] = {}


def presets() -> dict[str, EncoderConfig]:
    """The presets of all families by name."""
    return {name: preset for family in FAMILIES.values() for name, preset in family.presets.items()}
