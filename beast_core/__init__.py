"""BEAST: one word in, one vector out, from its bytes alone. The encoder that both plugins share."""

from beast_core.config import EncoderConfig
from beast_core.encoder import BeastEncoder
from beast_core.encoding import check_words, encode_words
from beast_core.families import PRESETS
from beast_core.inference import DEFAULT_CACHE_SIZE, WordEncoder, load_encoder
from beast_core.model_files import ModelFolderError
from beast_core.shipped import UnknownLanguageError, shipped_languages
from beast_core.space import check_same_space
from beast_core.spelling import is_blank
from beast_core.storage import read_encoder, write_encoder

__all__ = [
    "DEFAULT_CACHE_SIZE",
    "PRESETS",
    "BeastEncoder",
    "EncoderConfig",
    "ModelFolderError",
    "UnknownLanguageError",
    "WordEncoder",
    "check_same_space",
    "check_words",
    "encode_words",
    "is_blank",
    "load_encoder",
    "read_encoder",
    "shipped_languages",
    "write_encoder",
]
