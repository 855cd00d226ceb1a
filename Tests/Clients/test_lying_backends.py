"""Backends that break the protocol: the client is told, and no other request meets what they left behind."""

import time

import pytest

from harness import ONE_THREAD, chunked, request, response


def answering(data, then="stay"):
    """A backend's part: answers `/lie` with these bytes and everything else well."""

    def serve(peer):
        while message := peer.read_request():
            if message.target != "/lie":
                peer.send(response(body=message.target.encode()))
                continue
            peer.send(data)
            if then == "close":
                return
            if then == "reset":
                peer.reset()
                return

    return serve


def serving(start, backend, options=""):
    return start(
        "apis: { all: { routes: { $default: { to: b, timeout: 700ms } } } }\n"
        f"backends: {{ b: {{ targets: [{backend.url}], eject: {{ failures: 0 }}, {options} }} }}",
        arguments=ONE_THREAD,
    )


def assert_unharmed(gateway, client=None):
    """Several more requests, on one connection, each get their own answer."""
    with client or gateway.connect() as client:
        for number in range(5):
            client.send(request("GET", f"/after/{number}"))
            answer = client.read_response()
            assert (answer.status, answer.body) == (200, b"/after/%d" % number)


OK = b"HTTP/1.1 200 Fine\r\n"

MALFORMED = {
    "garbage": b"\x00\xff\x16\x03\x01 not HTTP at all\r\n\r\n",
    "an error text": b"-ERR unknown command\r\n",
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 Fine\r\nContent-Length: 0\r\n\r\n",
    "no status": b"HTTP/1.1 \r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 Fine\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 Fine\r\n\r\n",
    "a status of letters": b"HTTP/1.1 OK Fine\r\n\r\n",
    "status 600": b"HTTP/1.1 600 Fine\r\nContent-Length: 0\r\n\r\n",
    "status 099": b"HTTP/1.1 099 Fine\r\nContent-Length: 0\r\n\r\n",
    "101 unasked": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "bare LF": b"HTTP/1.1 200 Fine\nContent-Length: 0\n\n",
    "a bare CR": OK + b"X: a\rb\r\nContent-Length: 0\r\n\r\n",
    "a null": OK + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
    "folding": OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": OK + b"Content-Length : 0\r\n\r\n",
    "a field without a name": OK + b": x\r\nContent-Length: 0\r\n\r\n",
    "a field without a colon": OK + b"X\r\nContent-Length: 0\r\n\r\n",
    "length and chunked": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "a negative length": OK + b"Content-Length: -1\r\n\r\n",
    "a signed length": OK + b"Content-Length: +1\r\n\r\nx",
    "a hexadecimal length": OK + b"Content-Length: 0x1\r\n\r\nx",
    "an endless length": OK + b"Content-Length: 99999999999999999999999\r\n\r\nx",
    "a coding that is not chunked": OK + b"Transfer-Encoding: gzip\r\n\r\nx",
    "chunked in HTTP/1.0": b"HTTP/1.0 200 Fine\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a head of 70 KiB": OK + b"X: " + b"x" * 70_000 + b"\r\n\r\n",
    "300 fields": OK + b"X: 1\r\n" * 300 + b"\r\n",
    "17 interim responses": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 17 + response(body=b"lie"),
}


@pytest.mark.parametrize("then", ["stay", "close"])
@pytest.mark.parametrize("lie", MALFORMED)
def test_what_is_not_http_is_a_502(start, make_backend, lie, then):
    backend = make_backend(serve=answering(MALFORMED[lie], then))
    gateway = serving(start, backend)
    with gateway.connect() as client:
        client.send(request("GET", "/lie"))
        answer = client.read_response()
        assert (answer.status, answer.json()["cause"]) == (502, "backend.malformed-response")
        assert answer.json()["request_id"] == answer.get("X-Request-Id")
        assert_unharmed(gateway, client)
    assert backend.peers[0].has_ended.wait(5)
    line = gateway.log_lines(1)[0]
    assert (line["status"], line["cause"], line["attempts"]) == (502, "backend.malformed-response", 1)


