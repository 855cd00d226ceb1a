"""gRPC through the gateway: a real client, a real server, and every kind of call between them."""

import queue
import threading
import time

import grpc
import pytest
from backend_certificates import Authority
from grpc_peers import Service, Stub
from harness import free_port, wait_until

LIMIT = 10
OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.enable_retries", 0)]


def configuration(target, port, more="", tls="", timeout=""):
    to = f"{{ to: b, timeout: {{ {timeout} }} }}" if timeout else "b"
    return f"""
listen: {{ address: 127.0.0.1, port: {port}, http2: true }}
apis: {{ grpc: {{ routes: {{ $default: {to} }} }} }}
backends: {{ b: {{ targets: ["{target}"]{more} {tls} }} }}
"""


@pytest.fixture
def service():
    with Service(options=OPTIONS) as service:
        yield service


@pytest.fixture
def connect(start):
    """Starts a gateway before a service, and gives a stub that calls it through the gateway."""
    channels = []

    def connect(target, **options):
        port = free_port()
        connect.gateway = start(configuration(target, port, **options), port=port)
        channels.append(grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS))
        return Stub(channels[-1])

    yield connect
    for channel in channels:
        channel.close()


@pytest.fixture
def stub(connect, service):
    return connect(f"h2c://127.0.0.1:{service.port}")


def test_a_unary_call_keeps_its_metadata_and_trailers(stub, service, connect):
    answer, call = stub.double.with_call(b"ab", metadata=(("x-test", "1"),), timeout=LIMIT)
    assert answer == b"abab"
    assert call.code() == grpc.StatusCode.OK
    assert dict(call.trailing_metadata()) == {"test-trailer": "at the end", "test-bin": b"\x00\xff"}
    seen = service.calls[0]
    assert seen["x-test"] == "1"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["via"] == "2.0 daemun"
    [line] = connect.gateway.log_lines(1)
    assert (line["status"], line["protocol"], line["path"]) == (200, "HTTP/2.0", "/test.Service/double")


def test_the_server_streams(stub):
    assert list(stub.count(b"3 5", timeout=LIMIT)) == [bytes([n]) * 3 for n in range(5)]


def test_the_client_streams(stub):
    assert stub.join(iter([b"a", b"b" * 100_000, b"c"]), timeout=LIMIT) == b"a" + b"b" * 100_000 + b"c"


def test_both_talk_at_the_same_time(stub):
    requests = queue.Queue()
    call = stub.echo(iter(requests.get, None), timeout=LIMIT)
    for number in range(20):
        # Each answer comes before the next request is made.
        requests.put(b"%d" % number)
        assert next(call) == b"%d" % number
    requests.put(None)
    assert list(call) == []
    assert call.code() == grpc.StatusCode.OK


def test_the_client_may_close_its_side_first(stub):
    assert list(stub.echo(iter([]), timeout=LIMIT)) == []


def test_large_messages_pass_both_ways(stub):
    message = bytes(range(256)) * 4_096 * 3
    assert stub.double(message, timeout=LIMIT) == message * 2


def test_many_calls_share_a_connection(stub, connect):
    calls = [stub.double.future(b"%d" % number, timeout=LIMIT) for number in range(300)]
    assert [call.result() for call in calls] == [b"%d" % number * 2 for number in range(300)]


@pytest.mark.parametrize("name", ["fail", "missing"])
def test_a_status_passes_as_it_is(stub, name):
    with pytest.raises(grpc.RpcError) as raised:
        getattr(stub, name)(b"", timeout=LIMIT)
    expected = {
        "fail": (grpc.StatusCode.FAILED_PRECONDITION, "not today, señor"),
        "missing": (grpc.StatusCode.UNIMPLEMENTED, "Method not found!"),
    }
    assert (raised.value.code(), raised.value.details()) == expected[name]


def test_a_status_after_messages_passes_as_it_is(stub):
    call = stub.fail_late(b"", timeout=LIMIT)
    assert next(call) == b"one"
    with pytest.raises(grpc.RpcError) as raised:
        next(call)
    assert (raised.value.code(), raised.value.details()) == (grpc.StatusCode.DATA_LOSS, "lost the rest")


def test_a_cancelled_call_is_cancelled_at_the_server(stub, service, connect):
    call = stub.wait.future(b"")
    wait_until(lambda: service.calls, "the call at the server")
    call.cancel()
    assert service.cancelled.wait(LIMIT)
    [line] = connect.gateway.log_lines(1)
    assert line["cause"] == "client.closed"


