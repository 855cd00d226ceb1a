"""Versions of an API in the path: which one serves, what is said about old ones, and when they end."""

import datetime
import email.utils
import threading
import time

import pytest
from harness import request, response, wait_until
from metrics import Metrics
from test_customers import basic, scrypt

FILE = """
authorizers:
  keys: {{ api_key: {{}} }}
  basic: {{ basic: {{}} }}
customers:
  acme:
    api_keys: {{ secret: "env:ACME_KEY" }}
    passwords: {{ wiley: "{wiley}" }}
    versions: {{ shop: v1.0 }}
  other: {{ api_keys: {{ secret: "env:OTHER_KEY" }} }}
backends:
  old: {{ targets: {old} }}
  new: {{ targets: {new} }}
apis:
  shop:
    path: /api
    authorize: {{ any_of: [keys, basic] }}
    claims_to_headers: {{ X-Customer: $customer }}
    default_version: v2.0
    routes:
      GET /health: {{ reply: {{ text: well }}, authorize: none }}
      GET /items: new
    versions:
      v1.0:
        deprecated: 2024-01-01
        sunset: 2124-12-31T23:59:59Z
        link: https://docs.test/v2
        routes:
          GET /items: old
          GET /gone-in-two/{{id}}: old
          GET /kept: {{ to: old, path: /fixed }}
      v2.0:
        routes:
          GET /new-in-two: new
          POST /items: new
  plain: {{ path: /plain, routes: {{ $default: new }} }}
"""

SECRETS = {"ACME_KEY": "acme-acme-acme-acme", "OTHER_KEY": "other-other-other-other"}
ACME, OTHER = (f"x-api-key: {key}" for key in SECRETS.values())
BOTH_PROTOCOLS = True


@pytest.fixture
def backends(make_backend):
    """By name; each answers with its name."""
    return {name: make_backend(lambda _, name=name: response(body=name.encode())) for name in ("old", "new")}


@pytest.fixture
def gateway(start, backends):
    return start(text(backends), environment=SECRETS)


def text(backends):
    return FILE.format(wiley=scrypt("roadrunner"), **{name: backend.url for name, backend in backends.items()})


def get(gateway, path, *fields):
    return gateway.exchange(request("GET", path, *fields))


def test_the_path_names_the_version(gateway, backends):
    for key in (ACME, OTHER):
        assert get(gateway, "/api/v1.0/items", key).body == b"old"
        assert get(gateway, "/api/v2.0/items", key).body == b"new"
        assert get(gateway, "/api/v1.0/gone-in-two/7", key).body == b"old"
        assert get(gateway, "/api/v2.0/gone-in-two/7", key).status == 404
        assert get(gateway, "/api/v1.0/new-in-two", key).status == 404
    assert {message.target for message in backends["old"].requests} == {"/items", "/gone-in-two/7"}


def test_the_routes_of_the_api_are_in_each_version(gateway):
    for path in ("/api/v1.0/health", "/api/v2.0/health", "/api/health"):
        assert get(gateway, path).body == b"well"


def test_a_path_without_a_version_leads_to_the_default(gateway, backends):
    assert get(gateway, "/api/items", OTHER).body == b"new"
    assert get(gateway, "/api/new-in-two", OTHER).body == b"new"
    assert get(gateway, "/api/gone-in-two/7", OTHER).status == 404
    assert get(gateway, "/api/v3.0/items", OTHER).status == 404
    assert get(gateway, "/plain/items").body == b"new"
    assert [message.target for message in backends["new"].requests] == ["/items", "/new-in-two", "/items"]


def test_a_customers_own_version_serves_paths_without_one(gateway, backends):
    for _ in range(2):
        for caller in (ACME, basic("wiley", "roadrunner")):
            assert get(gateway, "/api/items", caller).body == b"old"
            assert get(gateway, "/api/gone-in-two/%37?a=1", caller).body == b"old"
            assert get(gateway, "/api/new-in-two", caller).status == 404
            assert get(gateway, "/api/new-in-two", caller).get("Deprecation") == "@1704067200"
    assert {message.target for message in backends["old"].requests} == {"/items", "/gone-in-two/7?a=1"}
    assert {message.get("X-Customer") for message in backends["old"].requests} == {"acme"}
    # POST is of the default version only.
    assert gateway.exchange(request("POST", "/api/items", ACME, body=b"x")).status == 405
    assert gateway.exchange(request("POST", "/api/items", OTHER, body=b"x")).status == 200


