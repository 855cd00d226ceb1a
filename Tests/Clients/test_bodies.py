"""Bodies in both directions: framing, trailers, odd pieces, sizes, and peers that are slow."""

import hashlib
import http.client
import os
import subprocess
import threading
import time

import pytest
from harness import ONE_THREAD, Client, chunked, request, response, wait_until

MiB = 1 << 20
PATTERN = os.urandom(MiB)


def route(backend):
    return f"apis: {{ all: {{ routes: {{ $default: {{ to: {backend.url}, timeout: 60s }} }} }} }}"


def raw(backend_bytes):
    """A backend's part: answers every request with these bytes."""
    return lambda _: backend_bytes


# Trailers


def test_trailers_are_passed_on_in_both_directions(start, make_backend):
    answer = b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
    backend = make_backend(raw(answer + chunked(b"abc", b"d", trailers=["X-Sum: 1", "x-more:  two"])))
    gateway = start(route(backend))
    sent = request("POST", "/", "TE: trailers", "Trailer: X-Up", "Transfer-Encoding: chunked")
    with gateway.connect() as client:
        for _ in range(2):
            client.send(sent + chunked(b"12", b"345", trailers=["X-Up: a b", "X-Up: c"]))
            got = client.read_response()
            assert (got.body, got.trailers) == (b"abcd", [("X-Sum", "1"), ("x-more", "two")])
    for seen in backend.requests:
        assert (seen.body, seen.trailers) == (b"12345", [("X-Up", "a b"), ("X-Up", "c")])


def test_trailers_that_could_do_harm_are_refused_in_a_response(start, make_backend):
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    backend = make_backend(raw(answer + chunked(b"abc", trailers=["Content-Length: 1"])))
    gateway = start(route(backend))
    with gateway.connect() as client:
        client.send(request())
        with pytest.raises(EOFError):
            client.read_response()
    assert gateway.log_lines(1)[0]["cause"] == "backend.malformed-response"


def test_chunk_extensions_are_dropped(start, make_backend):
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0;z\r\n\r\n"
    backend = make_backend(raw(answer))
    gateway = start(route(backend))
    with gateway.connect() as client:
        client.send(request("POST", "/", "Transfer-Encoding: chunked") + b'5;x="y"\r\n12345\r\n0;last\r\n\r\n')
        assert client.read_response().body == b"abc"
    assert backend.requests[0].body == b"12345"
    assert b";" not in bytes(backend.peers[0].received).split(b"\r\n\r\n", 1)[1]


# Responses without a body


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 404 No\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No\r\n\r\n"),
        ("DELETE", b"HTTP/1.1 204 No\r\nX: y\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Same\r\nContent-Length: 1234\r\nETag: x\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Same\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ],
)
def test_responses_without_a_body_leave_both_connections_usable(start, make_backend, method, answer):
    backend = make_backend(raw(answer))
    gateway = start(route(backend))
    with gateway.connect() as client:
        for _ in range(3):
            client.send(request(method))
            got = client.read_response(method)
            assert got.line.split(b" ")[1] == answer.split(b" ")[1]
            assert got.body == b""
            if b"Content-Length: 1234" in answer:
                assert got.get("Content-Length") == "1234"
        assert client.is_silent(0.02)
    assert len(backend.peers) == 1


def test_a_body_that_ends_with_the_connection_becomes_chunks(start, make_backend):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n", b"abc", b"def", pause=0.01)

    gateway = start(route(make_backend(serve=serve)))
    with gateway.connect() as client:
        for _ in range(2):
            client.send(request())
            got = client.read_response()
            assert (got.body, got.get("Transfer-Encoding")) == (b"abcdef", "chunked")


def test_a_chunked_response_of_nothing_is_one_empty_chunk(start, make_backend):
    gateway = start(route(make_backend(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked()))))
    with gateway.connect() as client:
        client.send(request())
        assert client.read_head() and client.read_exactly(5) == b"0\r\n\r\n"
        assert client.is_silent(0.02)


# Odd pieces

CHUNKED_POST = request("POST", "/odd", "Transfer-Encoding: chunked") + chunked(b"a", b"bcd", trailers=["X-T: 1"])
COUNTED_POST = request("POST", "/odd", body=b"abcd")
CHUNKED_ANSWER = b"HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED_ANSWER += chunked(b"ab", b"cd", trailers=["X-T: 1"])
COUNTED_ANSWER = response(200, "X: y", body=b"abcd")


