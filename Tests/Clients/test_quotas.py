"""How many calls customers may make: quotas that are counted on disk, through restarts, reloads and kill -9."""

import concurrent.futures
import datetime
import json
import random
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from harness import binary, free_port, request, reserve_port, wait_until

FILE = """
data: data
authorizers: {{ keys: {{ api_key: {{}} }} }}
customers:
  acme: {{ plan: {plan}, api_keys: {{ secret: "env:ACME" }} }}
  branch: {{ plan: {plan}, api_keys: {{ secret: "env:BRANCH" }} }}
  free: {{ api_keys: {{ secret: "env:FREE" }} }}
plans:
  gold: {{ quota: {quota} }}
  silver: {{ quota: 2/month }}
apis:
  shop:
    authorize: keys
    routes:
      $default: {backend}
      GET /reply: {{ reply: {{}} }}
      GET /open: {{ to: {backend}, authorize: none }}
      GET /slow: {{ to: {backend}, throttle: 1/h }}
      GET /down: http://127.0.0.1:{closed}
"""

SECRETS = {"ACME": "acme-acme-acme-acme", "BRANCH": "branch-branch-branch", "FREE": "free-free-free-free"}


def text(backend, quota="5/month", plan="gold", closed=1, more=""):
    return FILE.format(backend=backend.url, quota=quota, plan=plan, closed=closed) + more


def get(gateway, path="/", name="ACME"):
    return gateway.exchange(request("GET", path, f"x-api-key: {SECRETS[name]}"))


def statuses(gateway, count, path="/", name="ACME"):
    return [get(gateway, path, name).status for _ in range(count)]


class Admin:
    """The admin listener of a gateway that has `line` in its file."""

    def __init__(self):
        self.port = free_port()
        self.line = f"admin: {{ port: {self.port}, token: env:ADMIN_TOKEN }}\n"
        self.environment = {**SECRETS, "ADMIN_TOKEN": "let-me-in"}

    def ask(self, method="GET", token="let-me-in", **query):
        """The answer's status and JSON."""
        # The gateway serves clients first.
        return wait_until(lambda: self._ask(method, token, query), "the admin listener to answer")

    def _ask(self, method, token, query):
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/usage?{urllib.parse.urlencode(query, quote_via=urllib.parse.quote)}",
            method=method,
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                return None
            raise

    def used(self, customer="acme"):
        """What the customer used of its first quota."""
        return self.ask(customer=customer)[1]["quotas"][0]["used"]


@pytest.fixture
def admin():
    return Admin()


def test_a_quota_lets_so_many_pass_and_tells_when_it_starts_anew(start, backend):
    gateway = start(text(backend, quota="{ calls: 3/month, zone: Asia/Seoul }"), environment=SECRETS)
    for left in (2, 1, 0):
        answer = get(gateway)
        assert answer.status == 200
        assert answer.get("RateLimit-Policy") == '"month";q=3'
        assert answer.get("RateLimit").startswith(f'"month";r={left};t=')
    answer = get(gateway)
    assert answer.status == 429
    assert (answer.json()["message"], answer.json()["cause"]) == ("Limit Exceeded", "quota.exceeded")
    seoul = datetime.timezone(datetime.timedelta(hours=9))
    now = datetime.datetime.now(seoul)
    then = datetime.datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=seoul)
    assert abs(int(answer.get("Retry-After")) - (then - now).total_seconds()) < 60
    assert len(backend.requests) == 3
    # Another customer of the plan has as many, and one without a plan as many as it likes.
    assert statuses(gateway, 4, name="BRANCH") == [200, 200, 200, 429]
    assert statuses(gateway, 9, name="FREE") == [200] * 9
    assert statuses(gateway, 4, "/open") == [200] * 4


def test_what_the_backend_never_got_does_not_count(start, backend):
    with reserve_port() as reservation:
        gateway = start(text(backend, closed=reservation.getsockname()[1]), environment=SECRETS)
        assert get(gateway, "/slow").status == 200
        assert statuses(gateway, 8, "/down") == [502] * 8
        assert statuses(gateway, 8, "/slow") == [429] * 8
        assert statuses(gateway, 5) == [200] * 4 + [429]


