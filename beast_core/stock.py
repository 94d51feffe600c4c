"""Where each of our weights is in a folder of stock sentence-transformers parts: read in both directions.

The families say where (`beast_core.families`); what all of them do is here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from beast_core.config import EncoderConfig
from beast_core.family import FAMILIES

# The folder of a module, and the name of one of its tensors.
Place = tuple[str, str]
ReadTensor = Callable[[str, str], Tensor]


@dataclass(frozen=True)
class StockLayout(ABC):
    """Where the weights of an encoder are in stock parts."""

    config: EncoderConfig

    @abstractmethod
    def folders(self) -> tuple[str, ...]:
        """The folders of the modules, in their order, as `SentenceTransformer` names them."""

    @abstractmethod
    def places(self) -> dict[str, list[Place]]:
        """Of each of our tensors that differs from theirs in nothing but name and stacking: theirs, as ours stacks
        them."""

    def to_stock(self, state: Mapping[str, Tensor]) -> dict[Place, Tensor]:
        """Our state dict as tensors of stock parts: all that differ from those of a freshly built stock model."""
        return {
            place: tensor
            for ours, theirs in self.places().items()
            for place, tensor in zip(theirs, state[ours].chunk(len(theirs)), strict=True)
        }

    def from_stock(self, read: ReadTensor) -> tuple[dict[str, Tensor], EncoderConfig]:
        """Our state dict, and the configuration, which fine-tuning of stock parts may have changed."""
        return {
            ours: torch.cat([read(*place) for place in theirs]) for ours, theirs in self.places().items()
        }, self.config


def module_names(*kinds: str) -> tuple[str, ...]:
    """The folders of a backbone and of modules of these kinds after it.

    >>> module_names("Pooling", "Dense")
    ('', '1_Pooling', '2_Dense')
    """
    return ("", *(f"{place}_{kind}" for place, kind in enumerate(kinds, start=1)))


def block_places(
    names: Mapping[str, Sequence[str]], *, layers: int, prefix: str, kinds: Sequence[str]
) -> dict[str, list[Place]]:
    """Where the tensors of all transformer blocks of a backbone are, of where the parts of one are."""
    return {
        f"blocks.{layer}.{ours}.{kind}": [("", f"{prefix}.{layer}.{name}.{kind}") for name in theirs]
        for layer in range(layers)
        for ours, theirs in names.items()
        for kind in kinds
    }


def module_folders(config: EncoderConfig) -> tuple[str, ...]:
    """The folders of the modules, in their order, as `SentenceTransformer` names them.

    >>> module_folders(EncoderConfig.preset("mini"))
    ('', '1_CNN', '2_Pooling', '3_Dense', '4_Normalize')
    """
    return _layout(config).folders()


def to_stock(state: Mapping[str, Tensor], *, config: EncoderConfig) -> dict[str, dict[str, Tensor]]:
    """Our state dict as `{module folder: {their name: tensor}}`, all that differs from a freshly built stock model."""
    tensors: dict[str, dict[str, Tensor]] = {}
    for (folder, name), tensor in _layout(config).to_stock(state).items():
        tensors.setdefault(folder, {})[name] = tensor
    return tensors


def from_stock(read: ReadTensor, *, config: EncoderConfig) -> tuple[dict[str, Tensor], EncoderConfig]:
    """Our state dict out of a stock folder, and the encoder's configuration, which fine-tuning there may have changed.

    `config` is what the folder was written with; `read(module folder, their name)` gives one tensor. Raises
    `ValueError` if something was trained there that this encoder keeps fixed.
    """
    return _layout(config).from_stock(read)


def _layout(config: EncoderConfig) -> StockLayout:
    return FAMILIES[config.family].stock(config)