def test_a_head_without_end_is_cut_off(start, make_backend):
    def serve(peer):
        peer.read_request()
        for _ in range(10_000):
            peer.send(b"X: " + b"x" * 1_000 + b"\r\n")

    def begin(peer):
        peer.send(OK)
        serve(peer)

    backend = make_backend(serve=begin)
    gateway = serving(start, backend)
    answer = gateway.exchange(request("GET", "/lie"))
    assert (answer.status, answer.json()["cause"]) == (502, "backend.malformed-response")
    assert gateway.peak_memory() < 100 * 2**20


def test_interim_responses_without_end_are_cut_off(start, make_backend):
    def serve(peer):
        peer.read_request()
        for _ in range(100_000):
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 10)

    gateway = serving(start, make_backend(serve=serve))
    answer = gateway.exchange(request("GET", "/lie"))
    assert (answer.status, answer.json()["cause"]) == (502, "backend.malformed-response")


@pytest.mark.parametrize("second", [response(body=b"poison"), b"poison", b"\r\n"])
def test_bytes_after_the_answer_are_given_to_nobody(start, make_backend, second):
    def serve(peer):
        while message := peer.read_request():
            peer.send(response(body=message.target.encode()))
            if message.target == "/lie":
                time.sleep(0.02)
                peer.send(second)

    backend = make_backend(serve=serve)
    gateway = serving(start, backend)
    for _ in range(5):
        with gateway.connect() as client:
            client.send(request("GET", "/lie"))
            assert client.read_response().body == b"/lie"
            time.sleep(0.05)
            assert_unharmed(gateway, client)


def test_two_answers_at_once(start, make_backend):
    backend = make_backend(serve=answering(response(body=b"one") + response(body=b"two")))
    gateway = serving(start, backend)
    with gateway.connect() as client:
        client.send(request("GET", "/lie") * 3)
        assert [client.read_response().body for _ in range(3)] == [b"one"] * 3
        assert_unharmed(gateway, client)
    assert len(backend.peers) == 4


BROKEN_OFF = {
    "a length that is too long": OK + b"Content-Length: 50\r\n\r\nsome",
    "a chunk that is too short": OK + b"Transfer-Encoding: chunked\r\n\r\n50\r\nsome",
    "no last chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n",
    "no end of the trailers": OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n0\r\nX: 1\r\n",
}


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize("lie", BROKEN_OFF)
def test_a_body_that_breaks_off_breaks_off_for_the_client(start, make_backend, lie, then):
    gateway = serving(start, make_backend(serve=answering(BROKEN_OFF[lie], then)))
    with gateway.connect() as client:
        client.send(request("GET", "/lie"))
        # The reset may come before the bytes are read, so that there is no head.
        whole = client.read_to_end()
    # An end that can't be taken for the body's: no last chunk, less than the promised length.
    assert not whole.endswith(b"0\r\n\r\n")
    if b"Content-Length: 50" in whole:
        assert len(whole.split(b"\r\n\r\n", 1)[1]) < 50
    assert gateway.log_lines(1)[0]["cause"] in ("backend.closed-mid-response", "backend.reset")
    assert_unharmed(gateway)


