"""How weights move: AdamW with a rate of its own for the embeddings, warm-up, then half a cosine."""

import math

import torch
from torch import nn

from training.distill.settings import DistillSettings


def make_optimiser(
    encoder: nn.Module, *, settings: DistillSettings, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """The optimiser and the schedule of a run of so many steps.

    Embeddings do not decay: most of their rows get no gradient in a step. AdamW: Loshchilov and Hutter 2017, Decoupled
    weight decay regularization, https://arxiv.org/abs/1711.05101; the cosine: the same 2016, https://arxiv.org/abs/1608.03983.
    """
    embeddings = [module.weight for module in encoder.modules() if isinstance(module, nn.Embedding)]
    known = {id(weight) for weight in embeddings}
    others = [parameter for parameter in encoder.parameters() if id(parameter) not in known]
    groups = [
        {"params": embeddings, "lr": settings.embedding_learning_rate, "weight_decay": 0.0},
        {"params": others, "lr": settings.learning_rate, "weight_decay": settings.weight_decay},
    ]
    optimiser = torch.optim.AdamW(groups, fused=True)
    warm_up = settings.warmup_share * steps

    def rate(step: int) -> float:
        if step < warm_up:
            return (step + 1) / (warm_up + 1)
        return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1.0, steps - warm_up)))

    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
