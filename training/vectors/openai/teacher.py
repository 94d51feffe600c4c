"""An OpenAI-compatible embeddings endpoint as a teacher: the route of the published BEAST, whose teacher was GPT-3.

Every answer is committed to `vectors.sqlite` in the teacher's folder before anything else happens, and only words that
are not there are asked for. So no word is paid for twice, whenever and however the program ends, but for those whose
request was under way in that moment (at most `batch_size * concurrency`; Ctrl-C waits for their answers, a kill cannot)
and those of an answer that came late or damaged and is asked for again.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from training.vectors import Estimate, OfAnyLanguage
from training.vectors.openai.answers import WIDEST, most_bytes, read_vectors
from training.vectors.openai.client import EndpointClient, Request
from training.vectors.openai.errors import EndpointError
from training.vectors.openai.options import MOST_TOKENS, Options
from training.vectors.openai.paid_vectors import PaidVectors

# Tokens are not counted, as each model cuts words differently, but guessed on the high side: one, and one more for each
# three bytes begun. English text has about four bytes a token; words without a text around them are cut finer.
_BYTES_A_TOKEN = 3

_SECONDS_A_REQUEST = 1.0  # a guess, for the estimate of time only
_WORDS_A_STEP = 10_000
_PROBE = "a"  # the word that teaches the width, if the width is asked for before any other word


class OpenAITeacher(OfAnyLanguage):
    """Vectors of an embeddings endpoint. Raises what `PaidVectors` raises."""

    def __init__(self, options: Options, *, folder: Path) -> None:
        self._options = options
        self._url = options.base_url.rstrip("/")
        made_by = {"base_url": self._url, "model": options.model, "dimensions": options.dimensions}
        self._paid = PaidVectors(folder / "vectors.sqlite", made_by=made_by)
        self._client = EndpointClient(options)

    @property
    def width(self) -> int:
        """Entries of a vector. Where neither the options nor an earlier answer tell, one word is paid for to learn it.

        Raises `EndpointError`.
        """
        if self._known_width is None:
            self._pay([self._text(_PROBE)])
        assert self._known_width is not None
        return self._known_width

    @property
    def _known_width(self) -> int | None:
        return self._options.dimensions or self._paid.width

    def identity(self) -> dict[str, Any]:
        """See `Teacher`."""
        options = self._options
        return {
            "base_url": self._url,
            "model": options.model,
            "dimensions": options.dimensions,
            "template": options.template,
        }

    def estimate(self, words: Iterable[str]) -> Estimate:
        """What the words that are not yet paid for will take; the words are taken to be distinct.

        `tokens` is a guess on the high side: for each word in its template one, and one for each three bytes begun.
        `seconds` takes a request for a second of work, `concurrency` at a time, unless the pace that was set is slower.
        Nothing is asked of the endpoint.
        """
        options, requests, tokens = self._options, 0, 0
        for request in self._requests(self._unpaid(words)):
            requests += 1
            tokens += request.tokens
        price = options.price_per_million_tokens
        seconds = max(
            requests * _SECONDS_A_REQUEST / options.concurrency, 60 * options.minutes(requests=requests, tokens=tokens)
        )
        cost = None if price is None else tokens * price / 1e6
        return Estimate(requests=requests, tokens=tokens, cost=cost, seconds=seconds)

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `Teacher`; pays for the words it does not have yet.

        White space, which endpoints refuse, is not asked for and not known; nor is a word whose vector is zero.
        Give it at least `batch_size * concurrency` words at a time to use both. Raises `EndpointError` and
        `KeyboardInterrupt`, whose messages tell how many words are paid for.
        """
        known = np.array([not word.isspace() and word != "" for word in words], dtype=bool)
        texts = [self._text(word) for word, asked in zip(words, known, strict=True) if asked]
        if missing := self._paid.missing(texts):
            self._pay(missing)
        vectors = np.zeros((len(words), self.width), dtype=np.float32)
        if texts:
            vectors[known] = self._paid.read(texts)
        return vectors, known & vectors.any(axis=1)

    def close(self) -> None:
        """Lets others use the folder; the end of the process does so too."""
        self._paid.close()

    def _text(self, word: str) -> str:
        return self._options.template.replace("{}", word)

    def _unpaid(self, words: Iterable[str]) -> Iterator[str]:
        rest = (self._text(word) for word in words if word and not word.isspace())
        while texts := list(islice(rest, _WORDS_A_STEP)):
            yield from self._paid.missing(texts)

    def _requests(self, texts: Iterable[str]) -> Iterator[Request]:
        """Requests of at most `batch_size` texts and as many tokens as a request, or a minute, may hold.

        Where the width is not known yet, the first is of one text: its answer says how long those of others may be.
        """
        most = min(MOST_TOKENS, self._options.tokens_per_minute or MOST_TOKENS)
        size = 1 if self._known_width is None else self._options.batch_size
        batch: list[str] = []
        tokens = 0
        for text in texts:
            more = 1 + math.ceil(len(text.encode()) / _BYTES_A_TOKEN)
            if batch and (len(batch) == size or tokens + more > most):
                yield self._request(batch, tokens=tokens)
                batch, tokens, size = [], 0, self._options.batch_size
            batch.append(text)
            tokens += more
        if batch:
            yield self._request(batch, tokens=tokens)

    def _request(self, batch: list[str], *, tokens: int) -> Request:
        options = self._options
        payload: dict[str, Any] = {"model": options.model, "input": batch, "encoding_format": options.encoding_format}
        payload |= {"dimensions": options.dimensions} if options.dimensions else {}
        return Request(
            payload,
            tokens=tokens,
            most_bytes=most_bytes(count=len(batch), width=self._known_width or WIDEST),
            name=f"{len(batch)} words from {batch[0]!r} to {batch[-1]!r}",
        )

    def _pay(self, texts: list[str]) -> None:
        try:
            requests = self._requests(texts)
            if self._known_width is None:
                self._client.post(islice(requests, 1), accept=self._accept)
            self._client.post(requests, accept=self._accept)
        except (EndpointError, KeyboardInterrupt) as error:
            cause = f"{error}; " if str(error) else ""
            raise type(error)(
                f"{cause}{len(self._paid):,} words are paid for and stored in {self._paid.file}: the same command goes "
                "on from there"
            ) from None

    def _accept(self, request: Request, body: bytes) -> None:
        texts = request.payload["input"]
        self._paid.store(texts, vectors=read_vectors(body, count=len(texts), width=self._known_width))


def open_teacher(options: Options, *, lexicon: Path, folder: Path) -> OpenAITeacher:
    """The endpoint as a teacher, with what was paid for earlier; `lexicon` is not needed.

    Raises `ValueError` if `folder` holds vectors of another model, `OSError` if another process uses it.
    """
    return OpenAITeacher(options, folder=folder)
