"""When a failed request is sent again, and when it must not be."""

import threading

import pytest

from harness import ONE_THREAD, chunked, free_port, request, response


def serving(start, *targets, options="", route="{ to: b }"):
    """A gateway that sends everything to these targets, in turn."""
    return start(
        f"apis: {{ all: {{ routes: {{ $default: {route} }} }} }}\n"
        f"backends: {{ b: {{ targets: [{', '.join(targets)}], balance: round-robin, {options} }} }}",
        arguments=ONE_THREAD,
    )


def closing_first(first):
    """What a backend does that closes on its first request of all, after `first` has read it, and answers all others."""
    lock = threading.Lock()
    seen = []

    def serve(peer):
        while True:
            with lock:
                is_first = not seen
                seen.append(peer)
            if is_first:
                first(peer)
                return
            message = peer.read_request()
            if message is None:
                return
            peer.send(response(body=message.body or b"again"))

    return serve


def read_and_reset(peer):
    peer.read_request()
    peer.reset()


def read_and_close(peer):
    peer.read_request()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH"])
def test_a_refused_connection_is_tried_at_another_target_whatever_the_method(start, backend, method):
    gateway = serving(start, f"http://127.0.0.1:{free_port()}", backend.url)
    for _ in range(4):
        assert gateway.exchange(request(method, body=b"once")).status == 200
    assert [message.body for message in backend.requests] == [b"once"] * 4
    assert sorted(line["attempts"] for line in gateway.log_lines(4)) == [1, 1, 2, 2]


def test_without_another_target_a_refused_connection_is_a_502(start):
    gateway = serving(start, f"http://127.0.0.1:{free_port()}")
    answer = gateway.exchange(request())
    assert (answer.status, answer.json()["cause"]) == (502, "backend.connect-failed")


@pytest.mark.parametrize("end", [read_and_reset, read_and_close])
@pytest.mark.parametrize(
    "method, field, is_repeated",
    [
        ("GET", None, True),
        ("HEAD", None, True),
        ("PUT", None, True),
        ("DELETE", None, True),
        ("OPTIONS", None, True),
        ("POST", None, False),
        ("PATCH", None, False),
        ("POST", "Idempotency-Key: 7", True),
        ("PATCH", "Idempotency-Key: 7", True),
    ],
)
def test_a_request_that_may_have_been_served_is_repeated_only_when_that_does_no_harm(
    start, make_backend, end, method, field, is_repeated
):
    backend = make_backend(serve=closing_first(end))
    gateway = serving(start, backend.url)
    answer = gateway.exchange(request(method, "/", *([field] if field else []), body=b"payload"), method)
    line = gateway.log_lines(1)[0]
    if is_repeated:
        assert (answer.status, line["attempts"], "cause" in line) == (200, 2, False)
        assert [message.body for message in backend.requests] == [b"payload"] * 2
    else:
        assert (answer.status, answer.json()["cause"]) == (502, "backend.reset")
        assert (len(backend.requests), line["cause"]) == (1, "backend.reset")


