"""The rates that each preset learns at: what is good for one teaches another nothing."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What a run has where its settings do not say it, under the names that it has there."""

    batch_size: int
    learning_rate: float
    embedding_learning_rate: float
    warmup_share: float


# Without layers, most weights are rows of tables that are touched rarely. Layers that are normalised after each sum
# want a much lower rate, and a warm-up: their first gradients are large (Xiong et al. 2020, On Layer
# Normalization in the Transformer Architecture, https://arxiv.org/abs/2002.04745). Of these, the fewer the faster.
RATES = {
    "beast": Rates(batch_size=2048, learning_rate=2e-3, embedding_learning_rate=2e-2, warmup_share=0.05),
    "base": Rates(batch_size=512, learning_rate=1e-4, embedding_learning_rate=1e-3, warmup_share=0.1),
    "mini": Rates(batch_size=512, learning_rate=3e-4, embedding_learning_rate=1e-3, warmup_share=0.1),
    "asterisk": Rates(batch_size=512, learning_rate=6e-4, embedding_learning_rate=1e-3, warmup_share=0.1),
}
