"""The harness itself, and the gateway's first answer."""

import subprocess

from harness import request


def test_a_request_reaches_the_backend_and_its_answer_the_client(gateway, backend):
    answer = gateway.exchange(request("GET", "/hello?x=1"))
    assert (answer.status, answer.body) == (200, b"hello")
    assert backend.requests[0].line == b"GET /hello?x=1 HTTP/1.1"
    assert bytes(backend.peers[0].received) == backend.requests[0].head


def test_curl_is_served(gateway):
    assert subprocess.check_output(["curl", "-sS", gateway.url("/")]) == b"hello"


def test_nginx_is_a_backend(start, start_nginx):
    nginx = start_nginx("location / { return 200 nginx; }")
    gateway = start(f"apis: {{ all: {{ routes: {{ $default: {nginx.url} }} }} }}")
    assert gateway.exchange(request()).body == b"nginx"
    assert nginx.requests(1) == ["GET / HTTP/1.1"]


def test_each_request_has_one_line_in_the_log(gateway):
    for number in range(3):
        gateway.exchange(request("GET", f"/{number}"))
    assert [line["path"] for line in gateway.log_lines(3)] == ["/0", "/1", "/2"]