@pytest.mark.parametrize("sent", [CHUNKED_POST, COUNTED_POST], ids=["chunked", "counted"])
def test_a_request_may_be_cut_anywhere(gateway, backend, sent):
    with gateway.connect() as client:
        for cut in range(1, len(sent)):
            client.send(sent[:cut], sent[cut:], pause=0.001)
            assert client.read_response().body == b"hello"
    assert len(backend.requests) == len(sent) - 1
    assert all((seen.target, seen.body) == ("/odd", b"abcd") for seen in backend.requests)


@pytest.mark.parametrize("sent", [CHUNKED_POST, COUNTED_POST], ids=["chunked", "counted"])
def test_a_request_may_come_byte_by_byte(gateway, backend, sent):
    with gateway.connect() as client:
        for _ in range(3):
            client.send(*[sent[index : index + 1] for index in range(len(sent))], pause=0.0003)
            assert client.read_response().body == b"hello"
    assert all((seen.target, seen.body) == ("/odd", b"abcd") for seen in backend.requests)


@pytest.mark.parametrize("answer", [CHUNKED_ANSWER, COUNTED_ANSWER], ids=["chunked", "counted"])
def test_a_response_may_be_cut_anywhere(start, make_backend, answer):
    def serve(peer):
        for cut in range(1, len(answer)):
            if peer.read_request() is None:
                return
            peer.send(answer[:cut], answer[cut:], pause=0.001)
        while peer.read_request():
            peer.send(*[answer[index : index + 1] for index in range(len(answer))], pause=0.0003)

    backend = make_backend(serve=serve)
    gateway = start(route(backend))
    with gateway.connect() as client:
        for _ in range(len(answer) + 2):
            client.send(request())
            got = client.read_response()
            assert (got.status, got.get("X"), got.body) == (200, "y", b"abcd")
            assert got.trailers == ([("X-T", "1")] if answer is CHUNKED_ANSWER else [])
    assert len(backend.peers) == 1


def test_chunks_of_every_size_arrive_whole(start, make_backend):
    sizes = [1, 2, 15, 16, 17, 255, 256, 4_095, 4_096, 4_097, 65_535, 65_536, 65_537, 300_000]
    parts = [PATTERN[:size] for size in sizes]
    backend = make_backend(raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(*parts)))
    gateway = start(route(backend))
    with gateway.connect() as client:
        client.send(request("POST", "/", "Transfer-Encoding: chunked") + chunked(*parts))
        assert client.read_response().body == b"".join(parts)
    assert backend.requests[0].body == b"".join(parts)


# Large bodies


