"""Listeners behind a proxy that names its client in front of the first byte (PROXY protocol)."""

import shutil
import socket
import struct
import subprocess
import time
import urllib.request

import pytest
from harness import free_port, request, wait_until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def binary(source="203.0.113.7", command=0x21, extensions=b""):
    """A header of version 2."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    addresses = socket.inet_pton(family, source) + socket.inet_pton(family, "::1" if ":" in source else "127.0.0.1")
    content = addresses + struct.pack(">HH", 40_000, 443) + extensions
    return SIGNATURE + struct.pack(">BBH", command, 0x21 if ":" in source else 0x11, len(content)) + content


@pytest.fixture
def proxied(start, backend):
    """Starts a gateway that asks for headers, with more lines of configuration."""

    def make(text=""):
        port = free_port()
        return start(
            f"""
listen: {{ address: 127.0.0.1, port: {port}, proxy_protocol: true }}
apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}
{text}
""",
            port=port,
        )

    return make


@pytest.mark.parametrize(
    ("header", "client"),
    [
        (b"PROXY TCP4 203.0.113.7 127.0.0.1 40000 443\r\n", "203.0.113.7"),
        (b"PROXY TCP6 2001:db8::7 ::1 40000 443\r\n", "2001:db8::7"),
        (b"PROXY TCP6 ::ffff:203.0.113.7 ::1 40000 443\r\n", "203.0.113.7"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        (binary(), "203.0.113.7"),
        (binary("2001:db8::7", extensions=b"\4\0\3abc"), "2001:db8::7"),
        (binary(command=0x20), "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("pause", [None, 0.002])
def test_the_named_client_is_logged_and_forwarded(proxied, backend, header, client, pause):
    gateway = proxied()
    sent = header + request() + request("GET", "/second")
    with gateway.connect() as connection:
        connection.send(sent) if pause is None else connection.send(*[bytes([byte]) for byte in sent], pause=pause)
        assert [connection.read_response().status for _ in range(2)] == [200, 200]
    assert [line["client"] for line in gateway.log_lines(2)] == [client, client]
    assert backend.requests[0].get("X-Forwarded-For") == client


@pytest.mark.parametrize(
    "sent",
    [
        request(), b"\x16\x03\x01\x02\x00", b"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", b"PROXY " + b"x" * 200,
        SIGNATURE + b"\x31\x11\x00\x0c", b"PROXY UNKNOWN\n" + request(), b"PROX",
    ],
)  # fmt: skip
def test_whoever_does_not_begin_with_a_header_is_closed_without_a_word(proxied, backend, sent):
    gateway = proxied("limits: { head_timeout: 500ms }\nadmin: 0")
    with gateway.connect() as client:
        client.send(sent)
        assert client.is_closed()
    assert gateway.log_lines() == []
    assert backend.requests == []


def test_a_header_is_taken_from_named_proxies_only(proxied):
    gateway = proxied("trusted_proxies: [127.0.0.2]")
    with gateway.connect() as stranger:
        stranger.send(binary() + request())
        assert stranger.is_closed()
    with gateway.connect(source="127.0.0.2") as proxy:
        proxy.send(binary() + request())
        assert proxy.read_response().status == 200
    assert [line["client"] for line in gateway.log_lines(1)] == ["203.0.113.7"]


def test_what_a_named_client_says_of_itself_is_not_believed(proxied, backend):
    gateway = proxied("trusted_proxies: [127.0.0.1]")
    with gateway.connect() as client:
        client.send(binary() + request("GET", "/", "X-Forwarded-For: 198.51.100.1"))
        assert client.read_response().status == 200
    assert gateway.log_lines(1)[0]["client"] == "203.0.113.7"
    assert backend.requests[0].get("X-Forwarded-For") == "203.0.113.7"


def test_the_limit_of_an_address_is_that_of_the_named_client(proxied):
    gateway = proxied("limits: { connections_per_address: 2 }")
    with gateway.connect() as first, gateway.connect() as second, gateway.connect() as third, gateway.connect() as other:
        for client in (first, second):
            client.send(binary("203.0.113.7") + request())
            assert client.read_response().status == 200
        third.send(binary("203.0.113.7") + request())
        assert third.is_closed()
        other.send(binary("203.0.113.8") + request())
        assert other.read_response().status == 200


def test_a_reload_turns_it_on_and_off(start, backend):
    port = free_port()
    text = f"""
listen: {{ address: 127.0.0.1, port: {port}, proxy_protocol: true }}
apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}
"""
    gateway = start(text, port=port)
    with gateway.connect() as before:
        before.send(binary() + request())
        assert before.read_response().status == 200
        gateway.write(text.replace(", proxy_protocol: true", ""))
        gateway.signal(1)
        wait_until(lambda: served(gateway), "the reload")
        before.send(request())
        assert before.read_response().status == 200


def served(gateway):
    """Whether a client without header is."""
    try:
        return urllib.request.urlopen(gateway.url(), timeout=2).status == 200
    except OSError:
        time.sleep(0.05)
        return False


@pytest.mark.skipif(not shutil.which("haproxy"), reason="haproxy is not installed")
@pytest.mark.parametrize("option", ["send-proxy", "send-proxy-v2"])
def test_haproxy_names_its_client(proxied, tmp_path, option):
    gateway = proxied()
    port = free_port()
    (tmp_path / "haproxy.cfg").write_text(
        f"""
defaults
    mode tcp
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:{port}
    default_backend b
backend b
    server s 127.0.0.1:{gateway.port} {option}
"""
    )
    proxy = subprocess.Popen(["haproxy", "-db", "-f", str(tmp_path / "haproxy.cfg")])
    try:
        connection = wait_until(lambda: connect(port), "haproxy to listen")
        connection.sendall(request())
        assert connection.recv(4_096).startswith(b"HTTP/1.1 200")
        connection.close()
        assert gateway.log_lines(1)[0]["client"] == "127.0.0.5"
    finally:
        proxy.kill()
        proxy.wait()


def connect(port):
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=5, source_address=("127.0.0.5", 0))
    except ConnectionRefusedError:
        return None
