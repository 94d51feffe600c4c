"""The one error for what a person gave to a command: files, names and numbers that cannot be used."""


class InputError(ValueError):
    """Something given cannot be used; the message says what, where, what was expected and what to do."""