def hashing(size):
    """A backend's part: hashes bodies, and answers a GET with `size` bytes of the pattern, in chunks for /chunked."""
    hashes = []

    def serve(peer):
        while seen := peer.read_request(with_body=False):
            if seen.method == "GET":
                is_chunked = seen.target == "/chunked"
                framing = b"Transfer-Encoding: chunked" if is_chunked else b"Content-Length: %d" % size
                peer.send(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")
                for _ in range(size // MiB):
                    peer.send(b"%x\r\n%b\r\n" % (MiB, PATTERN) if is_chunked else PATTERN)
                if is_chunked:
                    peer.send(b"0\r\n\r\n")
                continue
            digest = hashlib.sha256()
            if seen.get("Transfer-Encoding") == "chunked":
                while length := int(peer.read_until(b"\r\n"), 16):
                    digest.update(peer.read_exactly(length))
                    peer.read_exactly(2)
                peer.read_exactly(2)
            else:
                left = int(seen.get("Content-Length"))
                while left:
                    data = peer.receive(min(left, 262_144))
                    digest.update(data)
                    left -= len(data)
            hashes.append(digest.hexdigest())
            peer.send(response(body=digest.hexdigest().encode()))

    return serve, hashes


@pytest.fixture(scope="module")
def big(make_shared_backend):
    return make_shared_backend(serve=hashing(50 * MiB)[0], records=False)


@pytest.fixture(scope="module")
def big_gateway(start_shared, big):
    return start_shared(route(big))


@pytest.fixture(scope="module")
def expected():
    digest = hashlib.sha256()
    for _ in range(50):
        digest.update(PATTERN)
    return digest.hexdigest().encode()


@pytest.mark.parametrize("is_chunked", [False, True], ids=["counted", "chunked"])
def test_fifty_megabytes_up_arrive_unchanged(big_gateway, expected, is_chunked):
    with big_gateway.connect() as client:
        framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {50 * MiB}"
        client.send(request("POST", "/up", framing))
        for _ in range(50):
            client.send(b"%x\r\n%b\r\n" % (MiB, PATTERN) if is_chunked else PATTERN)
        if is_chunked:
            client.send(b"0\r\n\r\n")
        answer = client.read_response()
        assert answer.body == expected
    assert big_gateway.line_of(answer)["bytes_in"] == 50 * MiB


@pytest.mark.parametrize("path", ["/counted", "/chunked"])
def test_fifty_megabytes_down_arrive_unchanged(big_gateway, expected, path):
    output = subprocess.Popen(["curl", "-sS", big_gateway.url(path)], stdout=subprocess.PIPE)
    digest = hashlib.sha256()
    while data := output.stdout.read(262_144):
        digest.update(data)
    assert output.wait(10) == 0
    assert digest.hexdigest().encode() == expected
    wait_until(lambda: path in big_gateway.log_text(), "the request in the access log")
    assert big_gateway.log_lines()[-1]["bytes_out"] == 50 * MiB


def test_large_bodies_take_little_memory(big_gateway):
    assert big_gateway.peak_memory() < 64 * MiB


def test_a_hundred_uploads_at_once(start, start_nginx, tmp_path):
    nginx = start_nginx("location /up/ { dav_methods PUT; create_full_put_path on; }")
    gateway = start(route(nginx))
    size = 5 * MiB
    content = PATTERN * 5
    (tmp_path / "upload").write_bytes(content)
    command = ["curl", "-sS", "--no-progress-meter", "--parallel", "--parallel-immediate", "--parallel-max", "100"]
    for number in range(100):
        command += ["-T", str(tmp_path / "upload"), "-w", "%{http_code}\n", gateway.url(f"/up/{number}")]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [b"201"] * 100
    for number in range(100):
        path = nginx.root / "up" / str(number)
        assert path.stat().st_size == size
        assert path.read_bytes() == content
        path.unlink()
    lines = gateway.log_lines(100)
    assert [line["bytes_in"] for line in lines] == [size] * 100
    assert gateway.peak_memory() < 150 * MiB


# Slow peers


def test_a_slow_reader_holds_the_backend_back(start, make_backend):
    sent = [0]

    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (100 * MiB))
        for _ in range(1_600):
            peer.send(PATTERN[:65_536])
            sent[0] += 65_536

    gateway = start(route(make_backend(serve=serve, records=False)))
    gateway.exchange(b"GET http://x/%00 HTTP/1.1\r\nHost: x\r\n\r\n")
    before = gateway.peak_memory()
    with gateway.connect(receive_buffer=65_536) as client:
        client.send(request())
        client.read_head()
        time.sleep(0.5)
        held = sent[0]
        time.sleep(0.2)
        assert sent[0] == held < 30 * MiB, "the backend is not held back"
        digest = hashlib.sha256(client.read_exactly(100 * MiB)).digest()
    assert digest == hashlib.sha256(PATTERN[:65_536] * 1_600).digest()
    assert gateway.peak_memory() - before < 16 * MiB


def test_a_slow_backend_holds_the_client_back(start, make_backend):
    goes_on = threading.Event()
    digests = []

    def serve(peer):
        seen = peer.read_request(with_body=False)
        goes_on.wait(10)
        digests.append(hashlib.sha256(peer.read_exactly(int(seen.get("Content-Length")))).digest())
        peer.send(response(body=b"done"))

    gateway = start(route(make_backend(serve=serve, records=False, receive_buffer=65_536)))
    gateway.exchange(b"GET http://x/%00 HTTP/1.1\r\nHost: x\r\n\r\n")
    before = gateway.peak_memory()
    sent = [0]

    def upload():
        for _ in range(100):
            client.send(PATTERN)
            sent[0] += MiB

    with gateway.connect() as client:
        client.send(request("POST", "/", f"Content-Length: {100 * MiB}"))
        sender = threading.Thread(target=upload)
        sender.start()
        time.sleep(0.5)
        held = sent[0]
        time.sleep(0.2)
        assert sent[0] == held < 30 * MiB, "the client is not held back"
        goes_on.set()
        assert client.read_response().body == b"done"
        sender.join()
    assert digests == [hashlib.sha256(PATTERN * 100).digest()]
    assert gateway.peak_memory() - before < 16 * MiB


def test_a_response_that_comes_in_drops_is_passed_on_in_drops(start, make_backend):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number in range(5):
            peer.send(b"3\r\n:%d\n\r\n" % number)
            turns.acquire(timeout=5)
        peer.send(b"0\r\n\r\n")

    turns = threading.Semaphore(0)
    gateway = start(route(make_backend(serve=serve)))
    with gateway.connect() as client:
        client.send(request())
        client.read_head()
        for number in range(5):
            assert client.read_until(b"\n\r\n") == b"3\r\n:%d\n\r\n" % number
            turns.release()
        assert client.read_exactly(5) == b"0\r\n\r\n"


def test_a_request_that_comes_in_drops_is_passed_on_in_drops(start, make_backend):
    arrived = []

    def serve(peer):
        peer.read_request(with_body=False)
        while len(arrived) < 5:
            arrived.append(peer.read_until(b"\n\r\n"))
        peer.read_until(b"0\r\n\r\n")
        peer.send(response(body=b"done"))

    gateway = start(route(make_backend(serve=serve)))
    with gateway.connect() as client:
        client.send(request("POST", "/", "Transfer-Encoding: chunked"))
        for number in range(5):
            client.send(b"3\r\n:%d\n\r\n" % number)
            wait_until(lambda: len(arrived) == number + 1, "the chunk at the backend")
        client.send(b"0\r\n\r\n")
        assert client.read_response().body == b"done"


def test_both_directions_flow_at_once(start, make_backend):
    """A backend that answers while it reads, as a transcoder would: neither side may wait for the other's end."""

    def serve(peer):
        peer.read_request(with_body=False)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (20 * MiB))
        left = 20 * MiB
        while left:
            data = peer.receive(65_536)
            peer.send(data)
            left -= len(data)

    gateway = start(route(make_backend(serve=serve, records=False)))
    with gateway.connect() as client:
        client.send(request("POST", "/", f"Content-Length: {20 * MiB}"))
        sender = threading.Thread(target=client.send, args=[PATTERN] * 20)
        sender.start()
        answer = client.read_response()
        sender.join()
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(PATTERN * 20).digest()


