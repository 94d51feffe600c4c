"""The options of a teacher behind an endpoint."""

import re
from typing import Annotated, Literal

import httpx
from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from training.common.settings import CHECKED, Filled
from training.vectors.openai.answers import WIDEST

# What one request may hold (learn.microsoft.com/azure/foundry/reference/rest/embeddings-create-embedding).
MOST_INPUTS = 2048
MOST_TOKENS = 300_000


# pydantic shows what was given when its own error is raised, and that may hold a key.
@dataclass(frozen=True, kw_only=True, config={**CHECKED, "hide_input_in_errors": True})
class Options:
    """What to ask of whom, and how fast.

    `key_variable` is the name of the environment variable that holds the key; empty for a server that wants none.
    `dimensions` is sent along if given; without it the first word is asked for alone, and its vector tells the width.
    `{}` in `template` stands for the word. The time-out is for a whole request; a request is made at most `attempts`
    times, with `first_wait_seconds` and then twice as many between. Without `price_per_million_tokens` the cost is not
    estimated.

    Raises `ValueError` that lists every problem at once.
    """

    model: Filled
    base_url: str = "https://api.openai.com/v1"
    key_variable: str = "OPENAI_API_KEY"
    dimensions: Annotated[int, Field(ge=1, le=WIDEST)] | None = None
    template: str = "{}"
    encoding_format: Literal["base64", "float"] = "base64"  # fewer bytes and exact; servers may answer with either
    batch_size: Annotated[int, Field(ge=1, le=MOST_INPUTS)] = 512  # words of a request
    concurrency: Annotated[int, Field(ge=1, le=256)] = 4  # requests under way at once
    requests_per_minute: Annotated[float, Field(ge=0, le=1e9)] = 0  # 0 sets no bound
    tokens_per_minute: Annotated[float, Field(ge=0, le=1e12)] = 0
    timeout_seconds: Annotated[float, Field(ge=0.001, le=86_400)] = 60
    attempts: Annotated[int, Field(ge=1, le=100)] = 8
    first_wait_seconds: Annotated[float, Field(ge=0, le=600)] = 1
    price_per_million_tokens: Annotated[float, Field(ge=0, le=1e9)] | None = None

    @field_validator("base_url")
    @classmethod
    def _check_address(cls, url: str) -> str:
        """An address is written to files, so one that may hold a secret is refused, and not shown."""
        if any(mark in url for mark in "@?#"):
            raise ValueError("base_url holds '@', '?' or '#', expected a plain address; keys go into the environment")
        try:
            address = httpx.URL(url)
            good = address.scheme in ("http", "https") and address.host
        except httpx.InvalidURL:
            good = False
        if not good:
            raise ValueError(f"base_url is {url!r}, expected an address such as https://api.openai.com/v1")
        return url

    @field_validator("key_variable")
    @classmethod
    def _check_variable(cls, name: str) -> str:
        if not re.fullmatch(r"([A-Za-z_]\w*)?", name, flags=re.ASCII):
            # Not shown: it may be the key itself.
            raise ValueError("key_variable is not the name of an environment variable; the key itself belongs in none")
        return name

    @field_validator("template")
    @classmethod
    def _check_template(cls, template: str) -> str:
        if "{}" not in template:
            raise ValueError(f"template is {template!r}, expected a text with {{}} in the place of the word")
        return template

    def minutes(self, *, requests: int, tokens: int) -> float:
        """How long so many requests with so many tokens take at the pace that is set; 0 if none is."""
        of_requests = requests / self.requests_per_minute if self.requests_per_minute else 0.0
        return max(of_requests, tokens / self.tokens_per_minute if self.tokens_per_minute else 0.0)
