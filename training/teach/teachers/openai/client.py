"""Many requests to one paid endpoint: several at a time, at a bounded pace, asked again where that may help."""

import asyncio
import math
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from tqdm import tqdm

from training.teach.teachers.openai.answers import AnswerError

# The status codes that the endpoint's own client asks again after (github.com/openai/openai-python), beside 5xx.
_PASSING = (408, 409, 429)
_BUSY = (429, 503)
_HINTS = {
    400: "check model, dimensions and template, or lower batch_size",
    401: "check the key and base_url",
    403: "check the key and base_url",
    404: "check base_url and model",
    413: "lower batch_size",
    422: "check model and dimensions",
}
_LONGEST_BACK_OFF = 60.0
# A server that asks for a longer wait is out of a quota, not of breath: better said than slept through.
_LONGEST_WAIT = 600.0
_TOLD_WAIT = 5.0
_GRACE_SECONDS = 10.0
_MESSAGE_LENGTH = 500


class EndpointError(OSError):
    """The endpoint cannot or will not answer; the message says what it said, without the key."""


class _PassingError(Exception):
    """A request failed in a way that may pass. `wait` is how many seconds the server asked for, 0 if it did not."""

    def __init__(self, message: str, *, wait: float = 0.0, busy: bool = False) -> None:
        super().__init__(message)
        self.wait, self.busy = wait, busy


class _Stopped(Exception):
    """Another request failed for good, or the user asked to stop."""


@dataclass(frozen=True)
class Request:
    """What to post, how many tokens it counts for, and what errors call it."""

    payload: dict[str, Any]
    tokens: int
    name: str


@dataclass(frozen=True)
class _Job:
    """What the workers of one `post` share."""

    http: httpx.AsyncClient
    requests: Iterator[Request]
    accept: Callable[[Request, bytes], None]
    failures: list[Exception] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    line: asyncio.Lock = field(default_factory=asyncio.Lock)


