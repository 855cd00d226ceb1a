"""Customers that are managed while the gateway runs: made, changed, suspended, withdrawn; and kept over a restart."""

import base64
import json
import os
import signal
import subprocess

import pytest
from harness import binary, free_port, request, wait_until

TOKEN = "operators-only"
FILE = """
data: {folder}
admin: {{ port: {admin}, token: "env:TOKEN" }}
plans: {{ small: {{ quota: 2/day }}, large: {{ quota: 1000/day }} }}
authorizers:
  keys: {{ api_key: {{ header: x-api-key }} }}
  people: {{ basic: {{ realm: shop }} }}
customers: {{ filed: {{ api_keys: {{ secret: "env:FILED" }}, passwords: {{ filed-user: "{hash}" }} }} }}
apis:
  shop:
    authorize: {{ any_of: [keys, people] }}
    claims_to_headers: {{ X-Customer: $customer, X-Tier: $labels.tier }}
    routes: {{ $default: {{ to: {backend} }} }}
"""

HASH = "$scrypt$ln=10,r=8,p=1$c29tZSBzYWx0IGhlcmU$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"


class Operator:
    """Who drives the admin listener with curl."""

    def __init__(self, port):
        self.port = port

    def send(self, method, path, body=None, token=TOKEN):
        command = ["curl", "-s", "-X", method, "-w", "\n%{http_code}", f"http://127.0.0.1:{self.port}{path}"]
        if token:
            command += ["-H", f"Authorization: Bearer {token}"]
        if body is not None:
            command += ["-d", body if isinstance(body, str) else json.dumps(body)]
        text, status = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rsplit("\n", 1)
        return int(status), json.loads(text) if text.strip() else None

    def wait(self):
        """Until the admin listener is open."""
        command = ["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{self.port}/livez"]
        wait_until(lambda: subprocess.run(command).returncode == 0, "the admin listener")

    def make(self, customer, settings=None, key="first"):
        """A customer with one key."""
        assert self.send("PUT", f"/customers/{customer}", settings or {})[0] in (200, 201)
        status, answer = self.send("POST", f"/customers/{customer}/keys", {"id": key})
        assert status == 201
        return answer["key"]


@pytest.fixture
def text(tmp_path, make_backend, monkeypatch):
    monkeypatch.setenv("TOKEN", TOKEN)
    monkeypatch.setenv("FILED", "a-key-that-stands-in-the-file")
    backend = make_backend()
    backend_url = backend.url
    return lambda admin: FILE.format(folder=tmp_path / "data", admin=admin, backend=backend_url, hash=HASH), backend


@pytest.fixture
def gateway(start, text):
    make, backend = text
    admin = free_port()
    gateway = start(make(admin), arguments=["--threads", "2"])
    gateway.backend = backend
    gateway.operator = Operator(admin)
    gateway.operator.wait()
    return gateway


def call(gateway, key):
    return gateway.exchange(request("GET", "/", f"x-api-key: {key}"))


def sign_in(gateway, user, password):
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    return gateway.exchange(request("GET", "/", f"Authorization: Basic {credentials}"))


def on_all_workers(gateway, key):
    """The statuses of calls on many connections, so that each worker has some."""
    return {call(gateway, key).status for _ in range(16)}


def test_a_customer_is_made_and_calls_at_once(gateway):
    key = gateway.operator.make("acme", {"name": "Acme Ltd", "labels": {"tier": "gold"}})
    assert on_all_workers(gateway, key) == {200}
    seen = gateway.backend.requests[-1]
    assert (seen.get("X-Customer"), seen.get("X-Tier")) == ("acme", "gold")
    status, record = gateway.operator.send("GET", "/customers/acme")
    assert (status, record["settings"]["name"], [key["id"] for key in record["api_keys"]]) == (200, "Acme Ltd", ["first"])
    assert key not in json.dumps(record)


