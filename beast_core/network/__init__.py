"""All that needs torch: the networks of all families, to be trained, and what computes with them anywhere.

Whatever has no layers is computed without it, by `beast_core.kernel`; the networks are its reference.
"""

from beast_core.families.flatten import FlattenConfig
from beast_core.families.ngram import NgramConfig
from beast_core.network.encoder import NETWORKS, BeastEncoder
from beast_core.network.flatten import FlattenEncoder
from beast_core.network.folders import read_encoder, write_encoder
from beast_core.network.ngram import NgramEncoder
from beast_core.network.words import NetworkEncoder

NETWORKS.update({FlattenConfig: FlattenEncoder, NgramConfig: NgramEncoder})

__all__ = ["BeastEncoder", "NetworkEncoder", "read_encoder", "write_encoder"]
