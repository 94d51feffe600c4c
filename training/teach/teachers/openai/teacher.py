"""An OpenAI-compatible embeddings endpoint as a teacher: the route of the published BEAST, whose teacher was GPT-3.

Every answer is committed to `vectors.sqlite` in the teacher's folder before anything else happens, and only words that
are not there are asked for. So no word is paid for twice, whenever and however the program ends, but for those whose
request was under way in that moment (at most `batch_size * concurrency`; Ctrl-C waits for their answers, a kill cannot)
and those of an answer that came late or damaged and is asked for again.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import httpx
import numpy as np

from training.common.settings import check_fields
from training.teach.teachers import Estimate
from training.teach.teachers.openai.answers import read_vectors
from training.teach.teachers.openai.client import EndpointClient, EndpointError, Request
from training.teach.teachers.openai.paid_vectors import PaidVectors

# What one request may hold (learn.microsoft.com/azure/foundry/reference/rest/embeddings-create-embedding).
_MOST_INPUTS = 2048
_MOST_TOKENS = 300_000

# Tokens are not counted, as each model cuts words differently, but guessed on the high side: one, and one more for each
# three bytes begun. English text has about four bytes a token; words without a text around them are cut finer.
_BYTES_A_TOKEN = 3

_SECONDS_A_REQUEST = 1.0  # a guess, for the estimate of time only
_WORDS_A_STEP = 10_000
_PROBE = "a"  # the word that teaches the width, if the width is asked for before any other word


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to ask of whom, and how fast.

    `key_variable` is the name of the environment variable that holds the key; empty for a server that wants none.
    `dimensions` is sent along if given; without it the width is that of the first answer. `{}` in `template` stands for
    the word. The time-out is for a whole request; a request is made at most `attempts` times, with
    `first_wait_seconds` and then twice as many between. Without `price_per_million_tokens` the cost is not estimated.

    Raises `ValueError` that lists every problem at once.
    """

    model: str
    base_url: str = "https://api.openai.com/v1"
    key_variable: str = "OPENAI_API_KEY"
    dimensions: int | None = None
    template: str = "{}"
    encoding_format: Literal["base64", "float"] = "base64"  # fewer bytes and exact; servers may answer with either
    batch_size: int = 512  # words of a request
    concurrency: int = 4  # requests under way at once
    requests_per_minute: float = 0  # 0 sets no bound
    tokens_per_minute: float = 0
    timeout_seconds: float = 60
    attempts: int = 8
    first_wait_seconds: float = 1
    price_per_million_tokens: float | None = None

    def __post_init__(self) -> None:
        if problems := check_fields(self) or self._value_problems():
            raise ValueError("invalid options: " + "; ".join(problems))

    def _value_problems(self) -> list[str]:
        problems = [] if self.model else ["model is empty, expected the name of an embeddings model"]
        problems += _url_problems(self.base_url)
        if not re.fullmatch(r"([A-Za-z_]\w*)?", self.key_variable, flags=re.ASCII):
            # Not shown: it may be the key itself.
            problems.append("key_variable is not the name of an environment variable; the key itself belongs in none")
        if "{}" not in self.template:
            problems.append(f"template is {self.template!r}, expected a text with {{}} in the place of the word")
        problems += [
            f"{name} is {getattr(self, name)}, expected {least} to {most:,}"
            for name, least, most in (
                ("dimensions", 1, 65_536),
                ("batch_size", 1, _MOST_INPUTS),
                ("concurrency", 1, 256),
                ("attempts", 1, 100),
                ("timeout_seconds", 0.001, 86_400),
                ("first_wait_seconds", 0, 600),
                ("requests_per_minute", 0, 10**9),
                ("tokens_per_minute", 0, 10**12),
                ("price_per_million_tokens", 0, 10**9),
            )
            if getattr(self, name) is not None and not least <= getattr(self, name) <= most
        ]
        return problems


