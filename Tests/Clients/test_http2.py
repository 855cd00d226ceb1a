"""HTTP/2 from clients: what is special about it. The tests of routing and forwarding run over it, too."""

import os
import subprocess
import threading
import time

import frames
import h2.settings
import pytest
from harness import chunked, response, wait_until
from http2 import GoAway, Reset

PROTOCOL_ERROR, NO_ERROR, REFUSED_STREAM, CANCEL = 1, 0, 7, 8
HEAD = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "shop.test")]


def listening(backend, more=""):
    return f"apis: {{ all: {{ routes: {{ $default: {{ to: {backend.url}, timeout: 60s }} }} }} }}\n{more}"


@pytest.fixture
def gateway(start, backend):
    return start(listening(backend), http2=True)


# Calls


def test_curl_gets_the_same_over_both_protocols(gateway):
    def curl(*options):
        arguments = ["curl", "-s", "-w", "%{http_version}", *options, gateway.url()]
        return subprocess.run(arguments, capture_output=True, timeout=10, check=True).stdout

    assert curl("--http2-prior-knowledge") == b"hello2"
    assert curl() == b"hello1.1"


def test_a_listener_without_it_does_not_speak_it(start, backend):
    gateway = start(listening(backend))
    with gateway.connect() as client:
        client.send(frames.PREFACE + frames.settings())
        assert client.read_response().status in (400, 505)


def test_the_log_and_the_backend_see_the_protocol(gateway, backend):
    with gateway.connect_http2() as client:
        answer = client.read_response(client.begin("POST", "/a?b", ("x-one", "1"), body=b"data"))
    assert gateway.line_of(answer)["protocol"] == "HTTP/2.0"
    seen = backend.requests[0]
    assert (seen.line, seen.get("Via"), seen.get("X-One")) == (b"POST /a?b HTTP/1.1", "2.0 daemun", "1")
    assert seen.body == b"data"


def test_many_streams_are_answered_as_their_answers_come(start, make_backend):
    release = threading.Event()

    def answer(message):
        if message.target == "/slow":
            release.wait(10)
        return response(body=message.target.encode())

    gateway = start(listening(make_backend(answer)), http2=True)
    with gateway.connect_http2() as client:
        slow = client.begin(path="/slow")
        fast = [client.begin(path=f"/{number}") for number in range(50)]
        assert [client.read_response(stream).body for stream in fast] == [b"/%d" % number for number in range(50)]
        release.set()
        assert client.read_response(slow).body == b"/slow"


def test_the_pieces_of_a_cookie_become_one_field(gateway, backend):
    with gateway.connect_http2() as client:
        fields = [("cookie", "a=1"), ("accept", "*/*"), ("cookie", "b=2"), ("cookie", "c=3")]
        client.read_response(client.begin("GET", "/", *fields))
    assert backend.requests[0].all("cookie") == ["a=1; b=2; c=3"]


@pytest.mark.parametrize("host", [None, "shop.test", "SHOP.test"])
def test_the_authority_is_the_host(gateway, backend, host):
    with gateway.connect_http2() as client:
        client.read_response(client.begin("GET", "/", *([("host", host)] if host else [])))
    assert backend.requests[0].get("X-Forwarded-Host") == "shop.test"


def test_host_alone_will_do(gateway, backend):
    with gateway.connect_http2() as client:
        client.read_response(client.begin("GET", "/", ("host", "other.test"), pseudo=HEAD[:3]))
    assert backend.requests[0].get("X-Forwarded-Host") == "other.test"


def test_interim_responses_and_trailers_are_passed_on(start, make_backend):
    answer = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    backend = make_backend(lambda _: answer + chunked(b"abc", trailers=["X-Sum: 1"]))
    with start(listening(backend), http2=True).connect_http2() as client:
        got = client.read_response(client.begin())
    assert [(interim.status, interim.get("link")) for interim in got.interim] == [(103, "</a>")]
    assert (got.body, got.trailers) == (b"abc", [("x-sum", "1")])
    assert "transfer-encoding" not in got


