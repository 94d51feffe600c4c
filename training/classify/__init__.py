"""How well models' vectors tell classes apart that a linear head learns: python -m training.classify."""
