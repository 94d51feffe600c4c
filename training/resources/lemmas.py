"""Tables of inflected forms and their lemmas, from the packages spacy-lookups-data and simplemma.

Barbaresi, simplemma, https://doi.org/10.5281/zenodo.4673264. Its README names the sources of all its data together,
among them dictionaries of FreeLing; its folder `licenses` refers to FreeLing's COPYING, by which those of German and
Italian are under CC BY-SA 3.0, those of French and Spanish under the LGPLLR, those of English, Russian and Portuguese
under the AGPL and the GPL 3, and there are none of Dutch, Polish, Swedish and Finnish. So it is named by records of
languages that it may be used for in what is under CC BY-SA.
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
            for form, lemmas in read_table(language, name).items():
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