def early(peer):
    """A backend's part: answers without reading the body, and closes."""
    peer.read_request(with_body=False)
    peer.send(response(413, "Connection: close", body=b"too large"))


@pytest.mark.parametrize("size", [1_000, 200_000, 1_000_000, 20_000_000])
@pytest.mark.parametrize(("path", "expected"), [("/proxied", (413, b"too large")), ("/mock", (200, b"mock"))])
def test_an_answer_that_comes_before_the_body_reaches_clients_that_send_on(start, make_backend, path, expected, size):
    backend = make_backend(serve=early)
    gateway = start(
        f"apis: {{ all: {{ routes: {{ POST /mock: {{ reply: {{ text: mock }} }}, POST /proxied: {backend.url} }} }} }}"
    )
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    connection.request("POST", path, body=b"x" * size)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == expected
    if path == "/mock":
        assert answer.headers["Connection"] == ("close" if size > 262_144 else None)
    connection.request("POST", path, body=b"x")
    assert connection.getresponse().status == expected[0]
    connection.close()


def test_an_answer_while_the_body_is_stuck_sets_the_client_free(start, make_backend):
    def serve(peer):
        peer.read_request(with_body=False)
        time.sleep(0.2)
        peer.send(response(413, "Connection: close", body=b"too large"))

    gateway = start(route(make_backend(serve=serve, records=False, receive_buffer=65_536)))
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
    begun = time.monotonic()
    connection.request("POST", "/", body=b"x" * 50_000_000)
    assert connection.getresponse().status == 413
    assert time.monotonic() - begun < 1.5
    connection.close()


