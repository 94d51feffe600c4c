"""BEAST: one word in, one vector out, from its bytes alone. The encoder that both plugins share.

Models without layers, as those that ship are, need no torch. What does is only imported when it is asked for.
"""

from typing import TYPE_CHECKING, Any

from beast_core.config import EncoderConfig
from beast_core.encoding import check_words, encode_words
from beast_core.families import PRESETS
from beast_core.inference import DEFAULT_CACHE_SIZE, CachedEncoder, WordEncoder, load_encoder
from beast_core.model_files import ModelFolderError
from beast_core.needs import needs_torch
from beast_core.shipped import UnknownLanguageError, shipped_languages
from beast_core.space import check_same_space
from beast_core.spelling import is_blank
from beast_core.storage import Model, read_model, write_model
from beast_core.texts import TextEncoder

if TYPE_CHECKING:
    from beast_core.network import BeastEncoder, NetworkEncoder, read_encoder, write_encoder

__all__ = [
    "DEFAULT_CACHE_SIZE",
    "PRESETS",
    "BeastEncoder",
    "CachedEncoder",
    "EncoderConfig",
    "Model",
    "ModelFolderError",
    "NetworkEncoder",
    "TextEncoder",
    "UnknownLanguageError",
    "WordEncoder",
    "check_same_space",
    "check_words",
    "encode_words",
    "is_blank",
    "load_encoder",
    "read_encoder",
    "read_model",
    "shipped_languages",
    "write_encoder",
    "write_model",
]

_OF_TORCH = {"BeastEncoder", "NetworkEncoder", "read_encoder", "write_encoder"}


def __getattr__(name: str) -> Any:
    if name not in _OF_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with needs_torch(f"beast_core.{name}"):
        from beast_core import network
    return getattr(network, name)
