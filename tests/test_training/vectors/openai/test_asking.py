import json
import re
import time
from collections import Counter
from email.utils import formatdate

import numpy as np
import pytest

from training.vectors import read_options
from training.vectors.openai.errors import EndpointError

WIDTH = 8
WORDS = [f"palabra{number}" for number in range(40)]


def whole(handler, payload):
    handler.whole(payload)


def slow(handler, payload):
    time.sleep(0.1)
    handler.whole(payload)


def late(handler, payload):
    time.sleep(0.5)
    handler.whole(payload)


def silent(handler, payload):
    time.sleep(1)


def hang_up(handler, payload):
    handler.close_connection = True


def refuse(status, message="no", **settings):
    return lambda handler, payload: handler.refuse(status, message, **settings)


def cut(handler, payload):
    content = json.dumps(handler.answer(payload)).encode()
    handler.close_connection = True
    handler.reply(content[:-20], length=len(content))


def raw(content):
    return lambda handler, payload: handler.reply(content)


def entry(**changes):
    """The answer with its second entry changed."""

    def treatment(handler, payload):
        changed = handler.answer(payload)
        changed["data"][1] |= changes
        handler.reply(changed)

    return treatment


def too_few(handler, payload):
    handler.reply({"data": handler.answer(payload)["data"][:-1]})


def shuffled(handler, payload):
    handler.pay(payload)
    handler.reply({"data": handler.answer(payload)["data"][::-1]})


@pytest.mark.parametrize("encoding_format", ["base64", "float"])
def test_each_word_gets_its_own_vector_in_whatever_order_answers_come_and_is_paid_for_once(
    server, teach, key, encoding_format
):
    server.plan.extend([slow, shuffled, whole, slow, shuffled])
    teacher = teach(encoding_format=encoding_format, concurrency=4, dimensions=None)
    vectors, known = teacher.lookup(WORDS)
    assert vectors.dtype == np.float32 and known.all()
    np.testing.assert_allclose(vectors, server.vectors(WORDS), atol=2e-3)
    again, known = teach(dimensions=None).lookup(["", *WORDS[::-1], WORDS[3], " "])  # of the file, in a new teacher
    np.testing.assert_array_equal(again[1:-1], [*vectors[::-1], vectors[3]])
    assert not again[[0, -1]].any() and known.tolist() == [False, *[True] * 41, False]
    sizes = [len(payload["input"]) for payload in server.payloads]
    assert server.paid == Counter(WORDS) and sizes[0] == 1 and sorted(sizes) == [1, 3, *[4] * 9]  # first, the width
    assert set(server.keys) == {f"Bearer {key}"}
    assert server.payloads[0].keys() == {"model", "input", "encoding_format"}


PASSING = {
    **{f"status {status}": refuse(status) for status in (408, 409, 429, 500, 503)},
    **{
        f"wait {wait}": refuse(429, Retry_After=wait) for wait in ("0.05", "-1", "nan", "soon", formatdate(usegmt=True))
    },
    **{"no answer in time": silent, "no answer": hang_up, "half an answer": cut, "too few": too_few},
    **{f"body {body}": raw(body) for body in (b"", b'{"data": [{', b"<html>", b"[]", b'{"data": 3}', b'{"error": {}}')},
    **{f"index {index!r}": entry(index=index) for index in (0, 7, -1, "1", None, True)},
    **{f"numbers {bad}": entry(embedding=bad) for bad in ([], [1.0] * 7, [float("nan")] * WIDTH, [1e39] * WIDTH)},
    **{f"not numbers {bad}": entry(embedding=bad) for bad in ([[1.0]] * WIDTH, ["1"] * WIDTH, [None] * WIDTH, None)},
    **{f"base64 {bad}": entry(embedding=bad) for bad in ("", "AAAA*", "AAAAAA==", "AAAAAAAAAAA=")},
}


