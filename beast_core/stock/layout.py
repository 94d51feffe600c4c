"""What the layouts of all families have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from beast_core.config import EncoderConfig

# The folder of a module, and the name of one of its tensors.
Place = tuple[str, str]
ReadArray = Callable[[str, str], np.ndarray]


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

    def to_stock(self, state: Mapping[str, np.ndarray]) -> dict[Place, np.ndarray]:
        """Our weights as tensors of stock parts: all that differ from those of a freshly built stock model."""
        return {
            place: tensor
            for ours, theirs in self.places().items()
            for place, tensor in zip(theirs, np.split(state[ours], len(theirs)), strict=True)
        }

    def from_stock(self, read: ReadArray) -> tuple[dict[str, np.ndarray], EncoderConfig]:
        """Our weights, and the configuration, which fine-tuning of stock parts may have changed."""
        return {
            ours: np.concatenate([read(*place) for place in theirs]) for ours, theirs in self.places().items()
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