def test_a_requests_trailers_reach_the_backend(gateway, backend):
    with gateway.connect_http2() as client:
        stream = client.begin("POST", ends=False)
        client.send_body(stream, b"abc", trailers=[("x-sum", "1")])
        assert client.read_response(stream).status == 200
    assert (backend.requests[0].body, backend.requests[0].trailers) == (b"abc", [("x-sum", "1")])


def test_a_client_that_asks_is_told_to_go_on(gateway, backend):
    with gateway.connect_http2() as client:
        stream = client.begin("POST", "/", ("expect", "100-continue"), ends=False)
        while not client.events[stream]:
            client.pump()
        client.send_body(stream, b"abc", ends=True)
        got = client.read_response(stream)
    assert [interim.status for interim in got.interim] == [100]
    assert backend.requests[0].body == b"abc"


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_answers_without_a_body_end_with_their_head(start, make_backend, method):
    backend = make_backend(lambda seen: response(200 if seen.method == "HEAD" else 204))
    with start(listening(backend), http2=True).connect_http2() as client:
        got = client.read_response(client.begin(method))
    assert (got.body, got.chunks) == (b"", [])


# Bodies and flow control


@pytest.mark.parametrize("size", [1, 16_384, 16_385, 3_000_000])
def test_bodies_of_any_size_pass_in_both_directions(start, make_backend, size):
    backend = make_backend(lambda message: response(body=message.body))
    data = os.urandom(size)
    with start(listening(backend), http2=True).connect_http2() as client:
        for fields in ([], [("content-length", str(size))]):
            assert client.read_response(client.begin("POST", "/", *fields, body=data)).body == data


def test_padding_does_not_use_the_window_up(start, make_backend):
    backend = make_backend(lambda message: response(body=b"%d" % len(message.body)))
    with start(listening(backend), http2=True).connect_http2() as client:
        stream = client.begin("POST", ends=False)
        for _ in range(2_000):
            while client.state.local_flow_control_window(stream) < 300:
                client.pump()
            client.state.send_data(stream, b"x", pad_length=255)
            client.flush()
        client.end_body(stream)
        assert client.read_response(stream).body == b"2000"


def test_a_client_that_does_not_read_holds_its_own_stream_only(start, make_backend):
    large = os.urandom(1 << 20)
    backend = make_backend(lambda message: response(body=large if message.target == "/large" else b"small"))
    gateway = start(listening(backend), http2=True)
    with gateway.connect_http2(window=65_535) as client:
        client.state.increment_flow_control_window(1 << 24)
        client.reads = False
        slow = client.begin(path="/large")
        for _ in range(20):
            assert client.read_response(client.begin(path="/small")).body == b"small"
        assert gateway.log_text().count("/large") == 0
        client.state.increment_flow_control_window(1 << 21, slow)
        client.flush()
        assert client.read_response(slow).body == large


def test_a_backend_that_does_not_read_holds_its_own_stream_only(start, make_backend):
    release = threading.Event()

    def serve(peer):
        while message := peer.read_request(with_body=False):
            if message.target == "/slow":
                release.wait(20)
            peer.read_body(message)
            peer.send(response(body=b"%d" % len(message.body)))

    backend = make_backend(serve=serve, records=False, receive_buffer=4_096)
    gateway = start(listening(backend), http2=True)
    before = gateway.memory()
    with gateway.connect_http2() as client:
        slow = client.begin("POST", "/slow", ends=False)
        sent = 0
        while client.state.local_flow_control_window(slow) > 16_384:
            client.state.send_data(slow, b"x" * 16_384)
            client.flush()
            sent += 16_384
            time.sleep(0.01)
        for _ in range(5):
            assert client.read_response(client.begin("POST", "/fast", body=b"y" * 300_000)).body == b"300000"
        assert gateway.memory() - before < 64 << 20
        release.set()
        client.end_body(slow)
        assert client.read_response(slow).body == b"%d" % sent


