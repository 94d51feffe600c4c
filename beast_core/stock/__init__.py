"""Where each of our weights is in a folder of stock sentence-transformers parts: read in both directions.

Each family has its layout in a file of its own.
"""

from collections.abc import Mapping

import numpy as np

from beast_core.config import EncoderConfig
from beast_core.families.flatten import FlattenConfig
from beast_core.families.ngram import NgramConfig
from beast_core.stock.flatten import FlattenStock
from beast_core.stock.layout import ReadArray, StockLayout
from beast_core.stock.ngram import NgramStock

_LAYOUTS: dict[type[EncoderConfig], type[StockLayout]] = {FlattenConfig: FlattenStock, NgramConfig: NgramStock}


def module_folders(config: EncoderConfig) -> tuple[str, ...]:
    """The folders of the modules, in their order, as `SentenceTransformer` names them.

    >>> module_folders(EncoderConfig.preset("mini"))
    ('', '1_CNN', '2_Pooling', '3_Dense', '4_Normalize')
    """
    return _layout(config).folders()


def to_stock(state: Mapping[str, np.ndarray], *, config: EncoderConfig) -> dict[str, dict[str, np.ndarray]]:
    """Our weights as `{module folder: {their name: tensor}}`, all that differs from a freshly built stock model."""
    tensors: dict[str, dict[str, np.ndarray]] = {}
    for (folder, name), tensor in _layout(config).to_stock(state).items():
        tensors.setdefault(folder, {})[name] = tensor
    return tensors


def from_stock(read: ReadArray, *, config: EncoderConfig) -> tuple[dict[str, np.ndarray], EncoderConfig]:
    """Our weights out of a stock folder, and the encoder's configuration, which fine-tuning there may have changed.

    `config` is what the folder was written with; `read(module folder, their name)` gives one tensor. Raises
    `ValueError` if something was trained there that this encoder keeps fixed.
    """
    return _layout(config).from_stock(read)


def _layout(config: EncoderConfig) -> StockLayout:
    return _LAYOUTS[type(config)](config)
