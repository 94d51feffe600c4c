"""Which words have vectors, and by which attribute of a token."""

from spacy.attrs import LOWER, NORM, ORTH

from beast_core import is_blank

# Attributes of a word as such: spaCy looks a token's vector up through its lexeme, which has no lemma or tag.
ATTRIBUTES = {"ORTH": ORTH, "TEXT": ORTH, "LOWER": LOWER, "NORM": NORM}


def attribute_id(attr: str) -> int:
    """spaCy's number of a token attribute that words can be embedded by. Raises `ValueError` for any other."""
    found = ATTRIBUTES.get(attr.upper()) if isinstance(attr, str) else None
    if found is None:
        raise ValueError(f"attr is {attr!r}, expected one of {sorted(ATTRIBUTES)}: attributes that every word has")
    return int(found)


def has_vector(word: str) -> bool:
    """False for the empty string, white space and what is not shown, such as a lone soft hyphen; else True."""
    if word.isascii():
        return bool(word) and not word.isspace()
    return not (word.isspace() or is_blank(word))
