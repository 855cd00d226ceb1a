"""Plans that are managed while the gateway runs: made, changed and removed, for customers who call under them."""

import json
import re
import signal
import subprocess

import pytest
from harness import binary, free_port, request, wait_until
from test_live_customers import TOKEN, Operator, daemun

FILE = """
data: {folder}
admin: {{ port: {admin}, token: "env:TOKEN" }}
plans: {{ {plans} }}
authorizers: {{ keys: {{ api_key: {{}} }} }}
apis:
  shop:
    authorize: keys
    throttle: {throttle}
    routes: {{ GET /: {{ reply: {{ text: shop }} }} }}
"""


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", TOKEN)

    def make(admin, plans="filed: { throttle: 100/s }", throttle="[]"):
        return FILE.format(folder=tmp_path / "data", admin=admin, plans=plans, throttle=throttle)

    return make


@pytest.fixture
def gateway(start, text):
    return begin(start, text(free_port()))


def begin(start, text):
    gateway = start(text, arguments=["--threads", "2"])
    gateway.operator = Operator(int(text.split("port: ")[1].split(",")[0]))
    gateway.operator.wait()
    return gateway


def put(gateway, name, settings):
    status, answer = gateway.operator.send("PUT", f"/plans/{name}", settings)
    assert status in (200, 201), answer
    return status


def call(gateway, key):
    return gateway.exchange(request("GET", "/", f"x-api-key: {key}"))


def statuses(gateway, key, calls):
    """The statuses of calls, each on a connection of its own, so that each worker has some."""
    return [call(gateway, key).status for _ in range(calls)]


def test_a_plan_is_put_and_limits_its_customers_at_once(gateway):
    assert put(gateway, "trial", {"quota": "3/day"}) == 201
    key = gateway.operator.make("acme", {"plan": "trial"})
    assert statuses(gateway, key, 8) == [200] * 3 + [429] * 5
    assert call(gateway, key).json()["cause"] == "quota.exceeded"
    assert daemun(gateway.operator.port, "usage", "acme")[1].startswith("acme, plan trial\n\nday: 3 of 3 calls used")


def test_a_changed_quota_holds_at_once_and_counts_go_on(gateway):
    put(gateway, "trial", {"quota": "3/day"})
    key, other = (gateway.operator.make(name, {"plan": "trial"}) for name in ("acme", "bolt"))
    assert statuses(gateway, key, 4) == [200] * 3 + [429]
    assert put(gateway, "trial", {"quota": "5/day"}) == 200
    assert statuses(gateway, key, 6) == [200] * 2 + [429] * 4
    assert statuses(gateway, other, 6) == [200] * 5 + [429]
    put(gateway, "trial", {"quota": {"calls": "1/month", "name": "else"}})
    assert statuses(gateway, key, 3) == [200] + [429] * 2
    put(gateway, "trial", {})
    assert statuses(gateway, key, 16) == [200] * 16


def test_a_smaller_quota_holds_within_a_second(gateway):
    put(gateway, "trial", {"quota": "1000/day"})
    key = gateway.operator.make("acme", {"plan": "trial"})
    assert statuses(gateway, key, 20) == [200] * 20
    put(gateway, "trial", {"quota": "10/day"})
    wait_until(lambda: set(statuses(gateway, key, 4)) == {429}, "the smaller quota", patience=3)


def test_a_changed_throttle_holds_at_once_and_gives_nothing_back(gateway):
    put(gateway, "slow", {"throttle": {"rate": "2/day", "burst": 2}})
    key = gateway.operator.make("acme", {"plan": "slow"})
    assert statuses(gateway, key, 6) == [200] * 2 + [429] * 4
    assert call(gateway, key).json()["cause"] == "throttle.rate"
    put(gateway, "slow", {"throttle": {"rate": "2/day", "burst": 2}, "quota": "1000/day"})
    assert statuses(gateway, key, 3) == [429] * 3
    # Another throttle begins with all of its burst.
    put(gateway, "slow", {"throttle": {"rate": "2/day", "burst": 2, "name": "other"}})
    assert statuses(gateway, key, 4) == [200] * 2 + [429] * 2


