"""HTTP/2 to backends: many requests on few connections, and no request lost when a connection leaves, refuses or breaks."""

import threading
import time

import pytest
from backend_certificates import Authority
from harness import ONE_THREAD, chunked, free_port, request, wait_until
from http2_backend import HTTP2Backend

REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, PROTOCOL_ERROR = 7, 8, 11, 1


@pytest.fixture
def make(make_backend):
    """Makes HTTP/2 backends that end with the test."""
    made = []

    def make(*arguments, **options):
        made.append(HTTP2Backend(*arguments, **options))
        return made[-1]

    yield make
    for backend in made:
        backend.close()


@pytest.fixture
def run(start):
    """Starts a gateway of one thread before a backend."""

    def run(backend, more="", timeout="", url=None):
        to = f"{{ to: b, timeout: {{ {timeout} }} }}" if timeout else "b"
        text = f"""
apis: {{ shop: {{ routes: {{ $default: {to} }} }} }}
backends: {{ b: {{ targets: ["{url or backend.url}"]{more} }} }}
"""
        return start(text, arguments=ONE_THREAD)

    return run


def in_parallel(count, action):
    """The results of so many calls of `action` with their number, each in a thread of its own."""
    results = [None] * count

    def call(number):
        results[number] = action(number)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_request_and_its_answer_pass(make, run):
    backend = make(lambda r: r.respond(201, b"made", [("x-answer", "1"), ("content-length", "4")]))
    gateway = run(backend)
    answer = gateway.exchange(request("POST", "/a?b=c", "X-Test: One", "Connection: X-Hop", "X-Hop: 1", body=b"body"))
    assert (answer.status, answer.body, answer.get("x-answer")) == (201, b"made", "1")
    [seen] = backend.requests
    assert seen.headers[:4] == [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/a?b=c"),
        (":authority", f"127.0.0.1:{backend.port}"),
    ]
    assert seen.body == b"body"
    assert (seen.get("x-test"), seen.get("content-length"), seen.get("via")) == ("One", "4", "1.1 daemun")
    names = [name for name, _ in seen.headers]
    assert names == [name.lower() for name in names]
    assert not {"host", "connection", "x-hop", "transfer-encoding", "te"} & set(names)


def test_an_answer_without_length_is_chunked_for_the_client(make, run):
    backend = make(lambda r: r.respond(body=b"of some length", trailers=[("x-end", "yes")]))
    answer = run(backend).exchange(request())
    assert (answer.get("Transfer-Encoding"), answer.body) == ("chunked", b"of some length")
    assert answer.trailers == [("x-end", "yes")]


def test_an_empty_answer_tells_its_length(make, run):
    answer = run(make(lambda r: r.respond(body=b""))).exchange(request())
    assert (answer.get("content-length"), answer.body) == ("0", b"")


