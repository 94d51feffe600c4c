"""What finished runs and their scores say: model card, cost and the curve of a training."""
