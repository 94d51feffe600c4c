"""From a teacher's table of word vectors to a model folder: read, distil, evaluate. Run from the repository root."""