@pytest.mark.parametrize("method, status", [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_answers_without_body(make, run, method, status):
    backend = make(lambda r: r.respond(status, b"", [("content-length", "7")] if status != 204 else []))
    gateway = run(backend)
    with gateway.connect() as client:
        for _ in range(2):
            client.send(request(method))
            answer = client.read_response(method)
            assert (answer.status, answer.body) == (status, b"")


def test_a_chunked_body_and_its_trailers_pass(make, run):
    backend = make()
    gateway = run(backend)
    with gateway.connect() as client:
        client.send(request("POST", "/", "Transfer-Encoding: chunked"))
        client.send(chunked(b"one", b"two", trailers=["X-Sum: 6"]))
        assert client.read_response().status == 200
    [seen] = backend.requests
    assert (seen.body, seen.trailers) == (b"onetwo", [("x-sum", "6")])


def test_trailers_are_asked_for_where_the_client_takes_them(make, run):
    backend = make()
    run(backend).exchange(request("GET", "/", "TE: deflate, trailers"))
    assert backend.requests[0].get("te") == "trailers"


def test_interim_responses_pass(make, run):
    def answer(r):
        r.connection.do("send_headers", r.stream, [(":status", "103"), ("link", "</a.css>")])
        r.respond()

    answer = run(make(answer)).exchange(request())
    assert [head.status for head in answer.interim] == [103]
    assert answer.body == b"hello"


def test_an_answer_may_come_before_the_request_has_ended(make, run):
    backend = make(begin=lambda r: r.respond(403, b"no"))
    gateway = run(backend)
    with gateway.connect() as client:
        client.send(request("POST", "/", "Content-Length: 1000000"), b"x" * 1_000)
        assert client.read_response().status == 403
    wait_until(lambda: backend.connections[0].resets.get(1) == CANCEL, "the stream's end")
    assert gateway.exchange(request()).status == 403
    assert len(backend.connections) == 1


def test_many_requests_share_one_connection(make, run):
    arrived = threading.Semaphore(0)
    backend = make(lambda r: arrived.release())
    gateway = run(backend)
    threading.Thread(target=in_parallel, args=(60, lambda n: gateway.exchange(request(path=f"/{n}")))).start()
    for _ in range(60):
        assert arrived.acquire(timeout=10)
    assert len(backend.connections) == 1
    for seen in list(backend.requests):
        seen.respond()


def test_a_further_connection_is_opened_when_the_first_is_full(make, run):
    arrived = threading.Semaphore(0)
    backend = make(lambda r: arrived.release(), streams=4)
    gateway = run(backend)
    gateway_calls = threading.Thread(target=in_parallel, args=(8, lambda n: gateway.exchange(request(path=f"/{n}"))))
    # The gateway learns the limit with the first answer of the connection.
    first = threading.Thread(target=lambda: gateway.exchange(request(path="/first")))
    first.start()
    arrived.acquire(timeout=10)
    backend.requests[0].respond()
    first.join()
    gateway_calls.start()
    for _ in range(8):
        assert arrived.acquire(timeout=10)
    assert len(backend.connections) == 2
    for connection in backend.connections:
        assert len([r for r in connection.requests.values() if r.get(":path") != "/first"]) == 4
    for seen in backend.requests[1:]:
        seen.respond()
    gateway_calls.join()


def test_beyond_all_streams_requests_wait_in_line(make, run):
    backend = make(lambda r: (time.sleep(0.01), r.respond()))
    gateway = run(backend, more=", pool: { connections: 1, streams: 2 }")
    answers = in_parallel(20, lambda n: gateway.exchange(request(path=f"/{n}")))
    assert [answer.status for answer in answers] == [200] * 20
    assert len(backend.connections) == 1


def test_beyond_the_line_requests_are_refused(make, run):
    backend = make(lambda r: None)
    gateway = run(backend, more=", pool: { connections: 1, streams: 1, waiting: 0 }")
    with gateway.connect() as client:
        client.send(request())
        wait_until(lambda: backend.requests, "the first request")
        answer = gateway.exchange(request())
        assert (answer.status, answer.json()["cause"]) == (503, "backend.pool-full")


@pytest.mark.parametrize("method, body", [("GET", None), ("POST", b"once")])
def test_a_stream_beyond_the_last_one_is_sent_again(make, run, method, body):
    """A backend that leaves says up to where it has got; what comes later was not processed, whatever its method."""

    def answer(r):
        if r.get(":path") == "/leave" and len(backend.connections) == 1:
            r.connection.leave(r.stream - 2)
        else:
            r.respond(body=r.body or b"hello")

    backend = make(answer)
    gateway = run(backend, more=", retry: { attempts: 1 }")
    assert gateway.exchange(request()).status == 200
    answer = gateway.exchange(request(method, "/leave", body=body))
    assert (answer.status, answer.body) == (200, body or b"hello")
    assert len(backend.connections) == 2
    assert gateway.line_of(answer)["attempts"] == 1
    assert backend.connections[0].has_ended.wait(5), "the connection is closed once its streams have ended"


def test_streams_up_to_the_last_one_end_where_they_are(make, run):
    def answer(r):
        if r.get(":path") == "/slow":
            r.connection.leave(r.stream)
        else:
            r.respond()

    backend = make(answer)
    gateway = run(backend)
    with gateway.connect() as client:
        client.send(request(path="/slow"))
        wait_until(lambda: backend.requests, "the slow request")
        assert gateway.exchange(request()).status == 200
        assert len(backend.connections) == 2
        backend.requests[0].respond(body=b"slow")
        assert client.read_response().body == b"slow"


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_refused_stream_is_sent_again(make, run, attempts):
    refusals = iter([True, True, False])

    def answer(r):
        if next(refusals):
            r.connection.do("reset_stream", r.stream, REFUSED_STREAM)
        else:
            r.respond(body=r.body)

    gateway = run(make(answer), more=f", retry: {{ attempts: {attempts} }}")
    answer = gateway.exchange(request("POST", body=b"not idempotent"))
    assert (answer.status, answer.body) == (200, b"not idempotent")
    assert gateway.line_of(answer)["attempts"] == 1


def test_a_backend_that_refuses_for_ever_fails(make, run):
    backend = make(lambda r: r.connection.do("reset_stream", r.stream, REFUSED_STREAM))
    gateway = run(backend, more=", retry: { attempts: 1 }")
    answer = gateway.exchange(request())
    assert (answer.status, answer.json()["cause"]) == (502, "backend.reset")
    assert 5 <= len(backend.requests) <= 20


@pytest.mark.parametrize("code", [CANCEL, ENHANCE_YOUR_CALM, PROTOCOL_ERROR])
def test_a_reset_stream_costs_its_own_request_only(make, run, code):
    def answer(r):
        if r.get(":path") == "/reset":
            r.connection.do("reset_stream", r.stream, code)
        else:
            r.respond()

    backend = make(answer)
    gateway = run(backend)
    answer = gateway.exchange(request("POST", "/reset", body=b"x"))
    assert (answer.status, answer.json()["cause"]) == (502, "backend.reset")
    assert gateway.exchange(request()).status == 200
    assert len(backend.connections) == 1


def test_a_reset_after_the_head_cuts_the_answer_off(make, run):
    def answer(r):
        r.connection.do("send_headers", r.stream, [(":status", "200"), ("content-length", "10")])
        r.connection.do("send_data", r.stream, b"half")
        r.connection.do("reset_stream", r.stream, CANCEL)

    gateway = run(make(answer))
    with gateway.connect() as client:
        client.send(request())
        with pytest.raises((EOFError, ConnectionResetError)):
            client.read_response()
    assert gateway.log_lines(1)[0]["cause"] == "backend.closed-mid-response"


def test_a_broken_connection_fails_what_is_on_it_and_no_more(make, run):
    def answer(r):
        if r.get(":path") == "/die" and len(backend.connections) == 1:
            r.connection.cut_off()
        else:
            r.respond()

    backend = make(answer)
    gateway = run(backend)
    assert gateway.exchange(request(path="/die")).status == 200, "a GET is tried again"
    answer = gateway.exchange(request("POST", "/", body=b"x"))
    assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [(":status", "200"), ("Upper-Case", "1")],
        [(":status", "200"), ("connection", "close")],
        [(":status", "200"), ("transfer-encoding", "chunked")],
        [(":status", "200"), ("x", "a\r\nb: c")],
        [(":status", "200"), ("x y", "1")],
        [(":status", "200"), (":path", "/")],
        [("x", "1"), (":status", "200")],
        [(":status", "20")],
        [(":status", "abc")],
        [(":status", "101")],
        [(":status", "200"), ("content-length", "5")],
        [(":status", "200"), ("content-length", "1"), ("content-length", "1")],
        [("x", "no status")],
    ],
    ids=lambda headers: str(headers[-1][0]) + "=" + repr(headers[-1][1]),
)
def test_a_malformed_answer_costs_its_own_stream_only(make, run, headers):
    def answer(r):
        if r.get(":path") == "/bad":
            with r.connection.lock:
                block = r.connection.h2.encoder.encode(headers)
                frame = len(block).to_bytes(3) + b"\1\5" + r.stream.to_bytes(4) + block
                r.connection.socket.sendall(frame)
        else:
            r.respond()

    backend = make(answer)
    gateway = run(backend)
    answer = gateway.exchange(request(path="/bad"))
    assert (answer.status, answer.json()["cause"]) == (502, "backend.malformed-response")
    assert gateway.exchange(request()).status == 200
    assert len(backend.connections) == 1


