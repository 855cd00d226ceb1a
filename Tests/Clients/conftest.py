"""Fixtures: gateways and backends that end with their test, or with the module or session that shares them."""

import contextlib
import itertools
import signal

import pytest

pytest.register_assert_rewrite("harness")

from harness import Backend, Gateway, Nginx  # noqa: E402
from redis_server import Redis  # noqa: E402

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc):
    """Runs the tests of a module that says `BOTH_PROTOCOLS = True` over HTTP/1.1 and over HTTP/2.

    Only `Gateway.exchange` knows the difference; a test that speaks HTTP/1.1 itself is marked with `http1`.
    """
    if getattr(metafunc.module, "BOTH_PROTOCOLS", False):
        is_both = not metafunc.definition.get_closest_marker("http1")
        metafunc.parametrize("protocol", ["HTTP/1.1", "HTTP/2"] if is_both else ["HTTP/1.1"], indirect=True)


@pytest.fixture(autouse=True)
def protocol(request):
    """What `Gateway.exchange` speaks. Used by every test, or pytest would drop it from those that do not name it."""
    Gateway.protocol = getattr(request, "param", "HTTP/1.1")
    yield Gateway.protocol
    Gateway.protocol = "HTTP/1.1"


@contextlib.contextmanager
def _starter(folder, http2=False):
    """Starts gateways, and stops them in the end."""
    started = []

    def start(text, **options):
        options.setdefault("folder", folder / f"gateway-{next(_numbers)}")
        options.setdefault("http2", http2)
        started.append(Gateway(text=text, **options))
        return started[-1]

    try:
        yield start
    finally:
        for gateway in started:
            gateway.stop()
            Gateway.running.remove(gateway)


@contextlib.contextmanager
def _backends():
    """Makes backends, and closes them in the end."""
    made = []

    def make(*arguments, **options):
        made.append(Backend(*arguments, **options))
        return made[-1]

    try:
        yield make
    finally:
        for backend in made:
            backend.close()


@pytest.fixture
def start(request, tmp_path):
    """Starts a gateway with a YAML text; it ends with the test."""
    with _starter(tmp_path, getattr(request.module, "BOTH_PROTOCOLS", False)) as starter:
        yield starter


@pytest.fixture(scope="module")
def start_shared(request, tmp_path_factory):
    """Starts a gateway that all tests of the module share."""
    folder = tmp_path_factory.mktemp("shared")
    with _starter(folder, getattr(request.module, "BOTH_PROTOCOLS", False)) as starter:
        yield starter


@pytest.fixture
def make_backend():
    """Makes backends that end with the test."""
    with _backends() as make:
        yield make


@pytest.fixture(scope="module")
def make_shared_backend():
    """Makes backends that all tests of the module share."""
    with _backends() as make:
        yield make


@pytest.fixture
def backend(make_backend):
    """A backend that records, and answers everything with `hello`."""
    return make_backend()


@pytest.fixture
def gateway(start, backend):
    """A gateway that sends everything to `backend`."""
    return start(f"apis: {{ all: {{ routes: {{ $default: {backend.url} }} }} }}")


@pytest.fixture(scope="session")
def start_nginx(tmp_path_factory):
    """Starts an nginx with the given locations; it ends with the session."""
    started = []

    def start(locations, **options):
        started.append(Nginx(tmp_path_factory.mktemp("nginx"), locations, **options))
        return started[-1]

    yield start
    for nginx in started:
        nginx.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows what the gateways said, when a test fails."""
    report = (yield).get_result()
    if not report.failed:
        return
    for gateway in Gateway.running:
        report.sections.append(("the gateway's stderr", gateway.stderr()[-4_000:]))
        report.sections.append(("the gateway's access log", gateway.log_text()[-4_000:]))


@pytest.fixture
def redis(tmp_path):
    """A Redis server on a free port; it ends with the test, even when the test has paused it."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = Redis(folder)
    yield server
    server.process.send_signal(signal.SIGCONT)
    server.kill()