def test_an_answer_before_the_end_of_the_body_stops_the_client(start, make_backend):
    def serve(peer):
        peer.read_request(with_body=False)
        peer.send(response(403, "Connection: close", body=b"no"))

    with start(listening(make_backend(serve=serve)), http2=True).connect_http2() as client:
        stream = client.begin("POST", ends=False)
        client.send_body(stream, b"x" * 1_000)
        assert client.read_response(stream).status == 403
        with pytest.raises(Reset) as reset:
            client.read_response(stream)
        assert reset.value.code == NO_ERROR


def test_a_body_over_the_limit_is_refused(start, backend):
    gateway = start(listening(backend, "limits: { body: 1000 }"), http2=True)
    with gateway.connect_http2() as client:
        answer = client.read_response(client.begin("POST", "/", ("content-length", "2000"), ends=False))
        assert (answer.status, answer.json()["cause"]) == (413, "wire.body-too-large")
        assert client.read_response(client.begin("POST", body=b"x" * 2_000)).status == 413
        assert client.read_response(client.begin("POST", body=b"x" * 1_000)).status == 200


def test_a_body_that_stops_is_given_up(start, backend):
    gateway = start(listening(backend, "limits: { body_idle: 300ms }"), http2=True)
    with gateway.connect_http2() as client:
        answer = client.read_response(client.begin("POST", ends=False))
        assert (answer.status, answer.json()["cause"]) == (408, "client.body-timeout")


def test_a_reset_stream_is_given_up_at_the_backend(start, make_backend):
    ended = threading.Event()

    def serve(peer):
        peer.read_request()
        assert peer.is_closed()
        ended.set()

    gateway = start(listening(make_backend(serve=serve)), http2=True)
    with gateway.connect_http2() as client:
        stream = client.begin()
        time.sleep(0.1)
        client.state.reset_stream(stream, CANCEL)
        client.flush()
        assert ended.wait(10)
    assert gateway.log_lines(1)[0]["status"] == 499


# Refusals

