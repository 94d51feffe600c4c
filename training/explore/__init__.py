"""The stage that shows what a model makes of a list of words: python -m training.explore."""
