"""spaCy's keys of words and the words themselves, across the string stores that a vocab has had."""

import sys
from collections.abc import Iterator

from spacy.strings import StringStore, get_string_id

from spacy_beast.words import has_vector


class Strings:
    """The store of a vocab, and those before it as fallbacks.

    An unpickled vocab first gives its vectors a store, then replaces it by the one that they were pickled with, and
    does not tell them (`spacy.vocab.unpickle_vocab`).
    """

    def __init__(self, *stores: StringStore) -> None:
        self._stores = list(stores)

    @property
    def latest(self) -> StringStore:
        """The store that was set last."""
        return self._stores[0]

    def use(self, store: StringStore) -> None:
        """Looks words up in this store first."""
        self._stores = [store, *(known for known in self._stores if known is not store)]

    def find(self, key: int) -> str | None:
        """The word of a key, if it is known."""
        for store in self._stores:  # asked for every new word: a generator would take three times as long
            if key in store:  # type: ignore[operator]
                word: str = store[key]
                return word
        return None

    def word(self, key: int | str) -> str:
        """The word of a key, a word as it is. Raises `KeyError` for a key of no known word."""
        if isinstance(key, str):
            return key
        if (word := self.find(key)) is None:
            raise KeyError(f"no string is known for the key {key}; pass the word, or call nlp.vocab.strings.add(word)")
        return word

    def add(self, word: str) -> int:
        """Makes a word known, in all stores, as only the vocab knows which is its own; its key."""
        for store in self._stores:
            store.add(word)
        return int(get_string_id(word))

    def words(self) -> list[str]:
        """All known words that have a vector."""
        return [word for word in dict.fromkeys(self._all()) if has_vector(word)]

    def _all(self) -> Iterator[str]:
        for store in self._stores:
            yield from store

    def in_use(self) -> list[StringStore]:
        """The stores that somebody else holds too, or all if there are none.

        Nobody adds words to the others any more, and the vocab has taken over what they hold.
        """
        *counts, alone = [sys.getrefcount(store) for store in [*self._stores, StringStore()]]
        held = [store for store, count in zip(self._stores, counts, strict=True) if count > alone + 1]
        return held or self._stores