def test_a_faster_rate_is_not_held_up_by_what_the_slower_one_was_owed(gateway):
    put(gateway, "trial", {"throttle": {"rate": "2/day", "burst": 2}})
    key = gateway.operator.make("acme", {"plan": "trial"})
    assert statuses(gateway, key, 4) == [200] * 2 + [429] * 2
    put(gateway, "trial", {"throttle": {"rate": "1/s", "burst": 3}})
    refused = call(gateway, key)
    # The bucket is empty, and fills at the new rate.
    assert (refused.status, refused.get("Retry-After")) == (429, "1")
    wait_until(lambda: call(gateway, key).status == 200, "the new rate", patience=3)
    put(gateway, "trial", {"throttle": {"rate": "1000/s", "burst": 1000}})
    wait_until(lambda: statuses(gateway, key, 8) == [200] * 8, "the fastest rate", patience=1)


def test_a_plan_that_customers_have_is_not_removed(gateway):
    put(gateway, "trial", {"quota": "3/day"})
    for name, settings in [("acme", {"plan": "trial"}), ("bolt", {"sandbox": {"plan": "trial"}})]:
        gateway.operator.make(name, settings)
    status, answer = gateway.operator.send("DELETE", "/plans/trial")
    assert (status, "2 customers have the plan trial" in answer["error"]) == (409, True), answer
    gateway.operator.send("DELETE", "/customers/bolt")
    assert "1 customer has" in gateway.operator.send("DELETE", "/plans/trial")[1]["error"]
    gateway.operator.send("PUT", "/customers/acme", {})
    assert gateway.operator.send("DELETE", "/plans/trial") == (204, None)
    assert gateway.operator.send("GET", "/plans/trial")[0] == 404
    status, answer = gateway.operator.send("PUT", "/customers/acme", {"plan": "trial"})
    assert (status, "no plan has this name" in answer["error"]) == (400, True)


def test_plans_and_what_was_used_are_there_after_a_restart(gateway, start, text):
    put(gateway, "trial", {"quota": "3/day"})
    key = gateway.operator.make("acme", {"plan": "trial"})
    assert statuses(gateway, key, 2) == [200] * 2
    gateway.signal(signal.SIGTERM)
    gateway.process.wait()
    again = begin(start, text(free_port(), plans=""))
    assert statuses(again, key, 3) == [200] + [429] * 2
    assert again.operator.send("GET", "/plans/trial")[1]["settings"] == {"quota": "3/day"}


def test_another_process_on_the_same_folder_follows(gateway, start, text):
    other = begin(start, text(free_port()))
    put(gateway, "trial", {"throttle": "1000/s"})
    key = gateway.operator.make("acme", {"plan": "trial"})
    wait_until(lambda: call(other, key).status == 200, "the other process to know the key", patience=5)
    put(gateway, "trial", {"throttle": {"rate": "1/day", "burst": 1}})
    wait_until(lambda: call(other, key).status == 429, "the other process to know the throttle", patience=5)
    gateway.operator.send("PUT", "/customers/acme", {})
    wait_until(lambda: call(other, key).status == 200, "the customer without a plan", patience=5)
    assert other.operator.send("DELETE", "/plans/trial")[0] == 204
    wait_until(lambda: gateway.operator.send("PUT", "/customers/acme", {"plan": "trial"})[0] == 400, "its end", patience=5)


def test_plans_of_the_file_are_told_and_changed_there_only(gateway):
    status, plan = gateway.operator.send("GET", "/plans/filed")
    throttle = {"name": "filed", "rate": "100/s", "burst": 100, "per": ["customer"]}
    assert (status, plan) == (200, {"name": "filed", "source": "file", "settings": {"throttle": [throttle]}})
    put(gateway, "again", plan["settings"])
    for method in ("PUT", "DELETE"):
        status, answer = gateway.operator.send(method, "/plans/filed", {})
        assert (status, "configuration file" in answer["error"]) == (409, True)
    plans = gateway.operator.send("GET", "/plans")[1]["plans"]
    assert [(plan["name"], plan["source"]) for plan in plans] == [("again", "store"), ("filed", "file")]


