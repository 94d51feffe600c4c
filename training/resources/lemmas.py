"""Tables of inflected forms and their lemmas, from the packages spacy-lookups-data and simplemma.

https://github.com/explosion/spacy-lookups-data; Barbaresi, simplemma, https://doi.org/10.5281/zenodo.4673264. What is
in simplemma may be used for some languages only: `docs/lexica.md` says why.
"""

from collections.abc import Callable, Iterator
from importlib.metadata import version

from training.common.errors import InputError
from training.resources.lookups import find_tables, read_table

_TABLES = "lemma_lookup"


def read_lemmas(language: str, *, package: str) -> list[tuple[str, str]]:
    """Pairs of a form and a lemma, as they are written, of all tables that a package has of a language (ISO 639-1).

    Raises `ImportError` if the package is not installed, `InputError` for one that is not read here, or has none.
    """
    if package not in _READERS:
        raise InputError(f"no tables of lemmas from {package!r:.40}, expected one of {', '.join(_READERS)}")
    pairs = list(_READERS[package](language))
    if not pairs:
        raise InputError(f"{package} {version(package)} has no table of lemmas of {language!r:.40}")
    return pairs


def _read_lookups(language: str) -> Iterator[tuple[str, str]]:
    """One table for all words, or one for each part of speech, or both; a form may have several lemmas."""
    for name in sorted(find_tables(language)):
        if name.startswith(_TABLES):
            for form, lemmas in read_table(language, name=name).items():
                yield from ((form, lemma) for lemma in ([lemmas] if isinstance(lemmas, str) else lemmas))


def _read_simplemma(language: str) -> Iterator[tuple[str, str]]:
    try:
        from simplemma.strategies.dictionaries import DefaultDictionaryFactory  # here, as it may be missing
    except ImportError as error:
        raise ImportError("not installed: simplemma; pip install '.[teach]'") from error

    try:
        yield from DefaultDictionaryFactory(cache_max_size=1).get_dictionary(language).items()
    except ValueError:  # a language that it does not know
        return


_READERS: dict[str, Callable[[str], Iterator[tuple[str, str]]]] = {
    "spacy-lookups-data": _read_lookups,
    "simplemma": _read_simplemma,
}