def test_who_is_not_known_is_refused_by_the_default_version(gateway, backends):
    assert get(gateway, "/api/items").json()["cause"] == "authorizer.missing-api-key"
    assert get(gateway, "/api/items", "x-api-key: wrong").json()["cause"] == "authorizer.unknown-api-key"
    answer = get(gateway, "/api/items", ACME, ACME)
    assert (answer.status, answer.json()["cause"]) == (400, "authorizer.duplicate-credentials")
    # Nobody has to say who they are to be well.
    assert get(gateway, "/api/health", "x-api-key: wrong").body == b"well"
    assert backends["old"].requests == backends["new"].requests == []


def test_clients_are_told_of_the_end(gateway, backends):
    backends["old"].answer = lambda _: response(200, "Deprecation: true", "sunset: never", "Link: </a>; rel=next", body=b"x")
    end = datetime.datetime(2124, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)
    answer = get(gateway, "/api/v1.0/items", ACME)
    assert answer.all("Deprecation") == ["@1704067200"]
    assert [email.utils.parsedate_to_datetime(value) for value in answer.all("Sunset")] == [end]
    assert answer.all("Link") == ["</a>; rel=next", '<https://docs.test/v2>; rel="deprecation sunset"']
    # Of the gateway's own answers as well.
    for path in ("/api/v1.0/items", "/api/v1.0/health", "/api/v1.0/nothing"):
        assert get(gateway, path).get("Deprecation") == "@1704067200"
    for path in ("/api/v2.0/items", "/api/items", "/plain/a"):
        answer = get(gateway, path, OTHER)
        assert not any(name in answer for name in ("Deprecation", "Sunset", "Link"))


def test_an_ended_version_is_gone(start, backends):
    gateway = start(text(backends).replace("sunset: 2124-12-31T23:59:59Z", "sunset: 2025-01-01"), environment=SECRETS)
    for path, key in (("/api/v1.0/items", ACME), ("/api/v1.0/nothing", OTHER), ("/api/items", ACME)):
        answer = get(gateway, path, key)
        assert (answer.status, answer.json()["cause"]) == (410, "version.sunset")
        assert answer.json()["message"] == "version v1.0 of this API ended on Wed, 01 Jan 2025 00:00:00 GMT"
        assert answer.get("Sunset") == "Wed, 01 Jan 2025 00:00:00 GMT"
    assert get(gateway, "/api/v2.0/items", ACME).status == get(gateway, "/api/items", OTHER).status == 200
    assert backends["old"].requests == []


def test_a_version_ends_when_its_time_comes(start, backends):
    end = int(time.time()) + 5
    written = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end))
    gateway = start(text(backends).replace("2124-12-31T23:59:59Z", written), environment=SECRETS)
    before = get(gateway, "/api/v1.0/items", ACME).status
    if time.time() < end:
        assert before == 200
    wait_until(lambda: get(gateway, "/api/v1.0/items", ACME).status == 410, "the version's end")
    assert time.time() >= end


def test_the_log_and_the_metrics_say_which_version(start, backends, tmp_path):
    gateway = start(text(backends), environment=SECRETS)
    for path, key, version in (("/api/items", ACME, "v1.0"), ("/api/items", OTHER, "v2.0"), ("/api/v1.0/items", OTHER, "v1.0")):
        line = gateway.line_of(get(gateway, path, key))
        assert (line["api"], line["version"], line["route"], line["path"]) == ("shop", version, "GET /items", path)
    assert "version" not in gateway.line_of(get(gateway, "/plain/a"))