def test_a_name_that_comes_into_the_file_counts_as_the_file_says(gateway, text):
    put(gateway, "trial", {"quota": "3/day"})
    key = gateway.operator.make("acme", {"plan": "trial"})
    assert statuses(gateway, key, 4) == [200] * 3 + [429]
    gateway.write(text(gateway.operator.port, plans="trial: { quota: 5/day }"))
    wait_until(lambda: gateway.operator.send("GET", "/plans/trial")[1]["source"] == "file", "the reload")
    wait_until(lambda: call(gateway, key).status == 200, "the file's plan")
    assert statuses(gateway, key, 3) == [200] + [429] * 2
    plan = gateway.operator.send("GET", "/plans/trial")[1]
    assert "stands in the configuration file" in plan["faults"][0]
    assert "plan of the store does not count" in gateway.stderr()
    assert daemun(gateway.operator.port, "plans", "list")[1].split() == ["trial", "file", "at", "fault"]
    # Who takes the plan out of the file has the store's again, and the store's may go although customers have the file's.
    gateway.write(text(gateway.operator.port, plans=""))
    wait_until(lambda: gateway.operator.send("GET", "/plans/trial")[1]["source"] == "store", "the next reload")
    assert statuses(gateway, key, 3) == [429] * 3
    gateway.write(text(gateway.operator.port, plans="trial: {}"))
    wait_until(lambda: gateway.operator.send("GET", "/plans/trial")[1]["source"] == "file", "the last reload")
    assert gateway.operator.send("DELETE", "/plans/trial")[0] == 204
    assert "faults" not in gateway.operator.send("GET", "/plans/trial")[1]
    assert gateway.operator.send("DELETE", "/plans/trial")[0] == 409
    wait_until(lambda: set(statuses(gateway, key, 8)) == {200}, "the file's plan without limits")


def test_a_plan_that_a_reload_leaves_no_room_for_suspends_its_customers_until_there_is(gateway, text):
    limits = [{"name": f"t{number}", "rate": "1000/s"} for number in range(6)]
    put(gateway, "trial", {"throttle": limits})
    key, free = gateway.operator.make("acme", {"plan": "trial"}), gateway.operator.make("bolt")
    assert call(gateway, key).status == 200
    gateway.write(text(gateway.operator.port, throttle=json.dumps(limits[:3])))
    wait_until(lambda: call(gateway, key).status == 403, "the reload")
    assert set(statuses(gateway, key, 8)) == {403} and call(gateway, free).status == 200
    assert "9 limits on GET / of shop" in gateway.operator.send("GET", "/plans/trial")[1]["faults"][0]
    assert gateway.operator.send("PUT", "/plans/trial", {"throttle": limits})[0] == 400
    put(gateway, "trial", {"throttle": limits[:5]})
    assert set(statuses(gateway, key, 8)) == {200}


