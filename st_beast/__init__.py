"""BEAST for sentence-transformers: folders that load without this package, and a faster model of the same vectors."""

from beast_core.needs import needs_sentence_transformers

with needs_sentence_transformers("st_beast"):
    from st_beast.host_losses import refuse_transformer_losses
    from st_beast.loading import load, save
    from st_beast.sentence_transformers_model import BeastSentenceTransformer

__all__ = ["BeastSentenceTransformer", "load", "save"]

refuse_transformer_losses()
