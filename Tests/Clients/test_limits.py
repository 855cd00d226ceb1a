"""Limits of the process: descriptors, requests in flight, requests of a connection, and what is refused while it is overloaded."""

import http.client
import threading
import time
import urllib.request

import pytest
from harness import ONE_THREAD, request, response, wait_until
from load import result, wrk
from metrics import Metrics
from misbehaving import connections, drip

SELF = "apis: { all: { routes: { $default: { reply: { text: m } } } } }"


@pytest.fixture
def metrics():
    return Metrics()


# Requests of one connection


def test_a_connection_ends_with_its_last_request(start):
    gateway = start(f"{SELF}\nlimits: {{ requests_per_connection: 3 }}")
    with gateway.connect() as client:
        client.send(request() * 5)
        answers = [client.read_response() for _ in range(3)]
        assert [answer.get("Connection") for answer in answers] == [None, None, "close"]
        assert client.is_closed()


# Descriptors


def test_the_limit_of_connections_follows_the_descriptors(start, metrics):
    gateway = start(f"{SELF}\n{metrics.line}", descriptors=128, arguments=ONE_THREAD)
    limit = metrics.total("daemun_client_connections_limit")
    assert limit == 72
    with connections(gateway, 120) as opened:
        for connection in opened[:10]:
            connection.send(request())
        closed, said = drip(opened, 0.5, read=4_096)
        assert closed >= 120 - limit
        assert len(said) == 10
        assert metrics.total("daemun_client_connections_refused_total") >= 120 - limit
    wait_until(lambda: is_served(gateway), "new connections to be served")


def is_served(gateway):
    try:
        return urllib.request.urlopen(gateway.url(), timeout=2).status == 200
    except (OSError, http.client.HTTPException):
        return False


@pytest.mark.parametrize("threads", ["1", "3"])
def test_without_descriptors_it_serves_what_it_has_and_recovers(start, backend, threads):
    text = f"apis: {{ all: {{ routes: {{ GET /m: {{ reply: {{ text: m }} }}, $default: {backend.url} }} }} }}"
    gateway = start(f"{text}\nlimits: {{ connections: 1000 }}", descriptors=64, arguments=("--threads", threads))
    with gateway.connect() as first:
        first.send(request("GET", "/m"))
        assert first.read_response().status == 200
        with connections(gateway, 150) as opened:
            for connection in opened:
                try:
                    connection.send(request("GET", "/m"))
                except OSError:
                    pass
            closed, said = drip(opened, 1, read=4_096)
            assert closed > 80, "clients that can't be served are left waiting"
            assert len(said) > 10 and all(text.startswith(b"HTTP/1.1 200") for text in said)
            # Nothing spins while there is nothing to be had.
            began = gateway.processor_time()
            time.sleep(1)
            assert gateway.processor_time() - began < 0.3
            # Who was there before is served, though no backend can be asked.
            with connections(gateway, 5):
                first.send(request("GET", "/m"))
                assert first.read_response().status == 200
                first.send(request("GET", "/backend"))
                answer = first.read_response()
            assert (answer.status, answer.json()["cause"]) == (503, "gateway.descriptors")
            assert answer.get("Retry-After")
        first.send(request("GET", "/backend"))
        wait_until(lambda: is_served(gateway), "new connections to be served")
        assert first.read_response().status in (200, 503)
        first.send(request("GET", "/backend"))
        assert first.read_response().status == 200
    with connections(gateway, 10) as opened:
        assert drip(opened, 0.3, read=1)[0] == 0


# Requests in flight


def test_requests_over_the_limit_are_told_to_come_again(start, make_backend, metrics):
    go_on = threading.Event()

    def answer(_):
        go_on.wait(10)
        return response(body=b"late")

    backend = make_backend(answer)
    routes = f"{{ GET /healthz: {{ reply: {{ text: m }} }}, $default: {backend.url} }}"
    limits = "{ requests: 2, overload: { target: 10s, exempt: /healthz } }"
    gateway = start(f"apis: {{ all: {{ routes: {routes} }} }}\nlimits: {limits}\n{metrics.line}")
    clients = [gateway.connect() for _ in range(2)]
    for client in clients:
        client.send(request())
    backend.wait_for_requests(2)
    refused = gateway.exchange(request())
    assert (refused.status, refused.json()["cause"], refused.get("Retry-After")) == (503, "overload.requests", "1")
    assert gateway.exchange(request("GET", "/healthz")).status == 200
    assert metrics.total("daemun_requests_in_flight") == 2
    go_on.set()
    for client in clients:
        assert client.read_response().status == 200
        client.close()
    assert gateway.exchange(request()).status == 200
    assert metrics.total("daemun_requests_by_cause_total", cause="overload.requests") == 1
    assert metrics.total("daemun_requests_in_flight") == 0


# Overload


def test_a_gateway_that_is_behind_refuses_a_share_but_no_health_check(start, metrics):
    routes = "{ GET /healthz: { reply: { text: m } }, $default: { reply: { text: m } } }"
    limits = "{ overload: { target: 1ms, interval: 40ms, exempt: [/healthz] } }"
    text = f"apis: {{ all: {{ routes: {routes} }} }}\nlimits: {limits}\n{metrics.line}"
    gateway = start(text, arguments=ONE_THREAD)
    load = wrk(gateway, 6, connections=400)
    wait_until(lambda: metrics.total("daemun_overload_delay_seconds") > 0.001, "the gateway to be behind")
    wait_until(lambda: metrics.total("daemun_overload_refused_share") > 0, "a share to be refused")
    with gateway.connect() as client:
        for _ in range(20):
            client.send(request("GET", "/healthz"))
            assert client.read_response().status == 200
    count, _ = result(load)
    shed = metrics.total("daemun_requests_by_cause_total", cause="overload.shed")
    assert 0 < shed < count
    refused = next(line for line in gateway.log_lines() if line["status"] == 503)
    assert refused["cause"] == "overload.shed"
    wait_until(lambda: metrics.total("daemun_overload_refused_share") == 0, "the load to be over")
    assert all(gateway.exchange(request()).status == 200 for _ in range(20))