def test_what_is_changed_holds_at_once_on_every_worker(gateway):
    key = gateway.operator.make("acme")
    assert on_all_workers(gateway, key) == {200}
    gateway.operator.send("PUT", "/customers/acme", {"state": "suspended"})
    assert on_all_workers(gateway, key) == {403}
    gateway.operator.send("PUT", "/customers/acme", {"state": "active", "addresses": ["192.0.2.0/24"]})
    assert call(gateway, key).json()["cause"] == "authorizer.address-not-allowed"
    gateway.operator.send("PUT", "/customers/acme", {})
    assert on_all_workers(gateway, key) == {200}
    assert gateway.operator.send("DELETE", "/customers/acme")[0] == 204
    assert on_all_workers(gateway, key) == {403}
    assert gateway.operator.send("GET", "/customers/acme")[0] == 404


def test_keys_rotate_with_overlap(gateway):
    old = gateway.operator.make("acme", key="old")
    status, answer = gateway.operator.send("POST", "/customers/acme/keys", {"id": "new"})
    assert status == 201
    assert on_all_workers(gateway, old) == on_all_workers(gateway, answer["key"]) == {200}
    assert gateway.operator.send("DELETE", "/customers/acme/keys/old")[0] == 204
    assert on_all_workers(gateway, old) == {403}
    assert on_all_workers(gateway, answer["key"]) == {200}


def test_users_get_passwords(gateway):
    gateway.operator.send("PUT", "/customers/acme", {})
    status, made = gateway.operator.send("PUT", "/customers/acme/passwords/wiley")
    assert status == 201
    assert sign_in(gateway, "wiley", made["password"]).status == 200
    assert gateway.operator.send("PUT", "/customers/acme/passwords/wiley", {"password": "mine"})[1] == {"user": "wiley"}
    assert sign_in(gateway, "wiley", made["password"]).status == 401
    assert sign_in(gateway, "wiley", "mine").status == 200
    assert gateway.operator.send("DELETE", "/customers/acme/passwords/wiley")[0] == 204
    assert sign_in(gateway, "wiley", "mine").status == 401


def test_a_user_of_the_file_is_nobody_elses(gateway):
    gateway.operator.send("PUT", "/customers/acme", {})
    status, answer = gateway.operator.send("PUT", "/customers/acme/passwords/filed-user")
    assert (status, "filed-user" in answer["error"]) == (409, True)


def test_a_plan_may_change(gateway):
    key = gateway.operator.make("acme", {"plan": "small"})
    assert [call(gateway, key).status for _ in range(3)] == [200, 200, 429]
    gateway.operator.send("PUT", "/customers/acme", {"plan": "large"})
    assert call(gateway, key).status == 200


def test_what_was_made_is_there_after_a_restart(gateway, start, text):
    key = gateway.operator.make("acme")
    gateway.signal(signal.SIGKILL)
    gateway.process.wait()
    admin = free_port()
    again = start(text[0](admin))
    assert call(again, key).status == 200
    Operator(admin).wait()
    assert Operator(admin).send("GET", "/customers")[1]["customers"][0]["id"] == "acme"


def test_another_process_on_the_same_folder_follows(gateway, start, text):
    admin = free_port()
    other = start(text[0](admin))
    Operator(admin).wait()
    key = gateway.operator.make("acme")
    wait_until(lambda: call(other, key).status == 200, "the other process to know the key", patience=5)
    Operator(admin).send("PUT", "/customers/acme", {"state": "suspended"})
    wait_until(lambda: call(gateway, key).status == 403, "the first process to know of the change", patience=5)


def test_a_reload_keeps_them(gateway):
    key = gateway.operator.make("acme")
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: "configuration loaded" in gateway.stderr(), "the reload")
    assert on_all_workers(gateway, key) == {200}


