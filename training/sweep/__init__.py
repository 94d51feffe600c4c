"""The stage that trains variants of a configuration and compares them: python -m training.sweep."""