def _url_problems(url: str) -> Iterator[str]:
    """An address is written to files, so one that may hold a secret is refused, and not shown."""
    if any(mark in url for mark in "@?#"):
        yield "base_url holds '@', '?' or '#', expected a plain address; a key goes into the environment"
        return
    try:
        address = httpx.URL(url)
        good = address.scheme in ("http", "https") and address.host
    except httpx.InvalidURL:
        good = False
    if not good:
        yield f"base_url is {url!r}, expected an address such as https://api.openai.com/v1"


class OpenAITeacher:
    """Vectors of an embeddings endpoint. Raises what `PaidVectors` raises."""

    def __init__(self, options: Options, *, folder: Path) -> None:
        self._options = options
        self._url = options.base_url.rstrip("/")
        made_by = {"base_url": self._url, "model": options.model, "dimensions": options.dimensions}
        self._paid = PaidVectors(folder / "vectors.sqlite", made_by=made_by)
        self._client = EndpointClient(
            f"{self._url}/embeddings",
            key_variable=options.key_variable,
            concurrency=options.concurrency,
            requests_per_minute=options.requests_per_minute,
            tokens_per_minute=options.tokens_per_minute,
            timeout_seconds=options.timeout_seconds,
            attempts=options.attempts,
            first_wait_seconds=options.first_wait_seconds,
        )

    @property
    def width(self) -> int:
        """Entries of a vector. Where neither the options nor an earlier answer tell, one word is paid for to learn it.

        Raises `EndpointError`.
        """
        if (self._options.dimensions or self._paid.width) is None:
            self._pay([self._text(_PROBE)])
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
        price, minutes = options.price_per_million_tokens, [requests * _SECONDS_A_REQUEST / options.concurrency / 60]
        minutes += [requests / options.requests_per_minute] if options.requests_per_minute else []
        minutes += [tokens / options.tokens_per_minute] if options.tokens_per_minute else []
        cost = None if price is None else tokens * price / 1e6
        return Estimate(requests=requests, tokens=tokens, cost=cost, seconds=60 * max(minutes))

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
        """Requests of at most `batch_size` texts and as many tokens as a request, or a minute, may hold."""
        most = min(_MOST_TOKENS, self._options.tokens_per_minute or _MOST_TOKENS)
        batch, tokens = [], 0
        for text in texts:
            more = 1 + math.ceil(len(text.encode()) / _BYTES_A_TOKEN)
            if batch and (len(batch) == self._options.batch_size or tokens + more > most):
                yield self._request(batch, tokens=tokens)
                batch, tokens = [], 0
            batch.append(text)
            tokens += more
        if batch:
            yield self._request(batch, tokens=tokens)

    def _request(self, batch: list[str], *, tokens: int) -> Request:
        options = self._options
        payload = {"model": options.model, "input": batch, "encoding_format": options.encoding_format}
        payload |= {"dimensions": options.dimensions} if options.dimensions else {}
        return Request(payload, tokens=tokens, name=f"{len(batch)} words from {batch[0]!r} to {batch[-1]!r}")

    def _pay(self, texts: list[str]) -> None:
        try:
            self._client.post(self._requests(texts), accept=self._accept)
        except (EndpointError, KeyboardInterrupt) as error:
            told = f"{error}; " if str(error) else ""
            raise type(error)(
                f"{told}{len(self._paid):,} words are paid for and stored in {self._paid.file}: the same command goes "
                "on from there"
            ) from None

    def _accept(self, request: Request, body: bytes) -> None:
        texts, width = request.payload["input"], self._options.dimensions or self._paid.width
        self._paid.store(texts, vectors=read_vectors(body, count=len(texts), width=width))


def open_teacher(options: Options, *, lexicon: Path, folder: Path) -> OpenAITeacher:
    """The endpoint as a teacher, with what was paid for earlier; `lexicon` is not needed.

    Raises `ValueError` if `folder` holds vectors of another model, `OSError` if another process uses it.
    """
    return OpenAITeacher(options, folder=folder)
