"""The stage that asks a teacher for the vector of every word of a list: python -m training.teach."""
