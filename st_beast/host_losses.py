"""Losses of sentence-transformers that a BEAST model cannot be trained with say so when they are made.

They would fail at an assertion without a word, or at an attribute of `None`. What a loss looks at first is torch's own
making a model a part of the loss, so that is where to ask.
"""

from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import AdaptiveLayerLoss, DenoisingAutoEncoderLoss
from torch import nn
from torch.nn.modules.module import register_module_module_registration_hook

from st_beast.word_module import WordModule

# Matryoshka2dLoss is an AdaptiveLayerLoss.
_REASONS = {
    AdaptiveLayerLoss: "it trains the output of each layer; for shorter vectors alone, MatryoshkaLoss works",
    DenoisingAutoEncoderLoss: "it trains a second transformer to write the text again from its vector",
}


def refuse_transformer_losses() -> None:
    """From now on, making such a loss of a model with a `WordModule` is a `TypeError` of ours."""
    register_module_module_registration_hook(_refuse)


def _refuse(loss: nn.Module, _: str, model: nn.Module | None) -> None:
    if isinstance(model, SentenceTransformer) and any(isinstance(module, WordModule) for module in model):
        for kind, reason in _REASONS.items():
            if isinstance(loss, kind):
                raise TypeError(
                    f"{type(loss).__name__} needs a transformer, found a BEAST model from st_beast.load: {reason}"
                )
