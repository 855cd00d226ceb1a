"""The live table of customers' backends: changed at one gateway or in Redis itself, followed by all, and served on while Redis is away."""

import json
import signal
import subprocess
import time

import pytest
from harness import binary, free_port, request, response, wait_until
from metrics import SAMPLE
from test_live_customers import TOKEN, Operator

FILE = """
redis: redis://127.0.0.1:{redis}
admin: {{ port: {admin}, token: "env:TOKEN" }}
authorizers: {{ keys: {{ api_key: {{}} }} }}
customers:
  acme: {{ api_keys: {{ secret: "env:ACME_KEY" }}, sandbox: {{ api_keys: {{ secret: "env:TRIAL_KEY" }} }} }}
  branch: {{ api_keys: {{ secret: "env:BRANCH_KEY" }}, backends: {{ orders: own }} }}
backends:
  orders: {{ targets: {orders} }}
  europe: {{ targets: {europe} }}
  asia: {{ targets: {asia} }}
  own: {{ targets: {own} }}
  trial: {{ targets: {trial} }}
apis:
  shop:
    authorize: keys
    backend_table: true
    routes:
      GET /orders: orders
      GET /orders/{{id}}: orders
      GET /open: {{ to: orders, authorize: none }}
      GET /fixed: {{ reply: {{ text: fixed }} }}
    sandbox: {{ path: /sandbox, to: trial }}
  plain: {{ path: /plain, authorize: keys, routes: {{ $default: orders }} }}
"""
NAMES = ["orders", "europe", "asia", "own", "trial"]
SECRETS = {
    "TOKEN": TOKEN,
    "ACME_KEY": "acme-acme-acme-acme",
    "BRANCH_KEY": "branch-branch-branch",
    "TRIAL_KEY": "trial-trial-trial-trial",
}
ACME, BRANCH, TRIAL = ("acme-acme-acme-acme", "branch-branch-branch", "trial-trial-trial-trial")
TABLE, HEAD, CHANNEL = "daemun:{backends}:table:shop", "daemun:{backends}:head:shop", "daemun:{backends}:changes"
AT_ONCE = 1