def test_what_the_gateway_answers_as_the_route_says_counts(start, backend):
    gateway = start(text(backend), environment=SECRETS)
    assert statuses(gateway, 6, "/reply") == [200] * 5 + [429]


def test_the_count_outlives_a_restart_to_the_last_call(start, backend, tmp_path):
    for passed in ([200, 200], [200, 200], [200, 429, 429]):
        gateway = start(text(backend), folder=tmp_path, environment=SECRETS)
        assert statuses(gateway, len(passed)) == passed
        assert gateway.stop() == 0


def test_the_count_outlives_reloads_and_other_plans(start, backend):
    gateway = start(text(backend), environment=SECRETS)
    assert statuses(gateway, 4) == [200] * 4
    gateway.write(text(backend, quota="6/month", more="trusted_proxies: 10.0.0.1\n"))
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: "configuration loaded" in gateway.stderr(), "the new configuration")
    # That there are no more calls may have been asked a moment before, and is asked again within a second.
    for _ in range(2):
        wait_until(lambda: get(gateway).status == 200, "a call under the larger quota")
    assert get(gateway).status == 429
    assert len(backend.requests) == 6
    gateway.write(text(backend, plan="silver"))
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: gateway.stderr().count("configuration loaded") > 1, "the new configuration")
    assert statuses(gateway, 2) == [429, 429]


def test_routes_may_count_apart(start, backend, admin):
    gateway = start(
        text(backend, quota="{ calls: 2/day, per: route }", more=admin.line), environment=admin.environment
    )
    for path in ("/reply", "/"):
        assert statuses(gateway, 3, path) == [200, 200, 429]
    usage = admin.ask(customer="acme")[1]
    assert [(quota["name"], quota["route"], quota["used"]) for quota in usage["quotas"]] == [
        ("day-route", "shop $default", 2),
        ("day-route", "shop GET /reply", 2),
    ]
    assert admin.ask("DELETE", customer="acme", quota="day-route", route="shop GET /reply")[0] == 200
    wait_until(lambda: get(gateway, "/reply").status == 200, "the quota to start anew")
    assert get(gateway, "/").status == 429


def test_quotas_ask_for_a_folder_that_can_be_written(tmp_path, backend):
    def run(folder):
        file = tmp_path / "gateway.yaml"
        file.write_text(text(backend).replace("data: data\n", folder) + f"listen: {free_port()}\n")
        return subprocess.run(
            [binary(), "run", str(file)], env=SECRETS, cwd=tmp_path, capture_output=True, text=True, timeout=30
        )

    without = run("")
    assert without.returncode == 1 and 'name a folder with "data", or with --data' in without.stderr
    (tmp_path / "file").write_text("")
    wrong = run("data: file/folder\n")
    assert wrong.returncode == 1 and "can't be kept in this folder: Not a directory" in wrong.stderr


def test_operators_see_and_change_what_was_used(start, backend, admin):
    gateway = start(text(backend, more=admin.line), environment=admin.environment)
    assert statuses(gateway, 3) == [200] * 3
    wait_until(lambda: admin.used() == 3, "the calls to be counted")
    status, usage = admin.ask(customer="acme", days=2)
    [quota] = usage["quotas"]
    assert (status, usage["customer"], usage["plan"]) == (200, "acme", "gold")
    assert (quota["name"], quota["calls"], quota["remaining"], quota["lost"]) == ("month", 5, 2, 0)
    assert sum(day["calls"] for day in quota["days"]) == 3
    assert admin.ask("PUT", customer="acme", quota="month", used=5)[0] == 200
    wait_until(lambda: get(gateway).status == 429, "the quota to be used up")
    assert admin.ask("DELETE", customer="acme")[0] == 200
    wait_until(lambda: get(gateway).status == 200, "the quota to start anew")


def test_usage_is_for_operators_alone(start, backend, admin):
    start(text(backend, more=admin.line), environment=admin.environment)
    assert admin.ask(customer="acme")[0] == 200
    for method in ("GET", "PUT", "DELETE"):
        assert admin.ask(method, token=None, customer="acme")[0] == 401
    assert admin.ask(customer="nobody")[0] == 404
    assert admin.ask()[0] == 400
    assert admin.ask(customer="acme", days=0)[0] == 400
    assert admin.ask("PUT", customer="acme", quota="month")[0] == 400
    assert admin.ask("PUT", customer="acme", quota="year", used=1)[0] == 404
    assert admin.ask("POST", customer="acme")[0] == 405


