"""BEAST for sentence-transformers: folders that load without this package, and a faster model of the same vectors."""

from st_beast.model import BeastSentenceTransformer, load, save

__all__ = ["BeastSentenceTransformer", "load", "save"]
