"""The stage that makes a list of words: python -m training.lexicon."""