@pytest.mark.parametrize("cut", [b"H", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: "])
def test_a_head_that_breaks_off_is_not_passed_on_and_so_repeated(start, make_backend, cut):
    def first(peer):
        peer.read_request()
        peer.send(cut)

    backend = make_backend(serve=closing_first(first))
    answer = serving(start, backend.url).exchange(request())
    assert (answer.status, answer.body) == (200, b"again")


def test_nothing_is_repeated_once_a_byte_of_the_answer_was_passed_on(start, make_backend):
    def first(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 Fine\r\nContent-Length: 10\r\n\r\nhalf")

    backend = make_backend(serve=closing_first(first))
    gateway = serving(start, backend.url)
    with gateway.connect() as client:
        client.send(request())
        assert client.read_response_head().status == 200
        assert client.read_to_end() == b"half"
    line = gateway.log_lines(1)[0]
    assert (len(backend.requests), line["attempts"], line["cause"]) == (1, 1, "backend.closed-mid-response")


@pytest.mark.parametrize("method, is_repeated", [("GET", True), ("PUT", True), ("POST", False)])
def test_a_kept_connection_that_the_backend_closes_as_the_request_arrives(start, make_backend, method, is_repeated):
    def serve(peer):
        peer.send(response(body=b"fresh") if peer.read_request() else b"")
        peer.read_request()

    backend = make_backend(serve=serve)
    gateway = serving(start, backend.url)
    with gateway.connect() as client:
        client.send(request())
        assert client.read_response().body == b"fresh"
        client.send(request(method, body=b"x"))
        answer = client.read_response()
    assert (answer.status, len(backend.requests)) == ((200, 3) if is_repeated else (502, 2))


def test_a_connection_that_the_backend_has_closed_is_noticed_and_not_used(start, make_backend):
    backend = make_backend(serve=lambda peer: peer.send(response(body=b"fresh") if peer.read_request() else b""))
    gateway = serving(start, backend.url)
    with gateway.connect() as client:
        for count in range(1, 6):
            client.send(request("POST", body=b"x"))
            assert client.read_response().status == 200
            assert backend.peers[count - 1].has_ended.wait(5)
            assert client.is_silent(0.02)
    assert [line["attempts"] for line in gateway.log_lines(5)] == [1] * 5


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method, is_repeated", [("GET", True), ("POST", False)])
def test_a_status_of_the_policy_is_tried_again(start, make_backend, status, method, is_repeated):
    answers = iter([response(status, body=b"first")] + [response(body=b"second")] * 3)
    backend = make_backend(lambda message: next(answers))
    gateway = serving(start, backend.url, options=f"retry: {{ on: [{status}] }}")
    answer = gateway.exchange(request(method))
    assert (answer.status, answer.body) == ((200, b"second") if is_repeated else (status, b"first"))


@pytest.mark.parametrize("policy, status", [("[connect, reset]", 503), ("[503]", 500), ("[connect]", 599)])
def test_a_status_that_is_not_in_the_policy_is_passed_on(start, make_backend, policy, status):
    backend = make_backend(lambda message: response(status, body=b"as it is"))
    gateway = serving(start, backend.url, options=f"retry: {{ on: {policy} }}")
    answer = gateway.exchange(request())
    assert (answer.status, answer.body, len(backend.requests)) == (status, b"as it is", 1)
    assert "cause" not in gateway.log_lines(1)[0]


def test_the_last_attempts_answer_is_passed_on_when_all_fail(start, make_backend):
    backend = make_backend(lambda message: response(503, "Retry-After: 9", body=b"busy"))
    gateway = serving(start, backend.url, options="retry: { on: [503], attempts: 3 }")
    answer = gateway.exchange(request())
    assert (answer.status, answer.body, answer.get("Retry-After")) == (503, b"busy", "9")
    assert len(backend.requests) == 3


@pytest.mark.parametrize("attempts", [1, 2, 4])
def test_no_more_attempts_than_allowed(start, make_backend, attempts):
    backend = make_backend(lambda message: None)
    gateway = serving(start, backend.url, options=f"retry: {{ attempts: {attempts} }}")
    assert gateway.exchange(request()).status == 502
    assert (len(backend.requests), gateway.log_lines(1)[0]["attempts"]) == (attempts, attempts)


def test_each_attempt_goes_to_another_target(start, make_backend):
    backends = [make_backend(lambda message: response(503)) for _ in range(3)]
    gateway = serving(start, *(b.url for b in backends), options="retry: { on: [503], attempts: 3 }")
    assert gateway.exchange(request()).status == 503
    assert [len(b.requests) for b in backends] == [1, 1, 1]


BODY = bytes(range(256)) * 160


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("parts", [1, 7])
def test_a_body_is_repeated_exactly(start, make_backend, framing, parts):
    size = len(BODY) // parts + 1
    pieces = [BODY[index : index + size] for index in range(0, len(BODY), size)]
    backend = make_backend(serve=closing_first(read_and_close))
    gateway = serving(start, backend.url)
    with gateway.connect() as client:
        if framing == "length":
            client.send(request("PUT", "/", f"Content-Length: {len(BODY)}"), *pieces, pause=0.005)
        else:
            head = request("PUT", "/", "Transfer-Encoding: chunked", "Trailer: X-Sum")
            whole = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
            client.send(head, *whole, chunked(trailers=["X-Sum: 1"]), pause=0.005)
        assert client.read_response().body == BODY
    first, second = backend.requests
    assert (first.body == second.body == BODY, first.head == second.head) == (True, True)
    assert first.trailers == second.trailers


@pytest.mark.parametrize("size, is_repeated", [(10_000, True), (10_001, False)])
def test_only_a_body_up_to_the_limit_is_repeated(start, make_backend, size, is_repeated):
    backend = make_backend(serve=closing_first(read_and_close))
    gateway = serving(start, backend.url, options="retry: { body: 10000 }")
    answer = gateway.exchange(request("PUT", body=b"x" * size))
    assert (answer.status, len(backend.requests)) == ((200, 2) if is_repeated else (502, 1))


def test_a_bad_backend_is_not_buried_under_retries(start, make_backend):
    backend = make_backend(lambda message: response(503))
    gateway = serving(start, backend.url, options="retry: { on: [503], budget: 10% }, eject: { failures: 0 }")
    count = 1_500
    with gateway.connect() as client:
        for _ in range(count // 50):
            client.send(request() * 50)
            for _ in range(50):
                assert client.read_response().status == 503
    retries = len(backend.requests) - count
    # A tenth of the requests, what is saved up at the start (100), and ten a second.
    assert 100 <= retries <= count // 10 + 100 + 60


def test_a_budget_of_nothing_allows_no_retry(start, backend):
    gateway = serving(start, f"http://127.0.0.1:{free_port()}", backend.url, options="retry: { budget: 0 }")
    assert sorted(gateway.exchange(request()).status for _ in range(4)) == [200, 200, 502, 502]


def test_a_failed_request_does_not_keep_the_next_one_of_its_connection_from_being_served(start, make_backend):
    backend = make_backend(lambda message: None if message.target == "/bad" else response(body=b"good"))
    gateway = serving(start, backend.url, options="eject: { failures: 0 }")
    with gateway.connect() as client:
        for _ in range(5):
            client.send(request("POST", "/bad", body=b"x") + request("GET", "/good"))
            assert client.read_response().status == 502
            assert client.read_response().body == b"good"


def test_a_client_that_leaves_during_an_attempt_ends_it(start, make_backend):
    arrived = threading.Event()

    def serve(peer):
        peer.read_request()
        arrived.set()
        peer.socket.recv(1)

    backend = make_backend(serve=serve)
    gateway = serving(start, backend.url)
    client = gateway.connect()
    client.send(request())
    assert arrived.wait(5)
    client.reset()
    assert backend.peers[0].has_ended.wait(5)
    line = gateway.log_lines(1)[0]
    assert (line["status"], line["cause"], line["attempts"]) == (499, "client.closed", 1)
