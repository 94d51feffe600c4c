"""What every stage uses and what belongs to none: errors, settings, files, processes, rows of numbers, words."""