@pytest.mark.parametrize(
    "method, path, body, status, word",
    [
        ("PUT", "/plans/trial", {"qouta": "3/day"}, 400, 'did you mean "quota"'),
        ("PUT", "/plans/trial", {"quota": "3/year"}, 400, "as 10000/month"),
        ("PUT", "/plans/trial", {"quota": {"calls": "3/day", "zone": "Moon/Base"}}, 400, "time zone"),
        ("PUT", "/plans/trial", {"throttle": {"rate": "1/day", "burst": 1000}}, 400, "more than 31 days"),
        ("PUT", "/plans/trial", {"throttle": {"rate": "1/s", "shared": True}}, 400, "redis"),
        ("PUT", "/plans/trial", {"throttle": [{"name": f"t{n}", "rate": "1/s"} for n in range(9)]}, 400, "8 is the most"),
        ("PUT", "/plans/trial", "[1]", 400, "JSON object"),
        ("PUT", "/plans/trial", "x" * 70_000, 413, "65536"),
        ("PUT", "/plans/a%20b", {}, 400, "name"),
        ("DELETE", "/plans/trial", None, 404, "trial"),
        ("GET", "/plans/trial", None, 404, "trial"),
        ("POST", "/plans", {}, 404, "no such request"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_and_changes_nothing(gateway, method, path, body, status, word):
    answer = gateway.operator.send(method, path, body)
    assert (answer[0], word in answer[1]["error"]) == (status, True), answer
    assert [plan["name"] for plan in gateway.operator.send("GET", "/plans")[1]["plans"]] == ["filed"]


@pytest.mark.parametrize("token", [None, "another"])
def test_only_who_has_the_token_may(gateway, token):
    for method, path in [("PUT", "/plans/trial"), ("GET", "/plans"), ("DELETE", "/plans/filed")]:
        assert gateway.operator.send(method, path, {}, token=token)[0] == 401


def test_without_a_token_nobody_may_change_anything(start, tmp_path):
    admin = free_port()
    start(f"data: {tmp_path}/data\nadmin: {admin}\napis: {{ a: {{ routes: {{ $default: {{ reply: {{ text: a }} }} }} }} }}")
    operator = Operator(admin)
    operator.wait()
    assert operator.send("GET", "/plans", token=None) == (200, {"plans": []})
    status, answer = operator.send("PUT", "/plans/trial", {}, token=None)
    assert (status, "admin.token" in answer["error"]) == (403, True)


def test_the_commands(gateway):
    port = gateway.operator.port
    quota = '{"calls": "50/day", "zone": "Asia/Seoul"}'
    assert daemun(port, "plans", "put", "trial", "--throttle", "10/s", "--quota", "9/month", "--quota", quota) == (0, "", "")
    settings = json.loads(daemun(port, "plans", "show", "trial")[1])["settings"]
    assert settings == {"throttle": ["10/s"], "quota": ["9/month", {"calls": "50/day", "zone": "Asia/Seoul"}]}
    assert [line.split() for line in daemun(port, "plans", "list")[1].splitlines()] == [["filed", "file"], ["trial", "store"]]
    assert daemun(port, "plans", "put", "trial", "--quota", "{")[0] == 2
    code, _, complaint = daemun(port, "plans", "put", "filed", "--quota", "1/day")
    assert (code, "configuration file" in complaint) == (1, True)
    assert daemun(port, "plans", "remove", "trial") == (0, "", "")
    assert daemun(port, "plans", "remove", "trial")[0] == 1


def explain(gateway, *arguments):
    ended = subprocess.run([binary(), "explain", "GET", "/", *arguments, gateway.file], capture_output=True, text=True)
    return ended.returncode, ended.stdout + ended.stderr


def test_explain_asks_the_gateway_for_plans_and_customers_of_the_store(gateway):
    put(gateway, "trial", {"quota": {"calls": "3/day", "zone": "Asia/Seoul"}})
    put(gateway, "other", {"throttle": "5/s"})
    gateway.operator.make("acme", {"plan": "trial"})
    code, text = explain(gateway)
    assert code == 0 and "3/day, zone Asia/Seoul, plan trial" in text and "plan other" in text and "plan filed" in text
    code, text = explain(gateway, "--customer", "acme")
    assert code == 0 and "3/day, zone Asia/Seoul, plan trial" in text and "plan other" not in text and "plan filed" not in text
    code, text = explain(gateway, "--customer", "nobody")
    assert (code, "no customer has this id" in text) == (1, True)
    gateway.signal(signal.SIGTERM)
    gateway.process.wait()
    code, text = explain(gateway)
    assert code == 0 and "plan filed" in text and "plan trial" not in text
    assert re.search("store +not looked at: no answer from the admin listener at 127.0.0.1", text)
    code, text = explain(gateway, "--customer", "acme")
    assert code == 1 and "no customer has this id in the configuration; those of the store: not looked at" in text
