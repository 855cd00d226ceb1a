"""What listeners do themselves: the redirect to HTTPS, Strict-Transport-Security, ACME's challenges."""

import subprocess

import pytest

from harness import Client, free_port, request, response, wait_until
from test_tls import Shop, is_open


class Front(Shop):
    """A gateway with a TLS listener and a plain one."""

    def __init__(self, start, folder, plain="redirect: https", **options):
        self.plain_port = free_port()
        listener = f"{{ address: 127.0.0.1, port: {self.plain_port}, {plain} }}"
        super().__init__(start, folder, listeners=listener, **options)

    def run(self, **options):
        super().run(**options)
        wait_until(lambda: is_open(self.plain_port), "the plain listener")
        return self

    def ask(self, *arguments, **options):
        """The answer of the plain listener."""
        with Client(self.plain_port) as client:
            client.send(request(*arguments, **options))
            return client.read_response(arguments[0] if arguments else "GET")


@pytest.mark.parametrize(
    "method, path, host, location",
    [
        ("GET", "/", "shop.test", "https://shop.test:{port}/"),
        ("GET", "/a/b?c=d&e=%20", "shop.test", "https://shop.test:{port}/a/b?c=d&e=%20"),
        ("POST", "/orders", "shop.test:8080", "https://shop.test:{port}/orders"),
        ("HEAD", "/", "127.0.0.1:80", "https://127.0.0.1:{port}/"),
        ("GET", "/", "[::1]:8080", "https://[::1]:{port}/"),
        ("GET", "/", "[::1]", "https://[::1]:{port}/"),
        ("GET", "//evil.test/", "shop.test", "https://shop.test:{port}//evil.test/"),
        ("OPTIONS", "*", "shop.test", "https://shop.test:{port}/"),
    ],
)
def test_everything_is_redirected_to_https(start, tmp_path, method, path, host, location):
    front = Front(start, tmp_path).run()
    answer = front.ask(method, path, host=host)
    assert answer.status == 308
    assert answer.get("Location") == location.format(port=front.port)
    assert "Strict-Transport-Security" not in answer


def test_the_usual_port_is_not_named(start, tmp_path):
    front = Front(start, tmp_path, plain="redirect: 'https:443'").run()
    assert front.ask("GET", "/x").get("Location") == "https://shop.test/x"


def test_without_a_host_nothing_is_redirected(start, tmp_path):
    front = Front(start, tmp_path).run()
    answer = front.ask("GET", "/", host=None, version="1.0")
    assert (answer.status, answer.json()["cause"]) == (400, "redirect.no-host")


def test_a_redirected_connection_serves_on(start, tmp_path):
    front = Front(start, tmp_path).run()
    with Client(front.plain_port) as client:
        for method, body in [("GET", None), ("POST", b"x" * 1000), ("GET", None)]:
            client.send(request(method, "/", body=body))
            assert client.read_response().status == 308


def test_curl_follows_the_redirect_with_its_body(start, tmp_path):
    front = Front(start, tmp_path).run()
    command = ["curl", "-sSL", "--http1.1", "--cacert", front.authority.path, "-d", "body"]
    command += ["--resolve", f"shop.test:{front.port}:127.0.0.1", "--resolve", f"shop.test:{front.plain_port}:127.0.0.1"]
    assert subprocess.check_output([*command, f"http://shop.test:{front.plain_port}/"], text=True) == "hello"


# Strict-Transport-Security


@pytest.mark.parametrize(
    "setting, value",
    [
        ("180d", "max-age=15552000"),
        ("0s", "max-age=0"),
        ("{ max_age: 365d, subdomains: true, preload: true }", "max-age=31536000; includeSubDomains; preload"),
    ],
)
def test_browsers_are_told_to_use_https_alone(start, tmp_path, setting, value):
    shop = Shop(start, tmp_path, tls=f"hsts: {setting}").run()
    with shop.connect() as secure:
        assert shop.get(secure).get("Strict-Transport-Security") == value
        assert shop.get(secure, path="/%zz").get("Strict-Transport-Security") == value


