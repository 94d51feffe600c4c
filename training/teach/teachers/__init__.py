"""Teachers that need more than their options: what they cost, or the word list that they teach."""