def test_what_may_pass_is_asked_for_again_and_nothing_of_it_is_kept(server, teach):
    words = [f"palabra{number}" for number in range(2 * len(PASSING))]
    server.plan.extend(treatment for failure in PASSING.values() for treatment in (failure, whole))
    vectors, known = teach(batch_size=2, concurrency=1, timeout_seconds=0.4).lookup(words)
    requests = [payload["input"] for payload in server.payloads]
    assert dict(zip(PASSING, requests[::2], strict=True)) == dict(zip(PASSING, requests[1::2], strict=True))
    np.testing.assert_allclose(vectors, server.vectors(words), atol=2e-3)
    assert known.all() and server.paid == Counter(words)


@pytest.mark.parametrize("header", [lambda: "0.6", lambda: formatdate(time.time() + 1.6, usegmt=True)])
def test_nobody_asks_a_busy_server_before_it_said(server, teach, header):
    server.plan.append(lambda handler, payload: refuse(429, Retry_After=header())(handler, payload))
    server.plan.extend([slow] * 3)
    teach(concurrency=2).lookup(WORDS)
    first, rest = server.arrivals[0], server.arrivals[2:]
    assert min(rest) - first >= 0.55
    assert server.paid == Counter(WORDS)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (refuse(400, "too many tokens"), "400 Bad Request: too many tokens; check model, dimensions and template, or"),
        (refuse(401, "Bad key"), "401 Unauthorized: Bad key; check the key and base_url"),
        (lambda handler, payload: handler.reply(b"<p>No", status=403), "403 Forbidden: <p>No; check the key"),
        (refuse(404, "no\x1b[31m model"), "404 Not Found: no [31m model; check base_url and model"),
        (refuse(301, Location="http://elsewhere/"), "301 Moved Permanently: no; check base_url"),
        (refuse(429, "You ran out", kind="insufficient_quota"), "waiting does not help; look at the plan"),
        (refuse(429, "Come back", Retry_After="4000"), "Come back; it asks to wait 4000 seconds"),
        (refuse(429, "Come back", Retry_After="1e300"), "Come back; it asks to wait 1e+300 seconds"),
    ],
)
def test_what_cannot_pass_stops_at_once_and_keeps_what_was_paid(server, teach, failure, message):
    server.plan.extend([whole, failure])
    with pytest.raises(EndpointError, match=re.escape(message)) as caught:
        teach(concurrency=1).lookup(WORDS)
    assert re.search(r"; 4 words are paid for and stored in .*vectors.sqlite: the same command", str(caught.value))
    assert len(server.arrivals) == 2
    teach().lookup(WORDS[:8])
    assert server.paid == Counter(WORDS[:8])


def test_a_request_that_always_fails_is_named_and_those_under_way_are_kept(server, teach):
    rubbish = raw(b"rubbish")
    server.then = lambda handler, payload: (rubbish if WORDS[0] in payload["input"] else late)(handler, payload)
    with pytest.raises(EndpointError) as caught:
        teach(concurrency=2).lookup(WORDS)
    message = "4 words from 'palabra0' to 'palabra3': failed 3 times, the last time: the answer is not JSON"
    assert message in str(caught.value) and "; 4 words are paid for" in str(caught.value)
    assert len(server.arrivals) == 4  # no further request is begun
    server.then = whole
    teach().lookup(WORDS[:8])
    assert server.paid == Counter(WORDS[:8])


def test_no_server_is_an_error_in_one_line(server, teach):
    teacher = teach(base_url="http://127.0.0.1:9/v1")
    with pytest.raises(EndpointError, match=r"failed 3 times, the last time: ConnectError: .*; 0 words are paid for"):
        teacher.lookup(WORDS)


@pytest.mark.parametrize("pace", [{"requests_per_minute": 1200}, {"tokens_per_minute": 4 * 4 * 1200}])
def test_the_pace_is_kept_over_all_workers_and_calls(server, teach, pace):
    teacher = teach(concurrency=4, **pace)
    teacher.lookup(WORDS[:8])
    teacher.lookup(WORDS[8:])
    gaps = np.diff(sorted(server.arrivals))
    assert len(gaps) == 9 and gaps.mean() >= 0.035 and gaps.min() >= 0.01