def test_a_deadline_reaches_the_server(stub, service):
    with pytest.raises(grpc.RpcError) as raised:
        stub.wait(b"", timeout=0.5)
    assert raised.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert service.cancelled.wait(LIMIT)


def test_a_slow_reader_holds_its_own_stream_only(stub):
    slow = stub.count(b"1000000 64", timeout=60)
    next(slow)
    time.sleep(0.5)
    began = time.monotonic()
    for number in range(50):
        assert stub.double(b"x", timeout=LIMIT) == b"xx"
    assert time.monotonic() - began < 5
    assert sum(1 for _ in slow) == 63


def test_a_slow_server_holds_its_own_stream_only(start, connect):
    """The backend takes nothing of one stream's body, and serves the others."""
    with Service(options=[*OPTIONS, ("grpc.http2.bdp_probe", 0)]) as service:
        stub = connect(f"h2c://127.0.0.1:{service.port}")
        gate = threading.Event()

        def requests():
            for _ in range(40):
                yield b"x" * 1_000_000
            gate.wait(LIMIT)

        big = stub.echo(requests(), timeout=60)
        next(big)
        for _ in range(20):
            assert stub.double(b"x", timeout=LIMIT) == b"xx"
        gate.set()
        assert sum(1 for _ in big) == 39
        assert connect.gateway.peak_memory() < 300 << 20


def test_nobody_there_is_unavailable(connect):
    stub = connect(f"h2c://127.0.0.1:{free_port()}")
    with pytest.raises(grpc.RpcError) as raised:
        stub.double(b"", timeout=LIMIT)
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_server_that_dies_in_the_middle_is_unavailable(connect):
    service = Service(options=OPTIONS)
    stub = connect(f"h2c://127.0.0.1:{service.port}")
    requests = queue.Queue()
    call = stub.echo(iter(requests.get, None), timeout=LIMIT)
    requests.put(b"1")
    assert next(call) == b"1"
    service.stop()
    with pytest.raises(grpc.RpcError) as raised:
        next(call)
    requests.put(None)
    assert raised.value.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


def test_a_server_that_comes_back_is_called_again(connect):
    port = free_port()
    stub = connect(f"h2c://127.0.0.1:{port}")
    for _ in range(3):
        with Service(port=port, options=OPTIONS):
            assert stub.double(b"ab", timeout=LIMIT) == b"abab"


def test_over_tls_on_the_backends_side(connect, tmp_path):
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1")
    credentials = grpc.ssl_server_credentials([(pair.key_file.read_bytes(), pair.file.read_bytes())])
    with Service(credentials=credentials, options=OPTIONS) as service:
        stub = connect(f"h2://127.0.0.1:{service.port}", tls=f", tls: {{ ca: {authority.file} }}")
        assert stub.double(b"ab", timeout=LIMIT) == b"abab"
        assert len(list(stub.count(b"100000 50", timeout=LIMIT))) == 50


def test_over_tls_on_both_sides(start, tmp_path):
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1", "localhost")
    credentials = grpc.ssl_server_credentials([(pair.key_file.read_bytes(), pair.file.read_bytes())])
    port = free_port()
    with Service(credentials=credentials, options=OPTIONS) as service:
        start(
            f"""
listen: {{ address: 127.0.0.1, port: {port}, tls: {{ certificates: {{ certificate: {pair.file}, key: {pair.key_file} }} }} }}
apis: {{ grpc: {{ routes: {{ $default: b }} }} }}
backends: {{ b: {{ targets: ["h2://127.0.0.1:{service.port}"], tls: {{ ca: {authority.file} }} }} }}
""",
            port=port,
        )
        roots = grpc.ssl_channel_credentials(authority.file.read_bytes())
        with grpc.secure_channel(f"localhost:{port}", roots, options=OPTIONS) as channel:
            stub = Stub(channel)
            assert stub.double(b"ab", timeout=LIMIT) == b"abab"
            assert list(stub.echo(iter([b"1", b"2"]), timeout=LIMIT)) == [b"1", b"2"]


def test_a_stream_may_be_silent_for_as_long_as_idle_says(connect, service):
    stub = connect(f"h2c://127.0.0.1:{service.port}", timeout="idle: 500ms")
    requests = queue.Queue()
    call = stub.echo(iter(requests.get, None), timeout=LIMIT)
    requests.put(b"1")
    assert next(call) == b"1"
    with pytest.raises(grpc.RpcError):
        next(call)
    requests.put(None)
    [line] = connect.gateway.log_lines(1)
    assert line["cause"] == "backend.idle-timeout"
