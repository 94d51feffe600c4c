"""What finished runs and their scores say: model card, cost and the curve of a training."""

from training.common.threads import spin_briefly

spin_briefly()