def test_the_estimate_counts_what_is_not_paid_for_and_asks_nobody(server, teach, monkeypatch, tmp_path):
    teach().lookup(WORDS[:10])
    asked = len(server.arrivals)
    monkeypatch.delenv("TEST_KEY")
    estimate = teach(concurrency=2).estimate(iter([*WORDS, " "]))
    assert (estimate.requests, estimate.tokens, estimate.cost, estimate.seconds) == (8, 120, None, 4)
    estimate = teach(requests_per_minute=2, price_per_million_tokens=0.5).estimate(WORDS)
    assert estimate.cost == pytest.approx(60e-6) and estimate.seconds == 240
    estimate = teach(tokens_per_minute=12, batch_size=2000).estimate(WORDS)
    assert estimate.requests == 10 and estimate.seconds == 600  # of three words: as many tokens as a minute has
    assert teach().estimate(WORDS[:10]).requests == 0
    (tmp_path / "vectors.sqlite").unlink()
    assert teach(dimensions=None).estimate(WORDS[:9]).requests == 3  # the first of one word
    assert len(server.arrivals) == asked


def test_the_width_is_the_one_asked_for_or_learnt_from_one_word_that_is_kept(server, teach, tmp_path):
    settings = {"template": "la palabra {}", "dimensions": None}
    assert teach(**settings).width == WIDTH == teach(**settings).width
    assert server.paid == {"la palabra a": 1}
    (tmp_path / "vectors.sqlite").unlink()
    teacher = teach(dimensions=3)
    assert teacher.width == 3 and len(server.arrivals) == 1
    assert teacher.lookup(["sol"])[0].shape == (1, 3) and server.payloads[-1]["dimensions"] == 3
    server.then = raw(json.dumps({"data": [{"index": 0, "embedding": [1, 2]}]}).encode())
    with pytest.raises(EndpointError, match=r"the answer's vectors have width \[2\], expected 3"):
        teacher.lookup(["mar"])


def test_a_word_whose_vector_is_zero_is_not_known(server, teach):
    server.plan.append(entry(embedding=[0] * WIDTH))
    assert teach().lookup(WORDS[:4])[1].tolist() == [True, False, True, True]


def test_a_key_is_wanted_where_one_is_named(server, teach, key, monkeypatch):
    for value, message in (
        (" ", "TEST_KEY is empty: put the key there, or set"),
        ("se\tcret", "holds white space or odd"),
    ):
        monkeypatch.setenv("TEST_KEY", value)
        with pytest.raises(EndpointError, match=message) as caught:
            teach().lookup(WORDS)
        assert value.strip() not in str(caught.value) or value == " "
    assert server.arrivals == []
    teach(key_variable="").lookup(WORDS[:4])
    monkeypatch.setenv("TEST_KEY", f" {key}\n")
    teach().lookup(WORDS[:8])
    assert server.keys == [None, f"Bearer {key}"]


def test_every_bad_option_is_told_at_once_and_secrets_are_not_repeated(key):
    options = {"model": "", "key_variable": key, "base_url": f"https://me:{key}@host/v1", "template": "word"}
    options |= {"batch_size": 4096, "concurrency": 0, "timeout_seconds": float("nan"), "price_per_million_tokens": -1}
    with pytest.raises(ValueError, match="options of openai: model is ''") as caught:
        read_options("openai", options=options)
    for message in (
        "model is '', should have at least 1 character",
        "base_url holds '@', '?' or '#', expected a plain address",
        "key_variable is not the name of an environment variable",
        "template is 'word', expected a text with {}",
        "batch_size is 4096, should be less than or equal to 2048",
        "concurrency is 0",
        "timeout_seconds is nan",
        "price_per_million_tokens is -1",
    ):
        assert message in str(caught.value)
    assert key not in str(caught.value)
    for url in ("api.openai.com", "ftp://host", "https://", "https://host\n/v1", "https://host:port/v1"):
        with pytest.raises(ValueError, match=r"base_url is '.*', expected an address such as https://"):
            read_options("openai", options={"model": "m", "base_url": url})
    with pytest.raises(ValueError, match=r"missing key 'model'; unknown key 'key'"):
        read_options("openai", options={"key": key})
