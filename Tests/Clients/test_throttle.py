"""How fast calls may come: rates by customer, route, address and claim, several at once, over all workers.

Rates are a few an hour, so that no test depends on how fast the machine is.
"""

import concurrent.futures
import signal

from harness import request, wait_until
from issuers import key_set, rsa_key, token
from metrics import Metrics

BOTH_PROTOCOLS = True

KEYS = """
authorizers:
  keys: { api_key: {} }
  tokens: { jwt: { issuer: https://issuer.test, audience: orders, jwks: jwks.json } }
customers:
  acme: { api_keys: [{ secret: "env:ACME" }, { secret: "env:ACME_TOO" }], labels: { tier: gold } }
  branch: { api_keys: { secret: "env:BRANCH" }, labels: { tier: gold } }
trusted_proxies: 127.0.0.1
"""

SECRETS = {"ACME": "acme-acme-acme-acme", "ACME_TOO": "acme-too-acme-too", "BRANCH": "branch-branch-branch"}


def key(name):
    return f"x-api-key: {SECRETS[name]}"


def get(gateway, path="/", *fields):
    return gateway.exchange(request("GET", path, *fields))


def statuses(gateway, count, path="/", *fields):
    return [get(gateway, path, *fields).status for _ in range(count)]


def start_with(start, tmp_path, text, **options):
    (tmp_path / "jwks.json").write_text(key_set(rsa_key(0)))
    return start(KEYS + text, folder=tmp_path, environment=SECRETS, **options)


def test_a_rate_lets_so_many_pass_and_tells_the_rest_when_to_come_back(start, backend):
    metrics = Metrics()
    gateway = start(f"{metrics.line}\nthrottle: 3/h\napis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")
    for left in (2, 1, 0):
        answer = get(gateway)
        assert answer.status == 200
        assert answer.get("RateLimit-Policy") == '"service";q=3;w=3600'
        assert answer.get("RateLimit").startswith(f'"service";r={left};t=')
    answer = get(gateway)
    assert answer.status == 429
    assert (answer.json()["message"], answer.json()["cause"]) == ("Too Many Requests", "throttle.rate")
    assert 1_100 < int(answer.get("Retry-After")) <= 1_200
    assert answer.get("RateLimit-Policy") == '"service";q=3;w=3600'
    assert answer.get("RateLimit").startswith('"service";r=0;t=3')
    assert gateway.line_of(answer)["cause"] == "throttle.rate"
    assert len(backend.requests) == 3
    assert metrics.total("daemun_limited_total", cause="throttle.rate", limit="service", place="service") == 1


def test_calls_pass_again_in_time(start, backend):
    gateway = start("apis: { all: { throttle: { rate: 10/s, burst: 1 }, routes: { $default: { reply: {} } } } }")
    for _ in range(3):
        wait_until(lambda: get(gateway).status == 200, "a call to pass")


def test_all_workers_count_together(start):
    gateway = start(
        "throttle: { rate: 50/day }\napis: { all: { routes: { $default: { reply: {} } } } }", arguments=("--threads", "4")
    )
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: get(gateway).status, range(200)))
    assert (answers.count(200), answers.count(429)) == (50, 150)


def test_customers_count_apart_and_all_their_keys_together(start, tmp_path):
    gateway = start_with(
        start, tmp_path,
        "apis: { all: { authorize: keys, throttle: { rate: 2/h, per: customer }, routes: { $default: { reply: {} } } } }",
    )  # fmt: skip
    assert statuses(gateway, 1, "/", key("ACME")) + statuses(gateway, 2, "/", key("ACME_TOO")) == [200, 200, 429]
    assert statuses(gateway, 3, "/", key("BRANCH")) == [200, 200, 429]
    assert get(gateway, "/").status == 403


def test_who_is_no_customer_counts_by_the_address(start, tmp_path):
    gateway = start_with(
        start, tmp_path,
        "apis: { all: { throttle: { rate: 1/h, per: [customer] }, routes: { $default: { reply: {} } } } }",
    )  # fmt: skip
    first, second = "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2"
    assert statuses(gateway, 2, "/", first) == [200, 429]
    assert statuses(gateway, 2, "/", second) == [200, 429]


