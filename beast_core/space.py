"""Which vectors may be compared: those of one space."""

from collections.abc import Mapping


def check_same_space(spaces: Mapping[str, str]) -> None:
    """Raises `ValueError` if things of these names have vectors of different spaces; "" is a space that is not known.

    >>> check_same_space({"en": "lexical 1", "de": "lexical 1", "mine": ""})
    """
    known = {name: space for name, space in spaces.items() if space}
    if len(set(known.values())) > 1:
        told = ", ".join(f"{name} is of {space!r}" for name, space in known.items())
        raise ValueError(
            f"vectors of different spaces cannot be compared: {told}; give models and tables that were made of one "
            "teacher's space"
        )
