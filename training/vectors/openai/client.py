"""Many requests to one paid endpoint: several at a time, at a bounded pace, asked again where that may help.

The official client (`openai`) is not used: it asks again by status alone and outside of any pace, begins its time-out
anew with each byte, unpacks bodies of any length, takes answers that are not whole and tells every server the account
that OPENAI_ORG_ID names, so that nearly all of this module would have to stand around it.
"""

import asyncio
import json
import math
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from tqdm import tqdm

from training.vectors.openai.errors import EndpointError, PassingError
from training.vectors.openai.key import hide_key, read_key
from training.vectors.openai.options import Options

# The status codes that the endpoint's own client asks again after (github.com/openai/openai-python), beside 5xx.
_PASSING = (408, 409, 429)
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
_REPORTED_WAIT = 5.0
_GRACE_SECONDS = 10.0
_MOST_ERROR_BYTES = 16_384
_MESSAGE_LENGTH = 500


class _Stopped(Exception):
    """Another request failed for good, or the user asked to stop."""


@dataclass(frozen=True)
class Request:
    """What to post, how many tokens it counts for, how long the answer may be, and what errors call it."""

    payload: dict[str, Any]
    tokens: int
    most_bytes: int
    name: str


Accept = Callable[[Request, bytes], None]


class EndpointClient:
    """Posts JSON to the endpoint that the options name, no faster than they say.

    The key is read when the first request is made and held in memory only. The pace is even: a request starts no sooner
    than its share of a minute after the one before it. The time-out is for a whole request.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._url = f"{options.base_url.rstrip('/')}/embeddings"
        self._key = ""
        self._next_start = 0.0

    def post(self, requests: Iterator[Request], *, accept: Accept) -> None:
        """Posts every request and gives each answer to `accept` as soon as it is there, in any order.

        An answer that `accept` refuses with `PassingError` is asked for again, like a request that met a busy or broken
        server or no server at all. When one fails for good, those under way are waited for and accepted, and no
        further one is begun. Interrupted, it waits a few seconds for those under way, then drops them; interrupted
        twice, it drops them at once.

        Raises `EndpointError`, `KeyboardInterrupt` and whatever else `accept` raises.
        """
        self._key = read_key(self._options.key_variable)
        asyncio.run(self._post_all(requests, accept))

    async def _post_all(self, requests: Iterator[Request], accept: Accept) -> None:
        self._stop, self._line = asyncio.Event(), asyncio.Lock()
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {self._key}"} if self._key else {})
        # The time-outs of httpx start anew with each byte that trickles in, so there is one of ours instead.
        async with httpx.AsyncClient(timeout=None, headers=headers, limits=httpx.Limits(max_connections=None)) as http:
            workers = [
                asyncio.create_task(self._work(requests, http=http, accept=accept))
                for _ in range(self._options.concurrency)
            ]
            try:
                await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
                self._stop.set()
                await asyncio.wait(workers)
            except asyncio.CancelledError:
                self._stop.set()
                self._report(f"stopping: at most {_GRACE_SECONDS:.0f} seconds for answers that are on their way")
                await asyncio.wait(workers, timeout=_GRACE_SECONDS)
                raise
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
        for worker in workers:
            worker.result()  # raises what ended it

    async def _work(self, requests: Iterator[Request], *, http: httpx.AsyncClient, accept: Accept) -> None:
        """Takes requests off the iterator that all workers share."""
        with suppress(_Stopped):
            while not self._stop.is_set() and (request := next(requests, None)) is not None:
                await self._ask(request, http=http, accept=accept)

    async def _ask(self, request: Request, *, http: httpx.AsyncClient, accept: Accept) -> None:
        attempts = self._options.attempts
        for attempt in range(1, attempts + 1):
            await self._wait_in_line(request.tokens)
            try:
                return accept(request, await self._answer(request, http=http))
            except PassingError as error:
                problem = error
            if attempt < attempts:
                await self._back_off(problem, attempt=attempt)
        raise self._error(request, f"failed {attempts} times, the last time: {problem}")

    async def _answer(self, request: Request, *, http: httpx.AsyncClient) -> bytes:
        """The body of an answer as it came: nothing is unpacked, so that a few bytes cannot become many."""
        try:
            async with (
                asyncio.timeout(self._options.timeout_seconds),
                http.stream("POST", self._url, json=request.payload) as response,
            ):
                most = request.most_bytes if response.is_success else _MOST_ERROR_BYTES
                body = await _read(response, most=most)
        except TimeoutError:
            raise PassingError(f"no whole answer within timeout_seconds = {self._options.timeout_seconds:g}") from None
        except httpx.RequestError as error:
            raise PassingError(f"{type(error).__name__}: {error}") from None
        if not response.is_success:
            raise self._refusal(request, response, body=body)
        if len(body) > most:
            raise self._error(request, f"the answer is longer than {most:,} bytes", hint="check model and dimensions")
        packing = response.headers.get("Content-Encoding", "")
        if packing.lower() not in ("", "identity"):
            raise self._error(request, f"the answer is packed ({packing}), unasked for", hint="check base_url")
        return body

    def _refusal(self, request: Request, response: httpx.Response, *, body: bytes) -> Exception:
        """What to raise for an answer with the status of an error."""
        status, (message, kinds) = response.status_code, _read_error(body)
        message = f"the server answered {status} {response.reason_phrase}: {message}"
        wait = _retry_after(response.headers.get("Retry-After", ""))
        if status not in _PASSING and status < 500:
            return self._error(request, message, hint=_HINTS.get(status, "check base_url"))
        if "insufficient_quota" in kinds:
            hint = "waiting does not help; look at the plan and the billing of the account"
            return self._error(request, message, hint=hint)
        if wait > _LONGEST_WAIT:
            return self._error(request, message, hint=f"it asks to wait {wait:g} seconds")
        return PassingError(message, wait=wait, busy=status in (429, 503))

    async def _wait_in_line(self, tokens: int) -> None:
        async with self._line:  # first come, first served; who waits here holds up all who come later
            while (wait := self._next_start - time.monotonic()) > 0:
                await self._sleep(wait)
            if self._stop.is_set():
                raise _Stopped
            self._next_start = time.monotonic() + 60 * self._options.minutes(requests=1, tokens=tokens)

    async def _back_off(self, problem: PassingError, *, attempt: int) -> None:
        """Waits twice as long each time, less a random part so that several do not come back at the same moment.

        (aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter.) A server that is busy is busy for all.
        """
        longest = min(_LONGEST_BACK_OFF, self._options.first_wait_seconds * 2 ** (attempt - 1))
        wait = problem.wait + random.uniform(longest / 2, longest)
        if wait >= _REPORTED_WAIT:
            self._report(f"{problem}; attempt {attempt + 1} of {self._options.attempts} in {wait:.0f} seconds")
        if problem.busy:
            self._next_start = max(self._next_start, time.monotonic() + wait)
        await self._sleep(wait)

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
        if self._stop.is_set():
            raise _Stopped

    def _report(self, message: str) -> None:
        tqdm.write(self._clean(message), file=sys.stderr)

    def _error(self, request: Request, message: str, *, hint: str = "") -> EndpointError:
        message = self._clean(f"{self._url}, {request.name}: {message}")
        return EndpointError(f"{message}; {hint}" if hint else message)

    def _clean(self, message: str) -> str:
        """One short line without the key."""
        message = "".join(letter if letter.isprintable() else " " for letter in message)
        line = hide_key(message, key=self._key)
        return line if len(line) <= _MESSAGE_LENGTH else f"{line[:_MESSAGE_LENGTH]}..."


async def _read(response: httpx.Response, *, most: int) -> bytes:
    """The body, or its beginning: a little more than `most` bytes of one that is longer."""
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > most:
            break
    return bytes(body)


def _read_error(body: bytes) -> tuple[str, set[str]]:
    """The message of an error and the names the server gives to its kind."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"]), {str(error.get("type")), str(error.get("code"))}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return body.decode(errors="replace") or "(no message)", set()


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