def test_an_address_of_IPv6_is_its_network(start, tmp_path):
    gateway = start_with(start, tmp_path, "throttle: { rate: 2/h, per: address }\n"
                         "apis: { all: { routes: { $default: { reply: {} } } } }")  # fmt: skip
    fields = [f"X-Forwarded-For: 2001:db8:0:{network}::{host}" for network, host in ((1, 1), (1, 2), (1, 3), (2, 1))]
    assert [get(gateway, "/", field).status for field in fields] == [200, 200, 429, 200]


def test_labels_claims_and_subjects_count(start, tmp_path):
    gateway = start_with(
        start, tmp_path,
        """
apis:
  all:
    routes:
      GET /label: { reply: {}, authorize: keys, throttle: { rate: 2/h, per: labels.tier } }
      GET /claim: { reply: {}, authorize: tokens, throttle: { rate: 1/h, per: claims.tenant } }
      GET /subject: { reply: {}, authorize: tokens, throttle: { rate: 1/h, per: subject } }
""",
    )  # fmt: skip
    assert [get(gateway, "/label", key(name)).status for name in ("ACME", "BRANCH", "ACME")] == [200, 200, 429]

    def bearer(**claims):
        return "Authorization: Bearer " + token(rsa_key(0), iss="https://issuer.test", aud="orders", **claims)

    callers = [bearer(sub=sub, tenant=tenant) for sub, tenant in (("a", "red"), ("b", "red"), ("a", "blue"))]
    assert [get(gateway, "/claim", caller).status for caller in callers] == [200, 429, 200]
    assert [get(gateway, "/subject", caller).status for caller in callers] == [200, 200, 429]


def test_one_that_refuses_takes_nothing_from_the_others(start):
    gateway = start(
        """
throttle: [{ name: all, rate: 4/h }]
apis:
  one:
    throttle: { rate: 2/h, per: route }
    routes: { GET /a: { reply: {} }, GET /b: { reply: {} }, GET /c: { reply: {} } }
"""
    )
    assert statuses(gateway, 10, "/a") == [200] * 2 + [429] * 8
    # The eight refused calls were not counted by "all".
    assert statuses(gateway, 3, "/b") == [200, 200, 429]
    answer = get(gateway, "/c")
    assert answer.get("RateLimit-Policy") == '"all";q=4;w=3600'


def test_a_plan_limits_each_of_its_customers(start, tmp_path):
    plans = "plans: { gold: { throttle: [4/h, { rate: 2/h, per: route, name: each }] } }\n"
    text = (KEYS + plans).replace("acme: {", "acme: { plan: gold,").replace("branch: {", "branch: { plan: gold,")
    (tmp_path / "jwks.json").write_text(key_set(rsa_key(0)))
    gateway = start(
        text + "apis: { all: { authorize: keys, routes: { GET /a: { reply: {} }, GET /b: { reply: {} }, "
        "GET /c: { reply: {} }, GET /free: { reply: {}, throttle: none }, GET /open: { reply: {}, authorize: none } } } }",
        folder=tmp_path, environment=SECRETS,
    )  # fmt: skip
    for name in ("ACME", "BRANCH"):
        assert [statuses(gateway, 3, path, key(name)) for path in ("/a", "/b")] == [[200, 200, 429]] * 2
        assert statuses(gateway, 1, "/c", key(name)) == [429]
        assert statuses(gateway, 3, "/free", key(name)) == [200] * 3
    assert statuses(gateway, 6, "/open") == [200] * 6


def test_a_reload_gives_nothing_back(start):
    text = "throttle: {{ rate: 2/h, burst: {burst}, per: address }}\napis: {{ all: {{ routes: {{ $default: {{ reply: {{ status: {status} }} }} }} }} }}"
    gateway = start(text.format(burst=2, status=200))
    assert statuses(gateway, 3) == [200, 200, 429]
    gateway.write(text.format(burst=3, status=204))
    gateway.signal(signal.SIGHUP)
    # One more call fits under the larger burst; that it is answered 204 shows that the new file is served.
    wait_until(lambda: get(gateway).status == 204, "the new configuration")
    assert statuses(gateway, 2) == [429, 429]


def test_limits_that_can_not_be_are_refused(start):
    gateway = start("apis: { all: { routes: { $default: { reply: {} } } } }")
    gateway.write("throttle: 2000000/s\napis: { all: { routes: { $default: { reply: {} } } } }")
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: "a rate is at most 1000000 calls a second" in gateway.stderr(), "the fault")
    assert get(gateway).status == 200
