"""The stage that measures models of word vectors side by side: python -m training.evaluate."""