def test_http2_is_told_the_same(start, tmp_path, make_backend):
    backend = make_backend(lambda request: response(200, "Strict-Transport-Security: max-age=1", body=b"x"))
    shop = Shop(start, tmp_path, tls="hsts: 1d", backend=backend).run()
    command = ["curl", "-sSi", "--http2", "--cacert", shop.authority.path, f"https://shop.test:{shop.port}/"]
    for path in ("", "%zz"):
        command[-1] += path
        answer = subprocess.check_output([*command, "--resolve", f"shop.test:{shop.port}:127.0.0.1"], text=True)
        assert answer.startswith("HTTP/2 ")
        assert answer.count("strict-transport-security: max-age=86400") == answer.count("strict-transport") == 1


def test_the_gateway_s_word_replaces_the_backend_s(start, tmp_path, make_backend):
    fields = ["Strict-Transport-Security: max-age=1", "X-Kept: yes", "strict-transport-security: max-age=2"]
    backend = make_backend(lambda request: response(200, *fields, body=b"x"))
    shop = Shop(start, tmp_path, tls="hsts: 1d", backend=backend).run()
    with shop.connect() as secure:
        answer = shop.get(secure)
    assert answer.all("Strict-Transport-Security") == ["max-age=86400"]
    assert answer.get("X-Kept") == "yes"


def test_without_the_setting_a_backend_s_word_is_passed_on(start, tmp_path, make_backend):
    backend = make_backend(lambda request: response(200, "Strict-Transport-Security: max-age=1"))
    shop = Shop(start, tmp_path, backend=backend).run()
    with shop.connect() as secure:
        assert shop.get(secure).get("Strict-Transport-Security") == "max-age=1"


# ACME


@pytest.fixture
def acme(start, tmp_path):
    """A gateway with the folder of `certbot certonly --webroot`."""
    front = Front(start, tmp_path, plain="redirect: https, acme: webroot")
    front.challenges = tmp_path / "webroot/.well-known/acme-challenge"
    front.challenges.mkdir(parents=True)
    front.secret = tmp_path / "webroot/secret"
    front.secret.write_text("secret")
    return front.run()


PREFIX = "/.well-known/acme-challenge/"


def test_a_challenge_is_answered_while_all_else_is_redirected(acme):
    token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr_oA"
    (acme.challenges / token).write_text(f"{token}.thumbprint")
    answer = acme.ask("GET", PREFIX + token)
    assert (answer.status, answer.body) == (200, f"{token}.thumbprint".encode())
    assert acme.ask("HEAD", PREFIX + token).status == 200
    assert acme.ask("GET", "/").status == 308
    assert acme.ask("POST", PREFIX + token, body=b"").status == 308


def test_a_folder_of_tokens_alone_serves_as_well(start, tmp_path):
    front = Front(start, tmp_path, plain=f"acme: {tmp_path}/tokens").run()
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens/token").write_text("token.thumbprint")
    assert front.ask("GET", PREFIX + "token").body == b"token.thumbprint"
    assert front.ask("GET", "/").body == b"hello"


def test_an_unknown_token_is_not_found(acme):
    answer = acme.ask("GET", PREFIX + "unknown")
    assert (answer.status, answer.json()["cause"]) == (404, "acme.no-such-token")
    wait_until(lambda: acme.metrics('cause="acme.no-such-token"'), "the cause in the metrics")


@pytest.mark.parametrize(
    "token",
    ["..%2F..%2Fsecret", "../../secret", "%2e%2e/secret", "a/../../../secret", "a.b", "", "a%00", "x" * 129, "..", "ä"],
)
def test_what_is_no_token_is_an_ordinary_path(acme, token):
    target = (PREFIX + token).encode()
    with Client(acme.plain_port) as client:
        client.send(b"GET " + target + b" HTTP/1.1\r\nHost: shop.test\r\n\r\n")
        answer = client.read_response()
    assert answer.status in (308, 400)
    assert b"secret" not in answer.body


def test_no_link_is_followed(acme):
    (acme.challenges / "link").symlink_to(acme.secret)
    assert acme.ask("GET", PREFIX + "link").status == 404


def test_a_folder_in_place_of_a_token_is_not_found(acme):
    (acme.challenges / "folder").mkdir()
    assert acme.ask("GET", PREFIX + "folder").status == 404