MALFORMED = {
    "connection": [("connection", "close")],
    "keep-alive": [("keep-alive", "1")],
    "proxy-connection": [("proxy-connection", "close")],
    "transfer-encoding": [("transfer-encoding", "chunked")],
    "upgrade": [("upgrade", "h2c")],
    "te": [("te", "gzip")],
    "upper case": [("X-Upper", "1")],
    "a space in a name": [("a b", "1")],
    "a colon in a name": [("a:b", "1")],
    "a line end in a value": [("a", "b\r\nx-smuggled: 1")],
    "a bare LF in a value": [("a", "b\nx-smuggled: 1")],
    "a bare CR in a value": [("a", "b\rc")],
    "NUL in a value": [("a", "b\0c")],
    "a space before a value": [("a", " b")],
    "a space after a value": [("a", "b ")],
    "an unknown pseudo-header": [(":unknown", "1")],
    "a pseudo-header of responses": [(":status", "200")],
    "a second path": [(":path", "/b")],
    "a pseudo-header behind a field": [("a", "b"), (":authority", "c")],
    "two lengths": [("content-length", "0"), ("content-length", "0")],
    "a length that is none": [("content-length", "+0")],
    "a length without a body": [("content-length", "1")],
    "an empty name": [("", "1")],
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_is_reset_and_costs_nobody_else(gateway, backend, fields):
    with gateway.connect_http2() as client:
        try:
            stream = client.begin("GET", "/", *fields)
            with pytest.raises(Reset) as reset:
                client.read_response(stream)
            assert reset.value.code == PROTOCOL_ERROR
            assert client.read_response(client.begin()).status == 200
            assert gateway.log_lines(1)[0]["cause"].startswith("wire.")
        except GoAway:
            # HPACK itself has no empty names.
            assert fields[0][0] == ""
    assert b"smuggled" not in backend.received


@pytest.mark.parametrize(
    ("pseudo", "expected"),
    [
        (HEAD[1:], PROTOCOL_ERROR),
        ([HEAD[0], *HEAD[2:]], PROTOCOL_ERROR),
        ([*HEAD[:2], HEAD[3]], PROTOCOL_ERROR),
        ([*HEAD[:2], (":path", ""), HEAD[3]], PROTOCOL_ERROR),
        ([(":method", "G T"), *HEAD[1:]], PROTOCOL_ERROR),
        ([HEAD[0], (":scheme", "ftp"), *HEAD[2:]], PROTOCOL_ERROR),
        (HEAD[:3], 400),
        ([*HEAD[:3], (":authority", "")], 400),
        ([*HEAD[:3], (":authority", "user@shop.test")], 400),
        ([*HEAD[:3], (":authority", "a b")], 400),
        ([*HEAD[:2], (":path", "/a b"), HEAD[3]], 400),
        ([*HEAD[:2], (":path", "/a HTTP/1.1\r\nx: y"), HEAD[3]], 400),
        ([*HEAD[:2], (":path", "http://shop.test/"), HEAD[3]], 400),
        ([*HEAD[:2], (":path", "*"), HEAD[3]], 400),
        ([(":method", "CONNECT"), HEAD[3]], 501),
        ([*HEAD, ("host", "other.test")], 400),
        ([*HEAD, ("host", "shop.test"), ("host", "shop.test")], 400),
        ([*HEAD[:3], ("host", "a"), ("host", "a")], 400),
        ([*HEAD, ("expect", "more")], 417),
        ([*HEAD[:2], (":path", "/" + "x" * 9_000), HEAD[3]], 414),
        ([*HEAD, *((f"a{number}", "") for number in range(101))], 431),
        ([*HEAD, ("a", "x" * 33_000)], 431),
    ],
    ids=str,
)  # fmt: skip
def test_a_request_is_refused_as_it_would_be_over_http1(gateway, backend, pseudo, expected):
    with gateway.connect_http2() as client:
        # The larger header list is only known once the client has acknowledged the settings.
        client.read_response(client.begin())
        stream = client.begin(pseudo=pseudo)
        if expected == PROTOCOL_ERROR:
            with pytest.raises(Reset) as reset:
                client.read_response(stream)
            assert reset.value.code == PROTOCOL_ERROR
        else:
            assert client.read_response(stream).status == expected
        assert client.read_response(client.begin()).status == 200
    assert len(backend.requests) == 2


@pytest.mark.parametrize(("sent", "length"), [(b"abcd", 3), (b"ab", 3), (b"", 3)])
def test_a_body_must_be_as_long_as_it_says(gateway, sent, length):
    with gateway.connect_http2() as client:
        stream = client.begin("POST", "/", ("content-length", str(length)), ends=False)
        client.state.send_data(stream, sent, end_stream=True)
        client.flush()
        with pytest.raises(Reset) as reset:
            client.read_response(stream)
        assert reset.value.code == PROTOCOL_ERROR


def test_a_stream_over_the_limit_is_refused_and_no_other(start, make_backend):
    release = threading.Event()

    def answer(_):
        release.wait(10)
        return response(body=b"held")

    gateway = start(listening(make_backend(answer), "limits: { http2: { streams: 3 } }"), http2=True)
    with gateway.connect_http2() as client:
        held = [client.begin() for _ in range(3)]
        # Before the client's own library knows of the limit.
        over = client.begin()
        with pytest.raises(Reset) as reset:
            client.read_response(over)
        assert reset.value.code == REFUSED_STREAM
        assert client.state.remote_settings[h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS] == 3
        release.set()
        assert [client.read_response(stream).body for stream in held] == [b"held"] * 3


@pytest.mark.parametrize(("content_type", "is_grpc"), [("application/grpc", True), ("application/grpc+proto", True), ("application/grpcish", False)])
def test_a_refused_grpc_call_gets_a_status_of_grpc(start, content_type, is_grpc):
    gateway = start("apis: { all: { routes: { GET /known: { reply: { status: 200 } } } } }", http2=True)
    with gateway.connect_http2() as client:
        answer = client.read_response(client.begin("POST", "/s/m", ("content-type", content_type), ("te", "trailers")))
    line = gateway.line_of(answer)
    assert (line["status"], line["cause"]) == (404, "route.not-found")
    if is_grpc:
        assert (answer.status, answer.get("grpc-status"), answer.body) == (200, "12", b"")
        assert answer.get("grpc-message").startswith("route.not-found")
    else:
        assert answer.status == 404


# Ends


def test_a_stopping_gateway_serves_what_it_has(start, make_backend):
    release = threading.Event()

    def answer(_):
        release.wait(10)
        return response(body=b"late")

    backend = make_backend(answer)
    gateway = start(listening(backend), http2=True)
    with gateway.connect() as client:
        client.send(frames.PREFACE + frames.settings() + frames.get(1))
        backend.wait_for_requests()
        threading.Thread(target=gateway.stop, daemon=True).start()
        time.sleep(0.3)
        # Sent before the client has read that the gateway stops, so it is served.
        client.send(frames.get(3))
        backend.wait_for_requests(2)
        release.set()
        read, _ = frames.parse(client.read_to_end())
    goaways = [(int.from_bytes(frame.payload[:4]), frames.error(frame)) for frame in read if frame.kind == frames.GOAWAY]
    assert goaways == [((1 << 31) - 1, "NO_ERROR"), (3, "NO_ERROR")]
    data = sorted((frame.stream, frame.payload) for frame in read if frame.kind == frames.DATA)
    assert data == [(1, b"late"), (3, b"late")]


def test_an_idle_connection_is_closed(start, backend):
    gateway = start(listening(backend, "limits: { keep_alive: 300ms }"), http2=True)
    with gateway.connect_http2() as client:
        assert client.read_response(client.begin()).status == 200
        assert client.wait_for_end() == [(1, NO_ERROR)]


def test_a_client_that_stays_silent_is_sent_away(start, backend):
    gateway = start(listening(backend, "limits: { head_timeout: 300ms }"), http2=True)
    with gateway.connect() as client:
        client.send(frames.PREFACE[:10])
        assert client.is_closed()
    with gateway.connect() as client:
        client.send(frames.PREFACE)
        assert frames.error(frames.parse(client.read_to_end())[0][-1]) == "NO_ERROR"


def test_an_answer_that_is_not_read_is_given_up(start, make_backend):
    backend = make_backend(lambda _: response(body=b"x" * 100_000))
    gateway = start(listening(backend, "limits: { body_idle: 300ms }"), http2=True)
    with gateway.connect_http2() as client:
        client.reads = False
        stream = client.begin()
        with pytest.raises(Reset) as reset:
            client.read_response(stream)
        assert reset.value.code == CANCEL
    assert gateway.log_lines(1)[0]["path"] == "/"


def test_a_reload_changes_nothing_for_open_connections(start, make_backend):
    gateway = start(listening(make_backend()), http2=True)
    with gateway.connect_http2() as client:
        assert client.read_response(client.begin()).body == b"hello"
        gateway.write(listening(make_backend(lambda _: response(body=b"new"))))
        gateway.signal(1)
        wait_until(lambda: client.read_response(client.begin()).body == b"new", "the new backend")


def test_load_over_many_streams_is_answered_without_an_error(start, make_backend, start_nginx):
    nginx = start_nginx('location / { return 200 "hello"; }')
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {nginx.url} }} }} }}\nlog: {{}}", http2=True)
    arguments = ["h2load", "-n", "4000", "-c", "4", "-m", "50", gateway.url()]
    report = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "4000 succeeded, 0 failed, 0 errored, 0 timeout" in report, report


def test_the_json_log_holds_for_streams_that_fail(gateway):
    with gateway.connect_http2() as client:
        with pytest.raises(Reset):
            client.read_response(client.begin("GET", "/", ("te", "x")))
    [line] = gateway.log_lines(1)
    assert line["cause"] == "wire.connection-field"
    assert line["status"] == 400