@pytest.mark.parametrize(
    "method, path, body, status, word",
    [
        ("PUT", "/customers/acme", {"nmae": "x"}, 400, "name"),
        ("PUT", "/customers/acme", {"plan": "huge"}, 400, "small"),
        ("PUT", "/customers/acme", {"api_keys": {"secret": "x"}}, 400, "credentials"),
        ("PUT", "/customers/acme", "[1]", 400, "JSON object"),
        ("PUT", "/customers/acme", "x" * 70_000, 413, "65536"),
        ("PUT", "/customers/a%20b", {}, 400, "name"),
        ("PUT", "/customers/filed", {}, 409, "configuration file"),
        ("DELETE", "/customers/nobody", None, 404, "nobody"),
        ("POST", "/customers/nobody/keys", {"id": "k"}, 404, "nobody"),
        ("POST", "/customers/nobody/keys", {}, 400, "id"),
        ("PATCH", "/customers/nobody", {}, 404, "no such request"),
        ("GET", "/customers?limit=0", None, 400, "limit"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_and_changes_nothing(gateway, method, path, body, status, word):
    answer = gateway.operator.send(method, path, body)
    assert answer[0] == status and word in answer[1]["error"]
    assert gateway.operator.send("GET", "/customers") == (200, {"customers": []})


@pytest.mark.parametrize("token", [None, "another"])
def test_only_who_has_the_token_may(gateway, token):
    for method, path in [("PUT", "/customers/acme"), ("GET", "/customers"), ("POST", "/customers/acme/keys")]:
        assert gateway.operator.send(method, path, {}, token=token)[0] == 401


def test_without_a_token_nobody_may_change_anything(start, tmp_path):
    admin = free_port()
    start(f"data: {tmp_path}/data\nadmin: {admin}\napis: {{ a: {{ routes: {{ $default: {{ reply: {{ text: a }} }} }} }} }}")
    operator = Operator(admin)
    operator.wait()
    assert operator.send("GET", "/customers", token=None) == (200, {"customers": []})
    status, answer = operator.send("PUT", "/customers/acme", {}, token=None)
    assert (status, "admin.token" in answer["error"]) == (403, True)


def test_a_key_that_others_can_read_refuses_the_start(text, tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "customers.key").write_text("0" * 64)
    (folder / "customers.key").chmod(0o644)
    (tmp_path / "gateway.yaml").write_text(text[0](free_port()))
    ended = subprocess.run([binary(), "run", tmp_path / "gateway.yaml"], capture_output=True, text=True)
    assert (ended.returncode, "chmod 600" in ended.stderr) == (1, True)


# The commands


def daemun(port, *arguments):
    """Runs a command against the admin listener; returns its exit code, output and errors."""
    environment = {**os.environ, "DAEMUN_ADMIN_TOKEN": TOKEN}
    ended = subprocess.run(
        [binary(), *arguments, "--admin", f"127.0.0.1:{port}"], capture_output=True, text=True, env=environment
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_the_commands_do_what_the_admin_listener_does(gateway):
    port = gateway.operator.port
    put = ["customers", "put", "acme", "--name", "Acme Ltd", "--plan", "large", "--label", "tier=gold"]
    assert daemun(port, *put) == (0, "", "")
    code, key, _ = daemun(port, "keys", "create", "acme", "first")
    assert (code, call(gateway, key.strip()).status) == (0, 200)
    assert gateway.backend.requests[-1].get("X-Tier") == "gold"
    assert daemun(port, "keys", "list", "acme")[1].startswith("first  20")
    assert daemun(port, "customers", "list")[1].split("  ") == ["acme", "Acme Ltd", "active", "1 keys, 0 users\n"]
    assert json.loads(daemun(port, "customers", "show", "acme")[1])["settings"]["plan"] == "large"
    code, password, _ = daemun(port, "customers", "password", "acme", "wiley")
    assert (code, sign_in(gateway, "wiley", password.strip()).status) == (0, 200)
    usage = json.loads(daemun(port, "usage", "acme", "--json")[1])
    assert (usage["plan"], usage["quotas"][0]["used"]) == ("large", 2)
    assert daemun(port, "customers", "password", "acme", "wiley", "--remove")[0] == 0
    assert daemun(port, "keys", "withdraw", "acme", "first") == (0, "", "")
    assert on_all_workers(gateway, key.strip()) == {403}
    assert daemun(port, "customers", "remove", "acme") == (0, "", "")
    assert daemun(port, "customers", "list") == (0, "", "")


@pytest.mark.parametrize(
    "arguments, code, word",
    [
        (["customers", "put", "acme", "--plan", "huge"], 1, "large, small"),
        (["customers", "show", "nobody"], 1, "nobody"),
        (["customers", "put", "acme", "--label", "gold"], 2, "NAME=VALUE"),
        (["customers", "put", "filed"], 1, "configuration file"),
        (["keys", "withdraw", "nobody", "first"], 1, "nobody"),
    ],
)
def test_the_commands_say_what_is_wrong(gateway, arguments, code, word):
    ended = daemun(gateway.operator.port, *arguments)
    assert (ended[0], word in ended[2]) == (code, True), ended
