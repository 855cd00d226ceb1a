"""Customers that are managed while the gateway runs, with backends, versions, certificates and sandboxes of their own."""

import pytest
from harness import free_port, request, response, wait_until
from test_live_customers import TOKEN, Operator, daemun

FILE = """
data: {folder}
admin: {{ port: {admin}, token: "env:TOKEN" }}
plans: {{ small: {{ quota: 2/day }}, trial: {{ quota: 3/day }} }}
authorizers: {{ keys: {{ api_key: {{}} }} }}
customers:
  filed: {{ api_keys: {{ secret: "env:FILED" }}, plan: small, certificates: {{ subject: CN=filed }},
            sandbox: {{ plan: trial, api_keys: {{ secret: "env:FILED_TRIAL" }} }} }}
backends:
  orders: {{ targets: {shared} }}
  {spare_name}: {{ targets: {spare} }}
  toys: {{ targets: {toys} }}
apis:
  shop:
    authorize: keys
    default_version: v1
    routes: {{ GET /orders: orders }}
    versions: {{ v1: {{}}, v2: {{ routes: {{ GET /orders: toys }} }} }}
  stock:
    path: /stock
    authorize: keys
    routes: {{ GET /: orders }}
    sandbox: {{ path: /sandbox, backends: {{ orders: toys }} }}
"""


@pytest.fixture
def backends(make_backend):
    names = ("shared", "spare", "toys", "own")
    return {name: make_backend(lambda _, name=name: response(body=name.encode())) for name in names}


@pytest.fixture
def text(tmp_path, backends, monkeypatch):
    for name, value in {"TOKEN": TOKEN, "FILED": "filed-" * 4, "FILED_TRIAL": "trial-" * 4}.items():
        monkeypatch.setenv(name, value)
    urls = {name: backend.url for name, backend in backends.items()}
    return lambda admin, spare_name="spare": FILE.format(
        folder=tmp_path / "data", admin=admin, spare_name=spare_name, **urls
    )


@pytest.fixture
def gateway(start, text):
    admin = free_port()
    gateway = start(text(admin), arguments=["--threads", "2"])
    gateway.operator = Operator(admin)
    gateway.operator.wait()
    return gateway


def get(gateway, key, path="/orders"):
    answer = gateway.exchange(request("GET", path, f"x-api-key: {key}"))
    return answer.body.decode() if answer.status == 200 else answer.status


def on_all_workers(gateway, key, path="/orders"):
    return {get(gateway, key, path) for _ in range(16)}


def test_a_backend_by_name_or_url_takes_anothers_place_at_once(gateway, backends):
    key, other = gateway.operator.make("acme"), gateway.operator.make("other")
    assert on_all_workers(gateway, key) == {"shared"}
    gateway.operator.send("PUT", "/customers/acme", {"backends": {"orders": "spare"}})
    assert on_all_workers(gateway, key) == {"spare"}
    gateway.operator.send("PUT", "/customers/acme", {"backends": {"orders": backends["own"].url}})
    assert on_all_workers(gateway, key) == {"own"}
    assert on_all_workers(gateway, other) == {"shared"}
    gateway.operator.send("PUT", "/customers/acme", {})
    assert on_all_workers(gateway, key) == {"shared"}


def test_a_version_is_pinned_at_once(gateway):
    key = gateway.operator.make("acme", {"versions": {"shop": "v2"}})
    assert on_all_workers(gateway, key) == {"toys"}
    gateway.operator.send("PUT", "/customers/acme", {"versions": {"shop": "v1"}})
    assert on_all_workers(gateway, key) == {"shared"}


def test_they_are_there_after_a_restart_and_for_another_process(gateway, start, text):
    key = gateway.operator.make("acme", {"backends": {"orders": "spare"}})
    other = start(text(free_port()))
    assert get(other, key) == "spare"
    gateway.operator.send("PUT", "/customers/acme", {"versions": {"shop": "v2"}})
    wait_until(lambda: get(other, key) == "toys", "the other process to follow", patience=5)


def test_who_names_a_backend_that_goes_is_suspended_until_it_is_put_right(gateway, text):
    key, other = gateway.operator.make("acme", {"backends": {"orders": "spare"}}), gateway.operator.make("other")
    gateway.write(text(gateway.operator.port, "gone"))
    wait_until(lambda: get(gateway, key) == 403, "the reload")
    assert on_all_workers(gateway, key) == {403} and on_all_workers(gateway, other) == {"shared"}
    record = gateway.operator.send("GET", "/customers/acme")[1]
    assert 'no backend has this name: "spare"' in record["faults"][0]
    assert "acme" in gateway.stderr() and "at fault" in daemun(gateway.operator.port, "customers", "list")[1]
    gateway.operator.send("PUT", "/customers/acme", {"backends": {"orders": "gone"}})
    assert on_all_workers(gateway, key) == {"spare"}
    assert "faults" not in gateway.operator.send("GET", "/customers/acme")[1]