BAD_CHUNKS = {
    "a size of letters": b"zz\r\nsome\r\n0\r\n\r\n",
    "a size with 0x": b"0x4\r\nsome\r\n0\r\n\r\n",
    "a negative size": b"-4\r\nsome\r\n0\r\n\r\n",
    "no size": b"\r\nsome\r\n0\r\n\r\n",
    "a huge size": b"fffffffffffffffff\r\nsome\r\n0\r\n\r\n",
    "a space after the size": b"4 \r\nsome\r\n0\r\n\r\n",
    "bare LF after the size": b"4\nsome\r\n0\r\n\r\n",
    "data longer than the size": b"4\r\nsome more\r\n0\r\n\r\n",
    "a long extension": b"4;" + b"x" * 1_000 + b"\r\nsome\r\n0\r\n\r\n",
    "a trailer that reframes": b"4\r\nsome\r\n0\r\nContent-Length: 0\r\n\r\n",
    "a folded trailer": b"4\r\nsome\r\n0\r\nX: a\r\n b\r\n\r\n",
    "trailers of 10 KiB": b"4\r\nsome\r\n0\r\nX: " + b"x" * 10_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("lie", BAD_CHUNKS)
def test_bad_chunks_end_the_answer_without_completing_it(start, make_backend, lie):
    def serve(peer):
        message = peer.read_request()
        peer.send(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        # The head is passed on before.
        time.sleep(0.05)
        peer.send(BAD_CHUNKS[lie])
        peer.read_request()

    backend = make_backend(serve=serve)
    gateway = serving(start, backend)
    with gateway.connect() as client:
        client.send(request("GET", "/lie"))
        assert client.read_response_head().status == 200
        assert not client.read_to_end().endswith(b"0\r\n\r\n")
    assert gateway.log_lines(1)[0]["cause"] == "backend.malformed-response"
    assert backend.peers[0].has_ended.wait(5)


@pytest.mark.parametrize("method, status", [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_a_body_where_none_may_be_is_given_to_nobody(start, make_backend, method, status):
    lie = b"HTTP/1.1 %d Fine\r\nContent-Length: 6\r\n\r\npoison" % status
    backend = make_backend(serve=answering(lie))
    gateway = serving(start, backend)
    with gateway.connect() as client:
        client.send(request(method, "/lie"))
        assert client.read_response(method).status == status
        assert_unharmed(gateway, client)


@pytest.mark.parametrize("end", ["length", "close"])
def test_an_answer_before_the_request_is_complete(start, make_backend, end):
    """It is passed on, and neither side's connection confuses the rest of the body with the next request."""

    def serve(peer):
        message = peer.read_request(with_body=False)
        while message:
            if message.target == "/lie":
                peer.send(response(413, body=b"early") if end == "length" else b"HTTP/1.0 413 Early\r\n\r\nearly")
                if end == "close":
                    peer.half_close()
                peer.read_to_end()
                return
            peer.send(response(body=message.target.encode()))
            message = peer.read_request(with_body=False)

    backend = make_backend(serve=serve)
    gateway = serving(start, backend)
    with gateway.connect() as client:
        client.send(request("PUT", "/lie", "Content-Length: 30000") + b"x" * 10_000)
        assert client.read_response_head().status == 413
        client.send(b"x" * 20_000)
        if end == "length":
            assert client.read_exactly(5) == b"early"
        else:
            assert client.read_until(b"0\r\n\r\n") == b"5\r\nearly\r\n0\r\n\r\n"
        assert_unharmed(gateway, client)
    assert backend.peers[0].has_ended.wait(5)


def test_an_answer_before_the_head_is_read_belongs_to_nobody(start, make_backend):
    """A backend that speaks first: its bytes come before any request was sent, or at the same time."""

    def serve(peer):
        peer.send(response(408, body=b"poison"))
        while message := peer.read_request():
            peer.send(response(body=message.target.encode()))

    gateway = serving(start, make_backend(serve=serve), "retry: { attempts: 1 }")
    with gateway.connect() as client:
        for _ in range(10):
            client.send(request("GET", "/good"))
            answer = client.read_response()
            assert (answer.status, answer.body) in [(200, b"/good"), (502, answer.body), (408, b"poison")]


def test_no_answer_at_all(start, make_backend):
    gateway = serving(start, make_backend(serve=lambda peer: peer.read_to_end()))
    answer = gateway.exchange(request("GET", "/lie"))
    assert (answer.status, answer.json()["cause"]) == (504, "backend.timeout")


@pytest.mark.parametrize(
    "lie, body",
    [
        (b"HTTP/1.0 200 Fine\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 200 Fine\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi", b"hi"),
        (b"HTTP/1.1 103 Early\r\n\r\n" * 16 + response(body=b"hi"), b"hi"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(b"a" * 20, b"b"), b"a" * 20 + b"b"),
        (OK + b"Content-Length: 2, 2\r\n\r\nhi", None),
    ],
)
def test_what_is_unusual_but_right_is_passed_on(start, make_backend, lie, body):
    gateway = serving(start, make_backend(serve=answering(lie, "close")))
    answer = gateway.exchange(request("GET", "/lie"))
    if body is None:
        assert answer.status in (200, 502)
    else:
        assert (answer.status, answer.body) == (200, body)