class EndpointClient:
    """Posts JSON to one address.

    `key_variable` names the environment variable with the key, empty for a server that wants none; it is read when the
    first request is made and held in memory only. The pace (0 sets no bound) is even: a request starts no sooner than
    its share of a minute after the one before it.
    """

    def __init__(
        self,
        url: str,
        *,
        key_variable: str,
        concurrency: int,
        requests_per_minute: float,
        tokens_per_minute: float,
        timeout_seconds: float,
        attempts: int,
        first_wait_seconds: float,
    ) -> None:
        self._url, self._key_variable, self._key = url, key_variable, ""
        self._concurrency, self._timeout = concurrency, timeout_seconds
        self._attempts, self._first_wait = attempts, first_wait_seconds
        self._per_request = 60 / requests_per_minute if requests_per_minute else 0.0
        self._per_token = 60 / tokens_per_minute if tokens_per_minute else 0.0
        self._next_start = 0.0

    def post(self, requests: Iterator[Request], *, accept: Callable[[Request, bytes], None]) -> None:
        """Posts every request and gives each answer to `accept` as soon as it is there, in any order.

        An answer that `accept` refuses with `AnswerError` is asked for again, like a request that met a busy or broken
        server or no server at all. When one fails for good, those under way are waited for and accepted, and no
        further one is begun. Interrupted, it waits a few seconds for those under way, then drops them; interrupted
        twice, it drops them at once.

        Raises `EndpointError`, `KeyboardInterrupt` and whatever else `accept` raises.
        """
        self._key = self._read_key()
        asyncio.run(self._post_all(requests, accept))

    def _read_key(self) -> str:
        if not self._key_variable:
            return ""
        key = os.environ.get(self._key_variable, "").strip()
        if not key:
            raise EndpointError(
                f"the environment variable {self._key_variable} is empty: put the key there, or set key_variable='' "
                "for a server that wants none"
            )
        if not re.fullmatch("[!-~]+", key):  # in a header, anything else is refused by an error that shows it
            raise EndpointError(f"the key in {self._key_variable} holds white space or odd letters; copy it anew")
        return key

    async def _post_all(self, requests: Iterator[Request], accept: Callable[[Request, bytes], None]) -> None:
        # One time-out for a whole request: those of httpx start anew with each byte that trickles in.
        async with httpx.AsyncClient(timeout=None, limits=httpx.Limits(max_connections=None)) as http:
            if self._key:
                http.headers["Authorization"] = f"Bearer {self._key}"
            job = _Job(http, requests, accept)
            workers = [asyncio.create_task(self._work(job)) for _ in range(self._concurrency)]
            try:
                await asyncio.wait(workers)
            except asyncio.CancelledError:
                job.stop.set()
                self._tell(f"stopping: at most {_GRACE_SECONDS:.0f} seconds for answers that are on their way")
                await asyncio.wait(workers, timeout=_GRACE_SECONDS)
                raise
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
        if job.failures:
            raise job.failures[0]

    async def _work(self, job: _Job) -> None:
        """Takes requests off the iterator that all workers share."""
        try:
            while not job.stop.is_set() and (request := next(job.requests, None)) is not None:
                await self._ask(job, request)
        except _Stopped:
            return
        except Exception as error:
            job.failures.append(error)
            job.stop.set()

    async def _ask(self, job: _Job, request: Request) -> None:
        for attempt in range(1, self._attempts + 1):
            await self._wait_in_line(job, request.tokens)
            try:
                return job.accept(request, await self._answer(job, request))
            except AnswerError as error:
                problem = _PassingError(f"the answer cannot be used: {error}")
            except _PassingError as error:
                problem = error
            if attempt < self._attempts:
                await self._back_off(job, problem, attempt=attempt)
        raise self._error(f"{self._url}, {request.name}: failed {self._attempts} times, the last time: {problem}")

    async def _answer(self, job: _Job, request: Request) -> bytes:
        try:
            async with asyncio.timeout(self._timeout):
                response = await job.http.post(self._url, json=request.payload)
        except TimeoutError:
            raise _PassingError(f"no whole answer within timeout_seconds = {self._timeout:g}") from None
        except httpx.RequestError as error:
            raise _PassingError(f"{type(error).__name__}: {error}") from None
        if response.is_success:
            return response.content
        status, (message, kinds) = response.status_code, _said(response)
        told = f"the server answered {status} {response.reason_phrase}: {message}"
        wait = _retry_after(response.headers.get("retry-after", ""))
        if status not in _PASSING and status < 500:
            raise self._error(f"{self._url}, {request.name}: {told}", hint=_HINTS.get(status, "check base_url"))
        if "insufficient_quota" in kinds:
            raise self._error(told, hint="waiting does not help; look at the plan and the billing of the account")
        if wait > _LONGEST_WAIT:
            raise self._error(told, hint=f"it asks to wait {wait:.0f} seconds")
        raise _PassingError(told, wait=wait, busy=status in _BUSY)

    async def _wait_in_line(self, job: _Job, tokens: int) -> None:
        async with job.line:  # first come, first served; who waits here holds up all who come later
            while (wait := self._next_start - time.monotonic()) > 0:
                await self._sleep(job, wait)
            if job.stop.is_set():
                raise _Stopped
            self._next_start = time.monotonic() + max(self._per_request, self._per_token * tokens)

    async def _back_off(self, job: _Job, problem: _PassingError, *, attempt: int) -> None:
        """Waits twice as long each time, less a random part so that several do not come back at the same moment.

        (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter.) A server that is busy is busy for all.
        """
        longest = min(_LONGEST_BACK_OFF, self._first_wait * 2 ** (attempt - 1))
        wait = problem.wait + random.uniform(longest / 2, longest)
        if wait >= _TOLD_WAIT:
            self._tell(f"{problem}; attempt {attempt + 1} of {self._attempts} in {wait:.0f} seconds")
        if problem.busy:
            self._next_start = max(self._next_start, time.monotonic() + wait)
        await self._sleep(job, wait)

    async def _sleep(self, job: _Job, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(job.stop.wait(), seconds)
        if job.stop.is_set():
            raise _Stopped

    def _tell(self, message: str) -> None:
        tqdm.write(self._clean(message), file=sys.stderr)

    def _error(self, message: str, *, hint: str = "") -> EndpointError:
        return EndpointError(self._clean(message) + (f"; {hint}" if hint else ""))

    def _clean(self, message: str) -> str:
        """One short line without the key, whole or as servers shorten it: with stars, or its beginning only."""
        if self._key:
            message = message.replace(self._key, "[key]")
            message = re.sub(r"\S*\*{3}\S*", "[key]", message)
            if len(self._key) >= 16:
                message = re.sub(rf"{re.escape(self._key[:8])}\S*", "[key]", message)
        line = " ".join("".join(letter if letter.isprintable() else " " for letter in message).split())
        return line if len(line) <= _MESSAGE_LENGTH else f"{line[:_MESSAGE_LENGTH]}..."


def _said(response: httpx.Response) -> tuple[str, set[str]]:
    """The message of an error and the names the server gives to its kind."""
    try:
        error = response.json()["error"]
        return str(error["message"]), {str(error.get("type")), str(error.get("code"))}
    except (ValueError, TypeError, KeyError, AttributeError):
        return response.text or "(no message)", set()


def _retry_after(value: str) -> float:
    """Seconds from now, of a header in seconds or an HTTP date (RFC 9110, 10.2.3); 0 for anything else."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0