@pytest.mark.parametrize("body", [b"too long", b"s"])
def test_a_body_of_the_wrong_length_is_cut_off(make, run, body):
    def answer(r):
        with r.connection.lock:
            block = r.connection.h2.encoder.encode([(":status", "200"), ("content-length", "4")])
            head = len(block).to_bytes(3) + b"\1\4" + r.stream.to_bytes(4) + block
            data = len(body).to_bytes(3) + b"\0\1" + r.stream.to_bytes(4) + body
            r.connection.socket.sendall(head + data)

    gateway = run(make(answer))
    with gateway.connect() as client:
        client.send(request())
        with pytest.raises((EOFError, ConnectionResetError)):
            client.read_response()


def test_garbage_instead_of_http2(make_backend, run):
    backend = make_backend(serve=lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    gateway = run(backend, url=f"h2c://127.0.0.1:{backend.port}")
    answer = gateway.exchange(request("POST", body=b"x"))
    assert answer.status == 502


def test_nobody_listens(run):
    answer = run(None, url=f"h2c://127.0.0.1:{free_port()}").exchange(request())
    assert (answer.status, answer.json()["cause"]) == (502, "backend.connect-failed")


def test_a_backend_that_takes_no_body_holds_that_stream_only(make, run):
    backend = make(window=65_535)
    backend.takes_bodies = False
    gateway = run(backend)
    with gateway.connect() as client:
        client.send(request("POST", "/", "Content-Length: 50000000"))
        client.socket.settimeout(0.5)
        sent = 0
        with pytest.raises(TimeoutError):
            while True:
                sent += client.socket.send(b"x" * 65_536)
        assert sent < 20_000_000, "the client is held back"
        assert gateway.peak_memory() < 200 << 20
        # The connection's window is used up as well, so that only what has no body still passes.
        assert gateway.exchange(request()).status == 200
        assert len(backend.connections) == 1


def test_a_client_that_does_not_read_holds_its_stream_only(make, run):
    def answer(r):
        if r.get(":path") != "/big":
            return r.respond()
        r.connection.do("send_headers", r.stream, [(":status", "200")])

        def pour():
            sent = 0
            while sent < 60_000_000 and r.stream not in r.connection.resets:
                with r.connection.lock:
                    room = min(r.connection.h2.local_flow_control_window(r.stream), 16_384)
                    if room > 0:
                        r.connection.h2.send_data(r.stream, b"x" * room)
                        r.connection.flush()
                        sent += room
                        backend.poured = sent
                if room <= 0:
                    time.sleep(0.001)

        threading.Thread(target=pour, daemon=True).start()

    backend = make(answer)
    backend.poured = 0
    gateway = run(backend)
    with gateway.connect(receive_buffer=65_536) as client:
        client.send(request(path="/big"))
        client.read_response_head()
        wait_until(lambda: backend.poured > 300_000, "the first of the body")
        time.sleep(0.3)
        poured = backend.poured
        time.sleep(0.3)
        assert backend.poured == poured < 20_000_000, "the backend is held back"
        for _ in range(20):
            assert gateway.exchange(request()).status == 200
        assert len(backend.connections) == 1


def test_a_client_that_leaves_cancels_its_stream(make, run):
    backend = make(lambda r: r.respond() if r.get(":path") == "/" else None)
    gateway = run(backend)
    with gateway.connect() as client:
        client.send(request(path="/wait"))
        wait_until(lambda: backend.requests, "the request")
        client.reset()
    wait_until(lambda: backend.connections[0].resets.get(1) == CANCEL, "the reset")
    assert gateway.exchange(request()).status == 200
    assert len(backend.connections) == 1


def test_a_connection_that_answers_nothing_any_more_is_given_up(make, run):
    backend = make()
    gateway = run(backend, timeout="first_byte: 1500ms")
    assert gateway.exchange(request()).status == 200
    backend.is_deaf.set()
    answer = gateway.exchange(request())
    assert (answer.status, answer.json()["cause"]) == (504, "backend.timeout")
    assert backend.connections[0].has_ended.wait(15)
    backend.is_deaf.clear()
    assert gateway.exchange(request()).status == 200
    assert len(backend.connections) == 2


def test_an_unused_connection_is_closed(make, run):
    backend = make()
    gateway = run(backend, more=", pool: { idle: 200ms }")
    assert gateway.exchange(request()).status == 200
    assert backend.connections[0].has_ended.wait(5)
    assert gateway.exchange(request()).status == 200


def test_health_checks_speak_http2(make, run):
    backend = make(lambda r: r.respond(503 if r.get(":path") == "/well" and not backend.is_well else 200))
    backend.is_well = True
    gateway = run(backend, more=", health: { path: /well, every: 50ms, unhealthy: 1 }")
    wait_until(lambda: any(r.get("user-agent") == "daemun-health-check" for r in backend.requests), "a check")
    assert gateway.exchange(request()).status == 200
    backend.is_well = False
    wait_until(lambda: gateway.exchange(request()).status == 503, "the verdict")


# Over TLS


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def test_h2_is_asked_for_and_spoken(make, run, authority):
    backend = make(tls=authority.issue("127.0.0.1").server(protocols=["h2"]))
    gateway = run(backend, more=f", tls: {{ ca: {authority.file} }}")
    assert gateway.exchange(request()).body == b"hello"
    assert backend.requests[0].get(":scheme") == "https"


def test_h2_and_nothing_else_will_do(make_backend, run, authority):
    backend = make_backend(tls=authority.issue("127.0.0.1").server(protocols=["http/1.1"]))
    gateway = run(backend, more=f", tls: {{ ca: {authority.file} }}", url=f"h2://127.0.0.1:{backend.port}")
    answer = gateway.exchange(request())
    assert (answer.status, answer.json()["cause"]) == (502, "backend.tls-failed")


def test_a_server_that_may_choose_http2_gets_it(make, run, authority):
    backend = make(tls=authority.issue("127.0.0.1").server(protocols=["h2", "http/1.1"]))
    text = f", tls: {{ ca: {authority.file}, http2: true }}"
    gateway = run(backend, more=text, url=f"https://127.0.0.1:{backend.port}")
    answers = in_parallel(20, lambda n: gateway.exchange(request()))
    assert [answer.status for answer in answers] == [200] * 20
    assert len(backend.connections) == 1


@pytest.mark.parametrize("protocols", [["http/1.1"], []], ids=["chosen", "without ALPN"])
def test_a_server_that_does_not_choose_http2_gets_http1(make_backend, run, authority, protocols):
    backend = make_backend(tls=authority.issue("127.0.0.1").server(protocols=protocols))
    text = f", tls: {{ ca: {authority.file}, http2: true }}"
    gateway = run(backend, more=text, url=f"https://127.0.0.1:{backend.port}")
    answers = in_parallel(20, lambda n: gateway.exchange(request()))
    assert [answer.status for answer in answers] == [200] * 20
    assert gateway.exchange(request("POST", body=b"x")).status == 200


def test_without_being_asked_https_is_http1(make_backend, run, authority):
    backend = make_backend(tls=authority.issue("127.0.0.1").server(protocols=["h2", "http/1.1"]))
    gateway = run(backend, more=f", tls: {{ ca: {authority.file} }}")
    assert gateway.exchange(request()).status == 200