def test_a_refused_reload_leaves_customers_as_they_are(gateway, text):
    key = gateway.operator.make("acme", {"backends": {"orders": "spare"}})
    broken = text(gateway.operator.port, "gone").replace("GET /orders: toys", "GET /orders: spare")
    gateway.write(broken)
    wait_until(lambda: "refused" in gateway.stderr(), "the refusal")
    assert on_all_workers(gateway, key) == {"spare"}


@pytest.mark.parametrize(
    "settings, word",
    [
        ({"backends": {"orders": "spara"}}, 'did you mean "spare"'),
        ({"backends": {"order": "spare"}}, 'did you mean "orders"'),
        ({"versions": {"shop": "v3"}}, 'did you mean "v'),
        ({"versions": {"stock": "v1"}}, "no API of this name has versions"),
        ({"plan": "smal"}, 'did you mean "small"'),
        ({"sandbox": {"plan": "trail"}}, 'did you mean "trial"'),
        ({"sandbox": {"api_keys": {"secret": "env:X"}}}, "credentials"),
        ({"certificates": {"subject": "CN=filed"}}, "certificate is declared twice"),
        ({"certificates": {"subject": "CN=a", "dns": "b"}}, "known by one of"),
    ],
)
def test_what_is_not_there_is_told_and_changes_nothing(gateway, settings, word):
    status, answer = gateway.operator.send("PUT", "/customers/acme", settings)
    assert (status, word in answer["error"]) == (400, True), answer
    assert gateway.operator.send("GET", "/customers/acme")[0] == 404


def test_a_certificate_is_one_customers(gateway):
    rule = {"certificates": {"dns": "acme.test"}}
    assert gateway.operator.send("PUT", "/customers/acme", rule)[0] == 201
    assert gateway.operator.send("PUT", "/customers/acme", rule)[0] == 200
    assert gateway.operator.send("PUT", "/customers/bolt", rule)[0] == 400


def test_keys_for_sandboxes_lead_there_and_nowhere_else(gateway):
    key = gateway.operator.make("acme", {"sandbox": {}})
    status, made = gateway.operator.send("POST", "/customers/acme/keys", {"id": "trial", "sandbox": True})
    assert (status, made["key"].startswith("dk_sandbox_")) == (201, True)
    assert on_all_workers(gateway, made["key"], "/sandbox") == {"toys"}
    assert get(gateway, made["key"], "/stock") == get(gateway, key, "/sandbox") == 403
    gateway.operator.send("PUT", "/customers/acme", {})
    assert on_all_workers(gateway, made["key"], "/sandbox") == {403}
    status, answer = gateway.operator.send("POST", "/customers/acme/keys", {"id": "more", "sandbox": True})
    assert (status, "sandbox" in answer["error"]) == (400, True)
    assert get(gateway, key) == "shared"


def test_calls_in_sandboxes_count_apart_under_a_plan_of_their_own(gateway):
    port = gateway.operator.port
    live = gateway.operator.make("acme", {"plan": "small", "sandbox": {"plan": "trial"}})
    trial = gateway.operator.send("POST", "/customers/acme/keys", {"id": "trial", "sandbox": True})[1]["key"]
    for customer, key, sandbox in [("acme", live, trial), ("filed", "filed-" * 4, "trial-" * 4)]:
        assert [get(gateway, sandbox, "/sandbox") for _ in range(4)] == ["toys"] * 3 + [429]
        assert [get(gateway, key, "/stock") for _ in range(3)] == ["shared"] * 2 + [429]
        assert "3 of 3 calls used" in daemun(port, "usage", customer, "--sandbox")[1]
        assert "2 of 2 calls used" in daemun(port, "usage", customer)[1]
        assert daemun(port, "usage", customer, "--sandbox", "--reset")[0] == 0
        assert get(gateway, sandbox, "/sandbox") == "toys" and get(gateway, key, "/stock") == 429


def test_the_commands(gateway):
    port = gateway.operator.port
    options = ["--backend", "orders=spare", "--version", "shop=v1", "--certificate", "dns=acme.test", "--sandbox-plan", "trial"]
    assert daemun(port, "customers", "put", "acme", *options) == (0, "", "")
    settings = gateway.operator.send("GET", "/customers/acme")[1]["settings"]
    assert settings == {
        "backends": {"orders": "spare"}, "versions": {"shop": "v1"}, "certificates": [{"dns": "acme.test"}],
        "sandbox": {"plan": "trial"},
    }  # fmt: skip
    key = daemun(port, "keys", "create", "acme", "trial", "--sandbox")[1].strip()
    assert get(gateway, key, "/sandbox") == "toys"
    assert daemun(port, "keys", "list", "acme")[1].strip().endswith("sandbox")
    assert daemun(port, "customers", "list")[0] == 0
    assert daemun(port, "customers", "put", "acme", "--backend", "orders")[0] == 2
