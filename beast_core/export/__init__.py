"""Models, and vectors of lists of words, for programs that have nothing of this package.

    python -m beast_core.export onnx es beast.onnx

The encoder itself is a function of bytes: `beast_core.export.description` says how words become bytes.
"""

from beast_core.export.models import write_onnx, write_program
from beast_core.export.tables import write_keyed_vectors, write_numpy, write_word2vec
from beast_core.export.words import WordList, read_word_list

__all__ = [
    "WordList",
    "read_word_list",
    "write_keyed_vectors",
    "write_numpy",
    "write_onnx",
    "write_program",
    "write_word2vec",
]
