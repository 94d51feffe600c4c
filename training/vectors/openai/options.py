"""The options of a teacher behind an endpoint."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import httpx

from training.common.settings import check_fields
from training.vectors.openai.answers import WIDEST

# What one request may hold (learn.microsoft.com/azure/foundry/reference/rest/embeddings-create-embedding).
MOST_INPUTS = 2048
MOST_TOKENS = 300_000


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to ask of whom, and how fast.

    `key_variable` is the name of the environment variable that holds the key; empty for a server that wants none.
    `dimensions` is sent along if given; without it the first word is asked for alone, and its vector tells the width.
    `{}` in `template` stands for the word. The time-out is for a whole request; a request is made at most `attempts`
    times, with `first_wait_seconds` and then twice as many between. Without `price_per_million_tokens` the cost is not
    estimated.

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

    def minutes(self, *, requests: int, tokens: int) -> float:
        """How long so many requests with so many tokens take at the pace that is set; 0 if none is."""
        of_requests = requests / self.requests_per_minute if self.requests_per_minute else 0.0
        return max(of_requests, tokens / self.tokens_per_minute if self.tokens_per_minute else 0.0)

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
                ("dimensions", 1, WIDEST),
                ("batch_size", 1, MOST_INPUTS),
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
