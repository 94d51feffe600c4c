"""Spanish from installable packages: the words of the lexicon, and what the Spanish teacher knows of words."""