def test_the_backend_may_be_told_the_version(start, backends):
    def targets(options, *paths):
        gateway = start(text(backends).replace("path: /api\n", f"path: /api\n    {options}\n"), environment=SECRETS)
        for backend in backends.values():
            backend.requests.clear()
        for path in paths:
            assert get(gateway, path, ACME).status == 200
        return [message.target for message in backends["old"].requests + backends["new"].requests]

    paths = ("/api/v1.0/items?a", "/api/items", "/api/kept", "/api/v2.0/items")
    assert targets("strip_version: false", *paths) == ["/v1.0/items?a", "/v1.0/items", "/fixed", "/v2.0/items"]
    assert targets("strip_path: false", *paths) == ["/api/items?a", "/api/items", "/fixed", "/api/items"]
    both = "strip_path: false\n    strip_version: false"
    assert targets(both, *paths) == ["/api/v1.0/items?a", "/api/v1.0/items", "/fixed", "/api/v2.0/items"]


def test_without_a_default_a_path_names_its_version(start, backends):
    plain = text(backends).replace("    default_version: v2.0\n", "").replace("    versions: { shop: v1.0 }\n", "")
    gateway = start(plain, environment=SECRETS)
    assert get(gateway, "/api/v1.0/items", ACME).body == b"old"
    assert get(gateway, "/api/items", ACME).json()["cause"] == "route.no-api"


def test_a_reload_changes_a_customers_version(gateway):
    assert get(gateway, "/api/items", ACME).body == b"old"
    gateway.write(gateway.file.read_text().replace("shop: v1.0", "shop: v2.0"))
    wait_until(lambda: get(gateway, "/api/items", ACME).body == b"new", "the other version")


def test_calls_that_wait_for_a_password_over_a_reload_are_answered(start, backends):
    """The plan that they waited in is of a snapshot that is no longer served."""
    slow = text(backends).replace("basic: { basic: {} }", "basic: { basic: {}, cache: 0s }")
    gateway = start(slow, environment=SECRETS)
    answers, is_over = [], threading.Event()

    def ask():
        while not is_over.is_set():
            answers.append(get(gateway, "/api/items", basic("wiley", "roadrunner")))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(6):
        version, wanted = ("v2.0", b"new") if number % 2 == 0 else ("v1.0", b"old")
        gateway.write(slow.replace("shop: v1.0", f"shop: {version}"))
        seen = len(answers)
        wait_until(lambda: any(answer.body == wanted for answer in answers[seen:]), f"an answer of {version}")
    is_over.set()
    for thread in threads:
        thread.join()
    assert {(answer.status, answer.body) for answer in answers} <= {(200, b"old"), (200, b"new")}


def test_encoded_slashes_are_treated_as_ever(start, backends):
    gateway = start(text(backends), environment=SECRETS)
    for path in ("/api/gone-in-two/a%2fb", "/api/v1.0/gone-in-two/a%2fb"):
        assert get(gateway, path, ACME).json()["cause"] == "path.encoded-slash"
    gateway = start(text(backends).replace("path: /api\n", "path: /api\n    encoded_slashes: keep\n"), environment=SECRETS)
    for path in ("/api/gone-in-two/a%2fb", "/api/v1.0/gone-in-two/a%2fb"):
        assert get(gateway, path, ACME).status == 200
    assert [message.target for message in backends["old"].requests] == ["/gone-in-two/a%2Fb"] * 2


def test_other_methods_and_bodies_go_the_same_way(gateway, backends):
    body = b"x" * 100_000
    answer = gateway.exchange(request("POST", "/api/items", OTHER, body=body))
    assert (answer.status, backends["new"].requests[-1].body) == (200, body)
    answer = gateway.exchange(request("OPTIONS", "/api/new-in-two", OTHER))
    assert (answer.status, answer.get("Allow")) == (204, "GET, HEAD, OPTIONS")
    assert gateway.exchange(request("HEAD", "/api/items", ACME)).status == 200
    assert backends["old"].requests[-1].method == "HEAD"


def test_the_metrics_have_a_series_for_each_version(start, backends):
    metrics = Metrics()
    gateway = start(text(backends) + metrics.line, environment=SECRETS)
    for path, key in (("/api/items", ACME), ("/api/items", OTHER), ("/api/v1.0/items", OTHER), ("/plain/a", OTHER)):
        gateway.line_of(get(gateway, path, key))

    def total(**labels):
        return metrics.total("daemun_requests_total", status_class="2xx", **labels)

    assert (total(version="v1.0"), total(version="v2.0"), total(api="shop"), total(api="plain")) == (2, 1, 3, 1)
