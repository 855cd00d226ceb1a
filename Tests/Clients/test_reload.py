"""A changed configuration is taken over without losing a request, and a faulty one changes nothing."""

import json
import pathlib
import signal
import subprocess
import time

import pytest

from harness import ONE_THREAD, free_port, request, response, wait_until
from load import Load, result, wrk


class Reloadable:
    """A gateway whose one route answers with a text that is easily changed."""

    def __init__(self, start, *lines, text="one"):
        self.admin_port = free_port()
        self.lines = [f"admin: {self.admin_port}", *lines]
        self.gateway = start(self.text(text), arguments=ONE_THREAD)

    def text(self, text):
        route = f"$default: {{ reply: {{ text: {text} }} }}"
        return "\n".join([*self.lines, f"apis: {{ all: {{ routes: {{ {route} }} }} }}"])

    def admin(self, path):
        return subprocess.check_output(["curl", "-sS", f"http://127.0.0.1:{self.admin_port}{path}"], text=True)

    def snapshot(self):
        return json.loads(self.admin("/snapshot"))

    def reload(self, text, hang_up=True):
        """Writes another text, and waits until it is served."""
        revision = self.snapshot()["revision"]
        self.gateway.write(text)
        if hang_up:
            self.gateway.signal(signal.SIGHUP)
        wait_until(lambda: self.snapshot()["revision"] > revision, "the next revision")


@pytest.mark.parametrize("hang_up", [True, False], ids=["SIGHUP", "file watch"])
def test_a_changed_file_is_served(start, hang_up):
    subject = Reloadable(start)
    assert subject.gateway.exchange(request()).body == b"one"
    subject.reload(subject.text("two"), hang_up)
    assert subject.gateway.exchange(request()).body == b"two"
    assert (subject.snapshot()["revision"], subject.snapshot()["last_error"]) == (2, None)


@pytest.mark.parametrize("keep_alive", [True, False])
def test_reloads_under_load_lose_no_request(start, keep_alive):
    subject = Reloadable(start)
    with Load(subject.gateway, keep_alive=keep_alive) as load:
        for number in range(30):
            subject.reload(subject.text(f"v{number}"))
    assert load.failures == []
    assert load.count > 100
    assert {b"v3", b"v29"} <= load.bodies | {b"v29"} and len(load.bodies) > 10
    assert load.longest < 1


def test_reloads_under_wrk_lose_no_request_and_no_memory(start, start_nginx):
    nginx = start_nginx("location / { return 200 nginx; }")
    subject = Reloadable(start)

    def text(number):
        routes = ", ".join(f"GET /r{number}/{index}: b" for index in range(200))
        return (
            f"admin: {subject.admin_port}\n"
            f"apis: {{ all: {{ routes: {{ $default: b, {routes} }} }} }}\n"
            f"backends: {{ b: {{ targets: [{{ url: {nginx.url}, weight: {number % 9 + 1} }}],"
            f" pool: {{ connections: {100 + number} }} }} }}"
        )

    subject.reload(text(0))
    load = wrk(subject.gateway, 5)
    end = time.monotonic() + 4
    number = 0
    while time.monotonic() < end:
        number += 1
        subject.reload(text(number))
        if number == 10:
            memory = subject.gateway.memory()
    count, failed = result(load)
    assert (failed, number > 20, count > 1_000) == ([], True, True)
    assert {line["status"] for line in subject.gateway.log_lines()} == {200}
    assert subject.gateway.memory() - memory < 8 * 2**20


FAULTY = {
    "not YAML": "apis: [",
    "an unknown key": "admin: %d\napis: { all: { ruotes: {} } }",
    "an unknown backend": "admin: %d\napis: { all: { routes: { $default: nowhere } } }",
    "two routes of one key": "admin: %d\napis: { all: { routes: { GET /a/{x}: b, GET /a/{y}: b } } }\nbackends: { b: { targets: [http://127.0.0.1:1] } }",
    "nothing": "",
}


@pytest.mark.parametrize("hang_up", [True, False], ids=["SIGHUP", "file watch"])
@pytest.mark.parametrize("faulty", FAULTY)
def test_a_faulty_file_changes_nothing_and_says_why(start, faulty, hang_up):
    subject = Reloadable(start)
    text = FAULTY[faulty]
    with Load(subject.gateway, clients=2, pause=0.002) as load:
        subject.gateway.write(text % subject.admin_port if "%d" in text else text)
        if hang_up:
            subject.gateway.signal(signal.SIGHUP)
        error = wait_until(lambda: subject.snapshot()["last_error"], "the fault in /snapshot")
    assert (load.failures, load.bodies) == ([], {b"one"})
    assert subject.snapshot()["revision"] == 1
    assert error["faults"] and error["faults"][0]["message"]
    assert "gateway.yaml" in subject.gateway.stderr()
    assert error["faults"][0]["message"] in subject.gateway.stderr()
    assert "daemun_config_last_reload_successful 0" in subject.admin("/metrics")
    subject.reload(subject.text("two"), hang_up)
    assert subject.snapshot()["last_error"] is None
    assert subject.gateway.exchange(request()).body == b"two"
    assert "daemun_config_last_reload_successful 1" in subject.admin("/metrics")


