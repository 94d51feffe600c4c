"""What a family of encoders is made of, and the registry of the families there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # those files look families up here
    from beast_core.config import EncoderConfig
    from beast_core.encoder import BeastEncoder
    from beast_core.stock import StockLayout


@dataclass(frozen=True)
class Family:
    """One architecture: its configuration, its network, where its weights are in stock parts, and its presets."""

    config: type[EncoderConfig]
    network: type[BeastEncoder]
    stock: type[StockLayout]
    presets: Mapping[str, EncoderConfig]


# By the name that a configuration says as its "family"; `beast_core.families` enters them.
FAMILIES: dict[str, Family] = {}


def presets() -> dict[str, EncoderConfig]:
    """The presets of all families by name."""
    return {name: preset for family in FAMILIES.values() for name, preset in family.presets.items()}