def test_without_a_token_usage_is_read_and_not_changed(start, backend, admin):
    start(text(backend, more=f"admin: {admin.port}\n"), environment=SECRETS)
    assert admin.ask(token=None, customer="acme")[0] == 200
    assert admin.ask("DELETE", token=None, customer="acme")[0] == 403


def test_the_command_line_does_the_same(start, backend, admin):
    gateway = start(text(backend, more=admin.line), environment=admin.environment)
    assert statuses(gateway, 2) == [200] * 2
    wait_until(lambda: admin.used() == 2, "the calls to be counted")

    def usage(*arguments):
        command = [binary(), "usage", *arguments, str(gateway.file)]
        return subprocess.run(
            command, env=admin.environment, cwd=gateway.folder, capture_output=True, text=True, timeout=30
        )

    shown = usage("acme")
    assert shown.returncode == 0 and "month: 2 of 5 calls used, 3 left until" in shown.stdout
    assert "month: 4 of 5 calls used" in usage("acme", "--quota", "month", "--set", "4").stdout
    assert json.loads(usage("acme", "--reset", "--json").stdout)["quotas"][0]["used"] == 0
    wrong = usage("nobody")
    assert (wrong.returncode, wrong.stderr) == (1, "daemun: there is no customer nobody\n")


class Callers:
    """Threads that call again and again, each at most a hundred times a second, and what became of their calls."""

    def __init__(self, port, count):
        self.port = port
        self.answers = []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self._call) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _call(self):
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/", headers={"x-api-key": SECRETS["ACME"]})
        while not self.is_over.wait(0.01):
            try:
                with urllib.request.urlopen(asked, timeout=10) as answer:
                    self.answers.append((time.monotonic(), answer.status))
            except urllib.error.HTTPError as error:
                self.answers.append((time.monotonic(), error.code))
                error.close()
            except OSError:
                # The gateway is being killed, or starts.
                continue

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def refused(self):
        return sum(status == 429 for _, status in list(self.answers))

    def passed_between(self, begin, end):
        return sum(status == 200 and begin <= moment <= end for moment, status in list(self.answers))


def test_no_kill_lets_a_call_over_the_limit_through(start, backend, tmp_path):
    """The gateway is killed at random moments; what that may cost is the calls of a second, each time."""
    limit, callers_at_once = 3_000, 4
    gateway = start(text(backend, quota=f"{limit}/month"), folder=tmp_path, environment=SECRETS)
    callers = Callers(gateway.port, callers_at_once)
    may_be_lost = 0
    try:
        for _ in range(6):
            before = len(backend.requests)
            wait_until(lambda: len(backend.requests) > before + 20, "calls", 30)
            time.sleep(random.random() / 2)
            now = time.monotonic()
            gateway.signal(signal.SIGKILL)
            gateway.process.wait()
            # A second's worth by the gateway's clock, which may be a little longer by this one, and those under way.
            may_be_lost += callers.passed_between(now - 1.5, time.monotonic()) + callers_at_once + 1
            gateway = start(
                text(backend, quota=f"{limit}/month"), folder=tmp_path, environment=SECRETS, port=gateway.port
            )
        wait_until(lambda: callers.refused() > 50, "the end of the quota", 120)
    finally:
        callers.stop()
    assert len(backend.requests) <= limit
    assert len(backend.requests) >= limit - may_be_lost
    assert get(gateway).status == 429


def test_two_gateways_over_one_folder_never_let_more_through(start, backend, tmp_path):
    gateways = [start(text(backend, quota="200/month", more=f"# {number}\n").replace("data: data", f"data: {tmp_path}/data"),
                      folder=tmp_path / str(number), environment=SECRETS) for number in range(2)]  # fmt: skip
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: get(gateways[number % 2]).status, range(500)))
    assert answers.count(200) == len(backend.requests) <= 200
    assert set(answers) == {200, 429}