def test_a_client_that_never_reads_is_cut_off_in_time(start, make_backend):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (200 * MiB))
        while True:
            peer.send(PATTERN)

    backend = make_backend(serve=serve, records=False)
    gateway = start(route(backend) + "\nlimits: { body_idle: 300ms }")
    with gateway.connect(receive_buffer=65_536) as client:
        client.send(request())
        assert backend_ends(backend)
        [line] = gateway.log_lines(1)
        assert (line["status"], line["cause"]) == (200, "client.write-timeout")


def backend_ends(backend):
    """Whether the gateway closes its first connection to the backend."""
    wait_until(lambda: backend.peers, "a connection to the backend")
    return backend.peers[0].has_ended.wait(5)


# Clients that go


def gone(gateway):
    """The one log line of a client that went."""
    [line] = gateway.log_lines(1)
    return line


def test_a_client_that_goes_before_the_answer_frees_the_backend(start, make_backend):
    backend = make_backend(serve=lambda peer: peer.read_request() and peer.read_to_end())
    gateway = start(route(backend))
    client = gateway.connect()
    client.send(request("GET", "/slow"))
    backend.wait_for_requests(1)
    client.reset()
    assert backend.peers[0].has_ended.wait(5), "the backend's connection stays open"
    line = gone(gateway)
    assert (line["status"], line["cause"], line["path"]) == (499, "client.closed", "/slow")


def test_a_client_that_closes_before_the_answer_is_taken_to_be_half_closed(start, make_backend):
    """A FIN does not tell which it is, so the call goes on; its answer then finds nobody, and harms nobody."""
    goes_on = threading.Event()
    backend = make_backend(lambda _: goes_on.wait(5) and response(body=b"hello"))
    gateway = start(route(backend), arguments=ONE_THREAD)
    client = gateway.connect()
    client.send(request("GET", "/slow"))
    backend.wait_for_requests(1)
    client.close()
    time.sleep(0.05)
    assert not backend.peers[0].has_ended.is_set()
    goes_on.set()
    assert gone(gateway)["path"] == "/slow"
    assert gateway.exchange(request()).body == b"hello"


@pytest.mark.parametrize("leave", [Client.close, Client.reset])
def test_a_client_that_goes_during_the_answer_frees_the_backend(start, make_backend, leave):
    def serve(peer):
        peer.read_request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1_000 * MiB))
        while True:
            peer.send(PATTERN)

    backend = make_backend(serve=serve, records=False)
    gateway = start(route(backend))
    client = gateway.connect()
    client.send(request())
    client.read_head()
    leave(client)
    assert backend.peers[0].has_ended.wait(5), "the backend's connection stays open"
    line = gone(gateway)
    assert (line["status"], line["cause"]) == (200, "client.closed")
    assert line["bytes_out"] < 1_000 * MiB


@pytest.mark.parametrize("leave", [Client.close, Client.reset])
@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_client_that_goes_during_its_request_frees_the_backend(start, make_backend, leave, framing):
    backend = make_backend()
    gateway = start(route(backend))
    client = gateway.connect()
    client.send(request("POST", "/up", framing), b"5\r\nabcde\r\n")
    backend.wait_for_requests(1)
    leave(client)
    assert backend.peers[0].has_ended.wait(5), "the backend's connection stays open"
    line = gone(gateway)
    assert (line["status"], line["cause"], line["path"]) == (499, "client.closed", "/up")
    assert gateway.exchange(request()).body == b"hello"


def test_clients_that_go_leave_nothing_behind(start, make_backend):
    def answer(_):
        time.sleep(0.01)
        return response(body=PATTERN[:50_000])

    gateway = start(route(make_backend(answer, records=False)))
    descriptors = f"/proc/{gateway.process.pid}/fd"
    gateway.exchange(request())
    before = len(os.listdir(descriptors))
    for number in range(200):
        client = gateway.connect()
        client.send(request("POST", "/", body=b"x" * 100)[: 50 + number])
        (client.reset if number % 2 else client.close)()
    wait_until(lambda: len(os.listdir(descriptors)) <= before + 60, "sockets to be closed")
    assert gateway.exchange(request()).status == 200