@pytest.fixture
def run(start, redis, tmp_path, make_backend, monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    urls = {name: make_backend(lambda _, name=name: response(body=name.encode())).url for name in NAMES}

    def run(name, change=lambda text: text):
        admin = free_port()
        text = change(FILE.format(redis=redis.port, admin=admin, **urls))
        gateway = start(text, arguments=["--threads", "2"], folder=tmp_path / f"gateway-{name}")
        gateway.text = text
        gateway.operator = Operator(admin)
        gateway.operator.wait()
        return gateway

    return run


def cli(redis, *words):
    command = ["redis-cli", "-p", str(redis.port), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def daemun(gateway, *words):
    """The command, as an operator runs it, with the gateway's own file."""
    command = [binary(), "routes", *words, str(gateway.file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30)


def call(gateway, path="/orders", key=ACME):
    return gateway.exchange(request("GET", path, f"x-api-key: {key}"))


def where(gateway, path="/orders", key=ACME):
    """Who answers, on several connections, so that all workers are asked."""
    answers = {call(gateway, path, key).body.decode() for _ in range(8)}
    return answers.pop() if len(answers) == 1 else answers


def expect(gateway, backend, path="/orders", key=ACME, patience=AT_ONCE):
    wait_until(lambda: where(gateway, path, key) == backend, f"{path} to go to {backend}", patience=patience)


def put(gateway, customer, backend, route=None):
    return gateway.operator.send("PUT", place(customer, route), {"backend": backend})


def delete(gateway, customer, route=None):
    return gateway.operator.send("DELETE", place(customer, route))


def place(customer, route):
    return f"/backend-tables/shop/{customer}" + ("?route=" + route.replace(" ", "%20") if route else "")


def table(gateway):
    return gateway.operator.send("GET", "/backend-tables/shop")[1]


def test_what_is_set_at_one_gateway_all_follow(run):
    first, second = run("first"), run("second")
    assert where(first) == where(second) == "orders"
    assert put(first, "acme", "europe")[0] == 200
    # On all workers when it is answered.
    assert where(first) == "europe"
    expect(second, "europe")
    assert where(second, "/orders/7") == "europe"
    # What asks nobody knows nobody, and what the gateway answers itself goes nowhere.
    assert where(second, "/open") == "orders"
    assert where(second, "/fixed") == "fixed"
    # Of other APIs and other customers nothing was said.
    assert where(second, "/plain/orders") == "orders"
    assert where(second, key=BRANCH) == "own"
    assert put(second, "acme", "asia")[0] == 200
    assert where(second) == "asia"
    expect(first, "asia")
    assert delete(first, "acme")[0] == 204
    assert where(first) == "orders"
    expect(second, "orders")
    assert delete(first, "acme") == (404, {"error": "there is no such row"})


def test_the_row_of_a_route_comes_before_that_of_the_api_and_that_before_the_customers_own(run):
    gateway = run("only")
    assert where(gateway, key=BRANCH) == "own"
    assert put(gateway, "branch", "europe")[0] == 200
    assert where(gateway, key=BRANCH) == where(gateway, "/orders/7", BRANCH) == "europe"
    assert put(gateway, "branch", "asia", "GET /orders")[0] == 200
    assert where(gateway, key=BRANCH) == "asia"
    assert where(gateway, "/orders/7", BRANCH) == "europe"
    assert delete(gateway, "branch")[0] == 204
    assert where(gateway, key=BRANCH) == "asia"
    assert where(gateway, "/orders/7", BRANCH) == "own"
    assert delete(gateway, "branch", "GET /orders")[0] == 204
    assert where(gateway, key=BRANCH) == "own"


def test_the_log_says_where_a_call_went(run):
    gateway = run("only")
    put(gateway, "acme", "europe")
    assert gateway.line_of(call(gateway))["backend"] == "europe"


def test_rows_can_be_written_in_redis_itself(run, redis):
    first, second = run("first"), run("second")
    cli(redis, "HSET", TABLE, "acme", "europe", "acme GET /orders", "asia")
    cli(redis, "PUBLISH", CHANNEL, "shop")
    for gateway in (first, second):
        expect(gateway, "asia")
        assert where(gateway, "/orders/7") == "europe"
    # Without an announcement the revision tells.
    cli(redis, "HDEL", TABLE, "acme GET /orders")
    cli(redis, "HINCRBY", HEAD, "revision", "1")
    for gateway in (first, second):
        expect(gateway, "europe", patience=2)
    # Gateways go on from there.
    assert delete(first, "acme")[0] == 204
    expect(second, "orders")
    assert cli(redis, "HGETALL", TABLE) == ""


def test_a_row_that_names_what_is_not_there_is_ignored_and_told(run, redis):
    gateway = run("only")
    rows = ["acme", "nowhere", "branch", "europe", "acme GET /stock", "asia", "acme GET /fixed", "asia", "of two", "asia"]
    rows += ["late", "orders", "trialist", "trial", "x" * 2000, "asia"]
    cli(redis, "HSET", TABLE, *rows)
    cli(redis, "PUBLISH", CHANNEL, "shop")
    expect(gateway, "europe", key=BRANCH)
    assert where(gateway) == "orders"
    told = {(row["customer"], row.get("route")): row.get("ignored") for row in table(gateway)["rows"]}
    assert told[("branch", None)] is None and told[("late", None)] is None
    assert told[("acme", None)] == 'no backend has this name under "backends": "nowhere"'
    assert told[("acme", "GET /stock")] == 'the API has no route with this key: "GET /stock"'
    assert told[("acme", "GET /fixed")] == 'this route leads to no backend: "GET /fixed"'
    assert told[("of", "two")] == 'the API has no route with this key: "two"'
    assert told[("trialist", None)] == 'this backend is for sandboxes alone: "trial"'
    assert told[("x" * 64 + "...", None)].startswith("no customer can have this id")
    assert "row of a table of backends is ignored" in gateway.stderr() and '"nowhere"' in gateway.stderr()
    values = metrics(gateway)
    assert values["daemun_backend_table_rows"] == 2
    assert values["daemun_backend_table_ignored_rows"] == 6
    assert values["daemun_backend_table_current"] == 1
    assert time.time() - 5 < values["daemun_backend_table_confirmed_timestamp_seconds"] < time.time() + 1
    # One that was ignored can be taken away like any other.
    assert delete(gateway, "acme")[0] == 204
    assert metrics(gateway)["daemun_backend_table_ignored_rows"] == 5


def metrics(gateway):
    """Those of the table of `shop`, by name."""
    command = ["curl", "-s", "-H", f"Authorization: Bearer {TOKEN}", f"http://127.0.0.1:{gateway.operator.port}/metrics"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    samples = [sample for sample in map(SAMPLE.match, lines) if sample and sample["labels"] == 'api="shop"']
    return {sample["name"]: float(sample["value"]) for sample in samples}


def test_what_would_not_count_is_not_taken(run):
    gateway = run("only")
    for (customer, backend, route), message in {
        ("acme", "europa", None): 'no backend has this name under "backends": "europa"; did you mean "europe"?',
        ("acme", "trial", None): 'this backend is for sandboxes alone: "trial"',
        ("acme", "asia", "GET /order"): 'no route with this key: "GET /order"; did you mean "GET /orders"?',
        ("acme", "asia", "GET /open"): "nobody is asked who calls on this route",
        ("_acme", "asia", None): "no customer can have this id",
    }.items():
        status, answer = put(gateway, customer, backend, route)
        assert status == 400 and message in answer["error"]
    for api, message in {
        "shops": 'no API has this name: "shops"; did you mean "shop"?',
        "plain": 'this API has no table; "backend_table: true" gives it one',
    }.items():
        status, answer = gateway.operator.send("PUT", f"/backend-tables/{api}/acme", {"backend": "asia"})
        assert status == 400 and message in answer["error"]
    assert gateway.operator.send("PUT", "/backend-tables/shop/acme", {"backends": "asia"})[0] == 400
    assert gateway.operator.send("PUT", "/backend-tables/shop/acme?rout=x", {"backend": "asia"})[0] == 400
    assert gateway.operator.send("PUT", "/backend-tables/shop/acme", {"backend": "asia"}, token=None)[0] == 401
    assert table(gateway)["rows"] == []


def test_without_a_token_tables_are_shown_and_not_changed(run):
    gateway = run("only", lambda text: text.replace(', token: "env:TOKEN"', ""))
    assert gateway.operator.send("GET", "/backend-tables", token=None)[0] == 200
    status, answer = gateway.operator.send("PUT", "/backend-tables/shop/acme", {"backend": "asia"}, token=None)
    assert status == 403 and "admin.token" in answer["error"]


def test_sandboxes_are_apart(run, redis):
    gateway = run("only")
    put(gateway, "acme", "europe")
    assert where(gateway) == "europe"
    assert where(gateway, "/sandbox/orders", TRIAL) == "trial"
    assert call(gateway, "/orders", TRIAL).status == 403
    assert call(gateway, "/sandbox/orders", ACME).status == 403
    # Nor does a row in Redis lead a customer to what is for sandboxes alone.
    cli(redis, "HSET", TABLE, "acme", "trial")
    cli(redis, "PUBLISH", CHANNEL, "shop")
    expect(gateway, "orders")


@pytest.mark.parametrize("stalls", [False, True], ids=["killed", "paused"])
def test_while_redis_is_away_the_last_known_table_serves_and_nothing_changes(run, redis, stalls):
    first, second = run("first"), run("second")
    put(first, "acme", "europe")
    expect(second, "europe")
    if stalls:
        redis.process.send_signal(signal.SIGSTOP)
    else:
        redis.kill()
    for gateway in (first, second):
        status, answer = put(gateway, "acme", "asia")
        assert status == 503 and "Redis" in answer["error"]
        assert stalls or "nothing was changed" in answer["error"]
        assert where(gateway) == "europe"
        wait_until(lambda: not table(gateway)["current"], "the gateway to notice", 8)
        assert "the last known table serves" in table(gateway)["problem"]
        assert metrics(gateway)["daemun_backend_table_current"] == 0
        assert where(gateway) == "europe"
    if stalls:
        redis.process.send_signal(signal.SIGCONT)
    else:
        redis.start()
    wait_until(lambda: put(first, "acme", "asia")[0] == 200, "a change", 15)
    expect(second, "asia", patience=10)
    wait_until(lambda: table(second)["current"], "the other gateway to be in step", 5)
    assert "tables of backends are not in step" in first.stderr()


def test_a_redis_that_comes_back_empty_is_given_the_table(run, redis):
    first, second = run("first"), run("second")
    put(first, "acme", "europe")
    put(first, "branch", "asia", "GET /orders")
    expect(second, "europe")
    redis.kill()
    redis.forget()
    redis.start()
    wait_until(lambda: cli(redis, "HGETALL", TABLE) != "", "the table to be there again", 15)
    rows = cli(redis, "HGETALL", TABLE).split("\n")
    assert dict(zip(rows[::2], rows[1::2])) == {"acme": "europe", "branch GET /orders": "asia"}
    assert where(first) == where(second) == "europe"
    # It is the same table for who comes now, and can be changed.
    third = run("third")
    assert where(third) == "europe" and where(third, key=BRANCH) == "asia"
    assert put(third, "acme", "asia")[0] == 200
    for gateway in (first, second):
        expect(gateway, "asia", patience=10)
    assert "is given it back" in first.stderr() + second.stderr()


def test_a_redis_that_has_lost_the_last_changes_gets_them_back(run, redis):
    first, second = run("first"), run("second")
    put(first, "acme", "europe")
    put(first, "branch", "asia")
    expect(second, "asia", key=BRANCH)
    # As a server does that comes back with an older copy of its data.
    cli(redis, "EVAL", f"redis.call('HDEL', '{TABLE}', 'branch') redis.call('HSET', '{HEAD}', 'revision', '1')", "0")
    wait_until(lambda: cli(redis, "HGET", TABLE, "branch") == "asia", "the row to be there again", 5)
    assert where(first, key=BRANCH) == where(second, key=BRANCH) == "asia"


def test_rows_written_to_an_empty_redis_count_before_those_that_are_given_back(run, redis):
    gateway = run("only")
    put(gateway, "acme", "europe")
    put(gateway, "branch", "europe")
    redis.kill()
    redis.forget()
    redis.start()
    # At once, or the gateway was first.
    cli(redis, "EVAL", f"redis.call('DEL', '{TABLE}', '{HEAD}') redis.call('HSET', '{TABLE}', 'acme', 'asia')", "0")
    cli(redis, "PUBLISH", CHANNEL, "shop")
    expect(gateway, "asia", patience=15)
    assert where(gateway, key=BRANCH) == "europe"


def test_a_gateway_that_starts_while_redis_is_away_waits_for_the_table(run, redis):
    first = run("first")
    put(first, "acme", "europe")
    redis.kill()
    second = run("second")
    answer = call(second)
    assert answer.status == 503 and json.loads(answer.body)["cause"] == "backend.table-unavailable"
    assert answer.get("Retry-After") == "1"
    assert second.line_of(answer)["cause"] == "backend.table-unavailable"
    # Where no row could count, calls are served.
    assert where(second, "/open") == "orders" and where(second, "/plain/x") == "orders"
    assert where(second, "/fixed") == "fixed" and where(second, "/sandbox/orders", TRIAL) == "trial"
    assert second.operator.send("GET", "/readyz")[0] == 503
    assert put(second, "acme", "asia")[0] == 503
    redis.start()
    expect(second, "europe", patience=15)
    assert second.operator.send("GET", "/readyz")[0] == 200


def test_with_a_folder_the_last_known_table_serves_from_the_start(run, redis, tmp_path):
    def with_folder(text):
        return f"data: {tmp_path / 'data'}\n" + text

    first = run("first", with_folder)
    put(first, "acme", "europe")
    put(first, "branch", "asia", "GET /orders")
    first.stop()
    redis.kill()
    first = run("first", with_folder)
    assert where(first) == "europe" and where(first, key=BRANCH) == "asia"
    assert table(first)["current"] is False and len(table(first)["rows"]) == 2
    assert first.operator.send("GET", "/readyz")[0] == 200
    # What was changed meanwhile counts as soon as Redis is there.
    redis.start()
    cli(redis, "HSET", TABLE, "acme", "asia")
    expect(first, "asia", patience=15)
    # Nothing is made of a copy of another server, or of one that nobody can read.
    first.stop()
    copy = tmp_path / "data" / "backend-tables.json"
    text = copy.read_text()
    for other in (text.replace(f":{redis.port}", ":1"), text[:20]):
        copy.write_text(other)
        redis.kill()
        first = run("first", with_folder)
        assert call(first).status == 503
        first.stop()
        redis.start()
    assert "can't be kept" in first.stderr()


def test_a_redis_that_is_empty_is_given_the_copy_of_a_folder(run, redis, tmp_path):
    def with_folder(text):
        return f"data: {tmp_path / 'data'}\n" + text

    first = run("first", with_folder)
    put(first, "acme", "europe")
    first.stop()
    redis.kill()
    redis.forget()
    redis.start()
    assert where(run("first", with_folder)) == "europe"
    assert cli(redis, "HGETALL", TABLE) == "acme\neurope"


def test_another_table_in_redis_counts_instead_of_the_copy(run, redis, tmp_path):
    def with_folder(text):
        return f"data: {tmp_path / 'data'}\n" + text

    first = run("first", with_folder)
    put(first, "acme", "europe")
    put(first, "branch", "europe")
    first.stop()
    cli(redis, "FLUSHALL")
    # Somebody begins anew, with fewer changes than the copy has.
    put(run("second"), "acme", "asia")
    first = run("first", with_folder)
    assert where(first) == "asia" and where(first, key=BRANCH) == "own"


def test_a_table_that_is_too_large_is_not_read_and_the_last_one_serves(run, redis):
    gateway = run("only")
    put(gateway, "acme", "europe")
    fill = "for i = 1, tonumber(ARGV[1]) do redis.call('HSET', KEYS[1], 'c' .. i, 'asia') end"
    cli(redis, "EVAL", fill, "1", TABLE, "10000")
    cli(redis, "HSET", TABLE, "acme", "asia")
    cli(redis, "PUBLISH", CHANNEL, "shop")
    wait_until(lambda: not table(gateway)["current"], "the gateway to notice")
    assert "the table in Redis has 10001 rows" in table(gateway)["problem"]
    assert where(gateway) == "europe"
    cli(redis, "HDEL", TABLE, "c1")
    expect(gateway, "asia", patience=5)
    assert len(table(gateway)["rows"]) == 10000
    # And no row comes on top.
    assert put(gateway, "branch", "asia") == (409, {"error": "a table has at most 10000 rows: take some away first"})
    assert put(gateway, "acme", "europe")[0] == 200
    assert where(gateway) == "europe"


def test_a_reload_decides_anew_which_rows_count(run, redis):
    gateway = run("only")
    cli(redis, "HSET", TABLE, "acme", "africa", "branch", "europe")
    cli(redis, "PUBLISH", CHANNEL, "shop")
    expect(gateway, "europe", key=BRANCH)
    asia = gateway.text.split("asia: { targets: ")[1].split(" ")[0]
    gateway.write(gateway.text.replace("  asia:", f"  africa: {{ targets: {asia} }}\n  asia:"))
    expect(gateway, "asia", patience=5)
    # The table itself comes and goes with a reload, too.
    gateway.write(gateway.text.replace("    backend_table: true\n", ""))
    expect(gateway, "orders", patience=5)
    assert where(gateway, key=BRANCH) == "own"
    assert gateway.operator.send("GET", "/backend-tables")[0] == 404
    gateway.write(gateway.text)
    expect(gateway, "europe", key=BRANCH, patience=5)


def test_many_changes_at_once_are_all_made(run):
    gateways = [run("first"), run("second")]
    for number in range(40):
        assert put(gateways[number % 2], f"c-{number:02}", "asia")[0] == 200
    names = [f"c-{number:02}" for number in range(40)]
    for gateway in gateways:
        wait_until(lambda: [row["customer"] for row in table(gateway)["rows"]] == names, "all rows", AT_ONCE)


def test_the_command_sets_lists_and_unsets(run):
    gateway = run("only")
    result = daemun(gateway, "set", "shop", "--customer", "acme", "--backend", "europe")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert where(gateway) == "europe"
    result = daemun(gateway, "set", "shop", "--route", "GET /orders", "--customer", "new", "--backend", "asia")
    assert result.returncode == 0 and "knows no customer new yet" in result.stderr
    lines = [line.split() for line in daemun(gateway, "table").stdout.splitlines()]
    assert lines == [
        ["API", "CUSTOMER", "ROUTE", "BACKEND"],
        ["shop", "acme", "all", "europe"],
        ["shop", "new", "GET", "/orders", "asia"],
    ]
    served = json.loads(daemun(gateway, "table", "--api", "shop", "--customer", "acme", "--json").stdout)
    assert [table["rows"] for table in served] == [[{"customer": "acme", "backend": "europe"}]]
    assert served[0]["current"] is True and served[0]["rows_served"] == 2
    result = daemun(gateway, "set", "shop", "--customer", "acme", "--backend", "europa")
    assert result.returncode == 1 and 'did you mean "europe"?' in result.stderr
    assert daemun(gateway, "unset", "shop", "--customer", "acme").returncode == 0
    assert daemun(gateway, "unset", "shop", "--customer", "acme").returncode == 1
    assert where(gateway) == "orders"
    # What the command did before, it does.
    assert "GET     *     /orders" in daemun(gateway).stdout
    assert json.loads(daemun(gateway, "--json").stdout)[0]["api"] == "plain"


def test_explain_says_that_the_table_may_decide(run):
    gateway = run("only")
    file = str(gateway.file)

    def explain(*words):
        return subprocess.run([binary(), "explain", "GET", *words, file], capture_output=True, text=True).stdout

    assert "daemun routes table --api shop --customer acme" in explain("/orders", "--customer", "acme")
    assert json.loads(explain("/orders", "--json"))["integration"]["backend_table"] is True
    for path in ("/open", "/plain/x", "/sandbox/orders"):
        assert "backend_table" not in json.loads(explain(path, "--json"))["integration"]
