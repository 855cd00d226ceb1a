"""Customers and plans that are changed at one gateway and known to all, through a Redis server that dies and forgets."""

import shutil
import signal
import subprocess
import time

import pytest
from harness import binary, free_port, request, wait_until
from test_live_customers import TOKEN, Operator

FILE = """
data: {{ folder: {folder}, shared: true{more} }}
redis: redis://127.0.0.1:{redis}
admin: {{ port: {admin}, token: "env:TOKEN" }}
authorizers:
  keys: {{ api_key: {{ header: x-api-key }} }}
  people: {{ basic: {{ realm: shop }} }}
apis: {{ shop: {{ authorize: {{ any_of: [keys, people] }}, routes: {{ $default: {{ reply: {{}} }} }} }} }}
"""
AT_ONCE = 1


@pytest.fixture
def run(start, redis, tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", TOKEN)
    (tmp_path / "customers.key").write_text("5c" * 32 + "\n")

    def run(name, more="", text=FILE):
        folder = tmp_path / f"data-{name}"
        if not folder.exists():
            folder.mkdir()
            shutil.copy(tmp_path / "customers.key", folder)
            (folder / "customers.key").chmod(0o600)
        admin = free_port()
        gateway = start(
            text.format(folder=folder, redis=redis.port, admin=admin, more=more),
            arguments=["--threads", "2"],
            folder=tmp_path / f"gateway-{name}",
        )
        gateway.data = folder
        gateway.operator = Operator(admin)
        gateway.operator.wait()
        return gateway

    return run


def status(gateway, key):
    return gateway.exchange(request("GET", "/", f"x-api-key: {key}")).status


def expect(gateway, key, wanted, patience=AT_ONCE):
    wait_until(lambda: status(gateway, key) == wanted, f"{wanted} for a key", patience=patience)


def ids(gateway):
    return [customer["id"] for customer in gateway.operator.send("GET", "/customers?limit=1000")[1]["customers"]]


def change_until_taken(gateway, customer):
    wait_until(lambda: gateway.operator.send("PUT", f"/customers/{customer}", {})[0] in (200, 201), "a change", 30)


def test_what_one_gateway_changes_all_know(run):
    first, second = run("first"), run("second")
    key = first.operator.make("acme", {"name": "Acme Ltd", "labels": {"tier": "gold"}})
    assert status(first, key) == 200
    expect(second, key, 200)
    assert second.operator.send("GET", "/customers/acme")[1] == first.operator.send("GET", "/customers/acme")[1]
    # Either may change it.
    assert second.operator.send("PUT", "/customers/acme", {"state": "suspended"})[0] == 200
    expect(first, key, 403)
    assert first.operator.send("PUT", "/customers/acme", {})[0] == 200
    expect(second, key, 200)
    assert first.operator.send("DELETE", "/customers/acme/keys/first")[0] == 204
    expect(second, key, 403)
    another = second.operator.make("acme", key="second")
    expect(first, another, 200)
    assert first.operator.send("DELETE", "/customers/acme")[0] == 204
    expect(second, another, 403)
    assert ids(first) == ids(second) == []


def test_two_changes_at_once_are_both_made_and_a_name_has_one_owner(run):
    gateways = [run("first"), run("second")]
    for number in range(20):
        assert gateways[number % 2].operator.send("PUT", f"/customers/c-{number:02}", {})[0] == 201
    # Without waiting: who comes second has been told of the first.
    assert ids(gateways[1]) == [f"c-{number:02}" for number in range(20)]
    bodies = [{"password": "one"}, {"password": "two"}]
    answers = [
        gateway.operator.send("PUT", f"/customers/c-0{number}/passwords/wiley", bodies[number])[0]
        for number, gateway in enumerate(gateways)
    ]
    assert answers == [201, 409]


def test_who_was_away_catches_up_at_the_start(run, redis):
    first, second = run("first"), run("second")
    old = first.operator.make("acme")
    expect(second, old, 200)
    second.signal(signal.SIGKILL)
    second.process.wait()
    first.operator.send("DELETE", "/customers/acme")
    keys = [first.operator.make(f"c-{number}") for number in range(12)]
    second = run("second")
    # From the first call on.
    assert status(second, old) == 403
    assert [status(second, key) for key in keys] == [200] * 12
    # So does one who comes for the first time, and one for whom Redis is not there has what it had.
    third = run("third")
    assert [status(third, key) for key in keys] == [200] * 12
    third.stop()
    redis.kill()
    third = run("third")
    assert [status(third, key) for key in keys] == [200] * 12


def test_more_than_a_page_comes_to_who_is_new(run):
    first = run("first")
    for number in range(230):
        assert first.operator.send("PUT", f"/customers/c-{number:03}", {})[0] == 201
    assert ids(run("second")) == ids(first)


@pytest.mark.parametrize("stalls", [False, True], ids=["killed", "paused"])
def test_while_redis_is_away_all_serve_and_nothing_changes(run, redis, stalls):
    first, second = run("first"), run("second")
    key = first.operator.make("acme")
    expect(second, key, 200)
    if stalls:
        redis.process.send_signal(signal.SIGSTOP)
    else:
        redis.kill()
    for gateway in (first, second):
        code, answer = gateway.operator.send("PUT", "/customers/acme", {"state": "suspended"})
        assert code == 503 and "Redis" in answer["error"] and "nothing was changed" in answer["error"]
        assert gateway.operator.send("POST", "/customers/acme/keys", {"id": "other"})[0] == 503
        assert status(gateway, key) == 200
    if stalls:
        redis.process.send_signal(signal.SIGCONT)
    else:
        redis.start()
    change_until_taken(first, "later")
    wait_until(lambda: ids(second) == ["acme", "later"], "the other gateway to follow", 10)
    assert "shared customers are not in step" in first.stderr()


def test_a_server_that_comes_back_empty_is_filled_from_the_gateways(run, redis):
    first, second = run("first"), run("second")
    gone = first.operator.make("gone")
    keys = [first.operator.make(f"c-{number}") for number in range(5)]
    first.operator.send("DELETE", "/customers/gone")
    expect(second, keys[-1], 200)
    redis.kill()
    redis.forget()
    redis.start()
    change_until_taken(second, "later")
    wait_until(lambda: "later" in ids(first), "the first gateway to follow", 10)
    for gateway in (first, second, run("third")):
        assert ids(gateway) == [f"c-{number}" for number in range(5)] + ["later"]
        assert [status(gateway, key) for key in keys] == [200] * 5
        assert status(gateway, gone) == 403


@pytest.mark.parametrize("goes_on", [False, True], ids=["and is given it back", "and goes on without it"])
def test_a_server_that_has_lost_the_last_changes(run, redis, tmp_path, goes_on):
    first, second = run("first"), run("second")
    key = first.operator.make("acme")
    expect(second, key, 200)
    kept = tmp_path / "kept"
    shutil.copytree(redis.folder, kept)
    if goes_on:
        second.stop()
    lost = first.operator.make("bolt")
    if goes_on:
        first.stop()
    redis.kill()
    shutil.rmtree(redis.folder)
    shutil.copytree(kept, redis.folder)
    redis.start()
    if not goes_on:
        change_until_taken(first, "later")
        for gateway in (first, second, run("third")):
            expect(gateway, lost, 200, 10)
            wait_until(lambda gateway=gateway: ids(gateway) == ["acme", "bolt", "later"], "all customers", 10)
        return
    second = run("second")
    change_until_taken(second, "other")
    assert (status(second, key), ids(second)) == (200, ["acme", "other"])
    # Neither history is taken for the other.
    ended = refused(tmp_path, tmp_path / "data-first", redis)
    assert ended.returncode == 1 and "has lost changes" in ended.stderr


def test_a_store_that_had_customers_before_is_published_and_others_are_not_mixed_with_it(run, redis, tmp_path):
    alone = FILE.replace(", shared: true", "")
    first, second = run("first", text=alone), run("second", text=alone)
    key = first.operator.make("acme")
    second.operator.make("bolt")
    for gateway in (first, second):
        gateway.stop()
    first = run("first")
    assert status(first, key) == 200
    assert status(run("third"), key) == 200
    ended = refused(tmp_path, tmp_path / "data-second", redis)
    assert ended.returncode == 1 and "customers or plans of its own" in ended.stderr
    for file in (tmp_path / "data-second").glob("customers.sqlite*"):
        file.unlink()
    assert status(run("second"), key) == 200


def test_another_hashing_key_refuses_the_start(run, redis, tmp_path):
    run("first").operator.make("acme")
    ended = refused(tmp_path, tmp_path / "data-other", redis)
    assert ended.returncode == 1 and "customers.key" in ended.stderr and "copy theirs" in ended.stderr


def refused(tmp_path, folder, redis):
    """A start that ends by itself."""
    file = tmp_path / "refused.yaml"
    file.write_text(FILE.format(folder=folder, redis=redis.port, admin=free_port(), more=""))
    return subprocess.run([binary(), "run", file], capture_output=True, text=True, timeout=20)


def test_without_a_server_sharing_is_refused_by_validate(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", TOKEN)
    file = tmp_path / "gateway.yaml"
    file.write_text(FILE.format(folder=tmp_path, redis=1, admin=1, more="").replace("redis: redis://127.0.0.1:1\n", ""))
    ended = subprocess.run([binary(), "validate", file], capture_output=True, text=True)
    assert ended.returncode == 1 and 'name it with "redis"' in ended.stdout + ended.stderr


def test_secrets_to_sign_with_are_shared_sealed(run, redis, monkeypatch):
    monkeypatch.setenv("SEALING", "ab" * 32)
    first, second = (run(name, ', sealing_keys: "env:SEALING"') for name in ("first", "second"))
    first.operator.send("PUT", "/customers/acme", {})
    code, answer = first.operator.send("POST", "/customers/acme/signing-keys", {"id": "acme-1"})
    assert code == 201
    wait_until(
        lambda: second.operator.send("GET", "/customers/acme")[1].get("signing_keys"), "the signing key", patience=AT_ONCE
    )
    [written] = redis.folder.glob("appendonly*/*.incr.aof")
    assert b"acme-1" in written.read_bytes() and answer["secret"].encode() not in written.read_bytes()


def put_plan(gateway, name, settings):
    status, answer = gateway.operator.send("PUT", f"/plans/{name}", settings)
    assert status in (200, 201), answer


def plans(gateway):
    return {plan["name"]: plan["settings"] for plan in gateway.operator.send("GET", "/plans")[1]["plans"]}


THREE, MANY = {"throttle": {"rate": "1/day", "burst": 3}}, {"throttle": {"rate": "1000/s", "name": "many"}}


def test_a_plan_that_one_gateway_puts_is_in_effect_on_all(run):
    first, second = run("first"), run("second")
    put_plan(first, "trial", THREE)
    # Without waiting, at the other one.
    key = second.operator.make("acme", {"plan": "trial"})
    assert [status(second, key) for _ in range(4)] == [200] * 3 + [429]
    wait_until(lambda: status(first, key) != 403, "the customer", patience=AT_ONCE)
    assert first.operator.send("GET", "/plans/trial") == second.operator.send("GET", "/plans/trial")
    put_plan(second, "trial", MANY)
    for gateway in (first, second):
        wait_until(lambda gateway=gateway: {status(gateway, key) for _ in range(8)} == {200}, "the plan", patience=AT_ONCE)
    put_plan(first, "trial", THREE)
    wait_until(lambda: status(second, key) == 429, "the former plan", patience=AT_ONCE)


def test_a_plan_that_customers_of_another_gateway_have_is_not_removed(run):
    first, second = run("first"), run("second")
    put_plan(first, "trial", THREE)
    second.operator.make("acme", {"sandbox": {"plan": "trial"}})
    code, answer = first.operator.send("DELETE", "/plans/trial")
    assert (code, "1 customer has the plan trial" in answer["error"]) == (409, True)
    assert second.operator.send("PUT", "/customers/acme", {})[0] == 200
    assert first.operator.send("DELETE", "/plans/trial")[0] == 204
    code, answer = second.operator.send("PUT", "/customers/acme", {"plan": "trial"})
    assert (code, "no plan has this name" in answer["error"] or "was removed" in answer["error"]) == (400, True), answer
    wait_until(lambda: plans(second) == {}, "the end of the plan", patience=AT_ONCE)


def test_no_customer_is_suspended_while_plans_and_customers_come_and_go(run):
    first, second = run("first"), run("second")
    put_plan(first, "p-0", MANY)
    key = first.operator.make("acme", {"plan": "p-0"})
    expect(second, key, 200)
    for number in range(1, 20):
        put_plan(first, f"p-{number}", MANY)
        assert first.operator.send("PUT", "/customers/acme", {"plan": f"p-{number}"})[0] == 200
        assert first.operator.send("DELETE", f"/plans/p-{number - 1}")[0] == 204
        assert {status(gateway, key) for gateway in (first, second) for _ in range(4)} == {200}
    wait_until(lambda: list(plans(second)) == ["p-19"], "the last plan", patience=AT_ONCE)
    assert "customer is not served" not in first.stderr() + second.stderr()


def test_plans_while_redis_is_away_and_when_it_comes_back_empty(run, redis):
    first, second = run("first"), run("second")
    put_plan(first, "trial", THREE)
    put_plan(first, "gone", {})
    assert first.operator.send("DELETE", "/plans/gone")[0] == 204
    key = first.operator.make("acme", {"plan": "trial"})
    expect(second, key, 200)
    redis.kill()
    for gateway in (first, second):
        for method, path in [("PUT", "/plans/trial"), ("PUT", "/plans/other"), ("DELETE", "/plans/trial")]:
            code, answer = gateway.operator.send(method, path, MANY)
            assert code == 503 and "Redis" in answer["error"] and "nothing was changed" in answer["error"], answer
        assert plans(gateway) == {"trial": THREE}
    redis.forget()
    redis.start()
    change_until_taken(second, "later")
    third = run("third")
    for gateway in (first, second, third):
        wait_until(lambda gateway=gateway: plans(gateway) == {"trial": THREE}, "the plan", 10)
    assert [status(third, key) for _ in range(4)] == [200] * 3 + [429]


def test_a_store_that_had_plans_before_publishes_them_with_its_customers(run, redis, tmp_path):
    alone = FILE.replace(", shared: true", "")
    first, second = run("first", text=alone), run("second", text=alone)
    put_plan(first, "trial", THREE)
    key = first.operator.make("acme", {"plan": "trial"})
    put_plan(second, "other", THREE)
    for gateway in (first, second):
        gateway.stop()
    run("first")
    assert [status(gateway, key) for gateway in [run("third")] for _ in range(4)] == [200] * 3 + [429]
    ended = refused(tmp_path, tmp_path / "data-second", redis)
    assert ended.returncode == 1 and "plans of its own" in ended.stderr


def ask(redis, *words):
    return subprocess.run(["redis-cli", "-p", str(redis.port), *words], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("parted", [False, True], ids=["of one history", "of another history"])
def test_who_was_away_for_longer_than_marks_are_kept(run, redis, tmp_path, parted):
    first, second = run("first"), run("second")
    key = first.operator.make("acme")
    expect(second, key, 200)
    kept = tmp_path / "kept"
    shutil.copytree(redis.folder, kept)
    second.stop()
    put_plan(first, "trial", MANY)
    lost = first.operator.make("bolt", {"plan": "trial"})
    first.stop()
    if parted:
        redis.kill()
        shutil.rmtree(redis.folder)
        shutil.copytree(kept, redis.folder)
        redis.start()
    # More is changed without the first one than it has.
    second = run("second")
    for number in range(6):
        change_until_taken(second, f"c-{number}")
    assert int(ask(redis, "DEL", "daemun:{customers}:marks")) == 1
    if parted:
        ended = refused(tmp_path, tmp_path / "data-first", redis)
        assert ended.returncode == 1 and "has lost changes" in ended.stderr
        return
    first = run("first")
    assert ids(first) == ids(second) == ["acme", "bolt", *(f"c-{number}" for number in range(6))]
    assert status(first, lost) == 200


def metric(gateway, name):
    command = ["curl", "-s", "-H", f"Authorization: Bearer {TOKEN}", f"http://127.0.0.1:{gateway.operator.port}/metrics"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    [value] = [line.split()[1] for line in lines if line.startswith(f"daemun_shared_customers_{name} ")]
    return float(value)


def test_metrics_tell_how_far_a_gateway_is(run, redis):
    first, second = run("first"), run("second")
    put_plan(first, "trial", MANY)
    first.operator.make("acme", {"plan": "trial"})
    wait_until(lambda: metric(second, "revision") == metric(first, "revision") == 3, "the same revision", patience=AT_ONCE)
    assert metric(second, "failures_total") == metric(second, "changes_refused_total") == 0
    assert abs(time.time() - metric(second, "in_step_timestamp_seconds")) < 3
    redis.kill()
    last = metric(second, "in_step_timestamp_seconds")
    assert second.operator.send("PUT", "/customers/acme", {})[0] == 503
    assert metric(second, "changes_refused_total") == 1
    wait_until(lambda: metric(second, "failures_total") > 0, "a failure", 10)
    assert metric(second, "in_step_timestamp_seconds") - last <= 1
    redis.start()
    wait_until(lambda: metric(second, "in_step_timestamp_seconds") > last + 1, "the end of the failure", 10)