def test_a_missing_file_changes_nothing(start):
    subject = Reloadable(start)
    text = subject.gateway.file.read_text()
    subject.gateway.file.unlink()
    wait_until(lambda: subject.snapshot()["last_error"], "the fault in /snapshot")
    assert subject.gateway.exchange(request()).body == b"one"
    subject.gateway.file.write_text(text.replace("one", "two"))
    wait_until(lambda: subject.gateway.exchange(request()).body == b"two", "the new file")


def test_a_file_that_is_put_in_place_of_the_old_one_is_noticed(start):
    """As editors and mounted ConfigMaps do it."""
    subject = Reloadable(start)
    other = subject.gateway.file.with_suffix(".new")
    other.write_text(subject.gateway.file.read_text().replace("one", "two"))
    other.rename(subject.gateway.file)
    wait_until(lambda: subject.gateway.exchange(request()).body == b"two", "the new file")


def test_a_request_in_flight_ends_as_it_began(start, make_backend):
    backend = make_backend(serve=lambda peer: (peer.read_request(), time.sleep(0.5), peer.send(response(body=b"slow"))))
    subject = Reloadable(start)
    subject.reload(f"admin: {subject.admin_port}\napis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    with subject.gateway.connect() as client:
        client.send(request())
        backend.wait_for_requests(1)
        subject.reload(subject.text("two"))
        assert client.is_silent(0.05)
        assert client.read_response().body == b"slow"
        client.send(request())
        assert client.read_response().body == b"two"


def test_connections_to_targets_that_stay_are_kept(start, backend):
    subject = Reloadable(start)

    def text(pool):
        return (
            f"admin: {subject.admin_port}\napis: {{ all: {{ routes: {{ $default: b }} }} }}\n"
            f"backends: {{ b: {{ targets: [{backend.url}], pool: {{ connections: {pool} }} }} }}"
        )

    for pool in (5, 6, 7):
        subject.reload(text(pool))
        assert subject.gateway.exchange(request()).status == 200
    assert len(backend.peers) == 1


def test_a_removed_target_is_drained(start, make_backend):
    def slow(peer):
        while peer.read_request():
            time.sleep(0.4)
            peer.send(response(body=b"old"))

    old = make_backend(serve=slow)
    new = make_backend(lambda message: response(body=b"new"))
    subject = Reloadable(start)

    def text(backend):
        return (
            f"admin: {subject.admin_port}\napis: {{ all: {{ routes: {{ $default: b }} }} }}\n"
            f"backends: {{ b: {{ targets: [{backend.url}] }} }}"
        )

    subject.reload(text(old))
    with subject.gateway.connect() as client:
        client.send(request())
        old.wait_for_requests(1)
        subject.reload(text(new))
        assert subject.gateway.exchange(request()).body == b"new"
        assert client.read_response().body == b"old"
        assert old.peers[0].has_ended.wait(5)


def test_listeners_come_and_go(start):
    subject = Reloadable(start)
    first, second = subject.gateway.port, free_port()
    with subject.gateway.connect() as kept:
        kept.send(request())
        assert kept.read_response().status == 200
        subject.reload(subject.text("two") + f"\nlisten: {{ address: 127.0.0.1, port: {second} }}")
        subject.gateway.port = second
        assert subject.gateway.exchange(request()).body == b"two"
        kept.send(request())
        assert kept.read_response().body == b"two"
    subject.gateway.port = first
    with pytest.raises(ConnectionRefusedError):
        subject.gateway.connect()


def test_a_port_that_is_taken_refuses_the_whole_change(start, backend):
    subject = Reloadable(start)
    free = free_port()
    ports = [subject.gateway.port, free, backend.port]
    listen = ", ".join(f"{{ address: 127.0.0.1, port: {port} }}" for port in ports)
    subject.gateway.write(subject.text("two") + f"\nlisten: [{listen}]")
    subject.gateway.signal(signal.SIGHUP)
    wait_until(lambda: subject.snapshot()["last_error"], "the fault in /snapshot")
    assert subject.gateway.exchange(request()).body == b"one"
    subject.gateway.port = free
    with pytest.raises(ConnectionRefusedError):
        subject.gateway.connect()


def test_the_log_is_reopened_on_sighup(start):
    subject = Reloadable(start)
    gateway = subject.gateway
    rotated = gateway.access_log.with_suffix(".1")
    with Load(gateway, clients=3) as load:
        time.sleep(0.1)
        gateway.access_log.rename(rotated)
        gateway.signal(signal.SIGHUP)
        wait_until(gateway.access_log.exists, "a new log")
        time.sleep(0.1)
    assert load.failures == []
    wait_until(lambda: len(lines(rotated) + lines(gateway.access_log)) == load.count, "a line for each request")
    ids = [json.loads(line)["request_id"] for line in lines(rotated) + lines(gateway.access_log)]
    assert (len(set(ids)), lines(rotated) != [], lines(gateway.access_log) != []) == (load.count, True, True)


def lines(path):
    return pathlib.Path(path).read_text().splitlines()


def test_the_operators_pages(start):
    subject = Reloadable(start)
    subject.gateway.exchange(request())
    assert subject.admin("/livez")
    assert subject.admin("/readyz")
    assert 'status_class="2xx"} 1' in subject.admin("/metrics")
    assert "daemun_snapshot_revision 1" in subject.admin("/metrics")
    snapshot = subject.snapshot()
    assert (snapshot["revision"], snapshot["apis"], snapshot["routes"], snapshot["last_error"]) == (1, 1, 1, None)
