"""TLS listeners: which certificate a client gets, which versions are spoken, and what becomes of those who speak none."""

import re
import socket
import ssl
import subprocess
import threading
import time

import pytest

from certificates import Authority
from harness import ONE_THREAD, PATIENCE, Client, free_port, request, response, wait_until

class Shop:
    """A gateway with TLS, and clients that trust its authority."""

    def __init__(self, start, folder, certificates=None, tls="", more="", listeners="", backend=None):
        self.folder = folder
        self.authority = Authority(folder)
        if certificates is None:
            self.authority.issue("shop.pem", "shop.key", ["shop.test"])
            certificates = ["shop"]
        self.certificates = certificates
        self.port, self.admin_port = free_port(), free_port()
        self.tls, self.more, self.listeners = tls, more, listeners
        answer = f"'{backend.url}'" if backend else "{ reply: { text: hello } }"
        self.routes = f"apis: {{ all: {{ routes: {{ $default: {answer} }} }} }}"
        self.start = start

    def run(self, **options):
        self.gateway = self.start(self.text(), folder=self.folder, port=self.port, **options)
        wait_until(lambda: is_open(self.admin_port), "the admin listener")
        return self

    def text(self):
        pairs = ", ".join(
            f"{{ certificate: {name}.pem, key: {name}.key }}" if isinstance(name, str) else name["yaml"]
            for name in self.certificates
        )
        tls = f"tls: {{ certificates: [{pairs}]{', ' + self.tls if self.tls else ''} }}"
        listener = f"{{ address: 127.0.0.1, port: {self.port}, {tls} }}"
        return f"listen: [{listener}{', ' + self.listeners if self.listeners else ''}]\n" + "\n".join(
            [f"admin: {self.admin_port}", self.routes, self.more]
        )

    def context(self, **options):
        context = ssl.create_default_context(cafile=self.authority.path)
        for name, value in options.items():
            setattr(context, name, value)
        return context

    def connect(self, name="shop.test", context=None, session=None):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        context = context or self.context()
        context.check_hostname = context.check_hostname and name is not None
        return context.wrap_socket(plain, server_hostname=name, session=session)

    def get(self, secure, *fields, path="/"):
        """Sends a request on a TLS connection, and reads its response."""
        client = SecureClient(secure)
        client.send(request("GET", path, *fields))
        return client.read_response()

    def names(self, name, **options):
        """The host names in the certificate that a client gets for a server name."""
        context = self.context(**options)
        context.check_hostname = False
        with self.connect(name, context) as secure:
            return [value for _, value in secure.getpeercert()["subjectAltName"]]

    def metrics(self, pattern):
        text = subprocess.check_output(["curl", "-sS", f"http://127.0.0.1:{self.admin_port}/metrics"], text=True)
        samples = [line.rsplit(" ", 1) for line in text.splitlines() if re.search(pattern, line) and line[0] != "#"]
        return {name: float(value) for name, value in samples}

    def handshakes(self, result):
        return sum(self.metrics(f'daemun_tls_handshakes_total.*result="{result}"').values())


def is_open(port):
    """Whether somebody listens on a loopback port."""
    try:
        Client(port).close()
        return True
    except ConnectionRefusedError:
        return False


class SecureClient(Client):
    """A client on a connection that has shaken hands."""

    def __init__(self, secure):
        super(Client, self).__init__(secure)


def s_client(port, *arguments, text=""):
    """What OpenSSL's client says of a connection."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *arguments]
    result = subprocess.run(command, input=text, capture_output=True, text=True, timeout=PATIENCE)
    return result.stdout + result.stderr


@pytest.fixture
def shop(start, tmp_path):
    return Shop(start, tmp_path).run()


def test_curl_is_served(shop):
    command = ["curl", "-sS", "--cacert", shop.authority.path, "--resolve", f"shop.test:{shop.port}:127.0.0.1"]
    answer = subprocess.check_output([*command, "--http1.1", f"https://shop.test:{shop.port}/"], text=True)
    assert answer == "hello"
    assert shop.handshakes("completed") == 1


def test_a_backend_learns_that_its_client_spoke_tls(start, tmp_path, backend):
    shop = Shop(start, tmp_path, backend=backend).run()
    assert shop.get(shop.connect()).body == b"hello"
    [forwarded] = backend.requests[0].all("X-Forwarded-Proto")
    assert forwarded == "https"


@pytest.mark.parametrize(
    "name, expected",
    [
        ("shop.test", ["shop.test", "www.shop.test"]),
        ("WWW.SHOP.TEST", ["shop.test", "www.shop.test"]),
        ("a.wild.test", ["*.wild.test"]),
        ("exact.wild.test", ["exact.wild.test"]),
        ("a.b.wild.test", ["shop.test", "www.shop.test"]),
        ("wild.test", ["shop.test", "www.shop.test"]),
        ("unknown.test", ["shop.test", "www.shop.test"]),
        ("named.test", ["other.test"]),
        ("other.test", ["shop.test", "www.shop.test"]),
        (None, ["shop.test", "www.shop.test"]),
    ],
)
def test_the_server_name_chooses_the_certificate(start, tmp_path, name, expected):
    named = {"yaml": "{ certificate: named.pem, key: named.key, hosts: named.test }"}
    shop = Shop(start, tmp_path, certificates=["shop", "wild", "exact", named])
    shop.authority.issue("shop.pem", "shop.key", ["shop.test", "www.shop.test"])
    shop.authority.issue("wild.pem", "wild.key", ["*.wild.test"])
    shop.authority.issue("exact.pem", "exact.key", ["exact.wild.test"])
    shop.authority.issue("named.pem", "named.key", ["other.test"])
    assert shop.run().names(name) == expected


@pytest.mark.parametrize(
    "arguments, kind",
    [
        (["-tls1_3"], "ECDSA"),
        (["-tls1_2"], "ECDSA"),
        (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "RSA"),
        (["-tls1_2", "-sigalgs", "RSA+SHA256"], "RSA"),
        (["-tls1_3", "-sigalgs", "RSA-PSS+SHA256"], "RSA-PSS"),
    ],
)
@pytest.mark.parametrize("order", [["ecdsa", "rsa"], ["rsa", "ecdsa"]], ids=["ECDSA first", "RSA first"])
def test_a_client_gets_the_ecdsa_certificate_when_it_can_use_it(start, tmp_path, arguments, kind, order):
    shop = Shop(start, tmp_path, certificates=order)
    for name in order:
        shop.authority.issue(f"{name}.pem", f"{name}.key", ["shop.test"], kind=name)
    shop.run()
    for name in (["-servername", "shop.test"], ["-noservername"]):
        assert re.search(rf"Peer signature type: {kind}", s_client(shop.port, *arguments, *name))


@pytest.mark.parametrize(
    "policy, version, served",
    [
        ("intermediate", "-tls1_3", True),
        ("intermediate", "-tls1_2", True),
        ("intermediate", "-tls1_1", False),
        ("modern", "-tls1_3", True),
        ("modern", "-tls1_2", False),
    ],
)
def test_a_policy_says_which_versions_are_spoken(start, tmp_path, policy, version, served):
    shop = Shop(start, tmp_path, tls=f"policy: {policy}").run()
    said = s_client(shop.port, version, "-cipher", "ALL:@SECLEVEL=0")
    assert ("Cipher is (NONE)" not in said) == served
    if not served:
        assert "alert protocol version" in said
        wait_until(lambda: shop.handshakes("unsupported-protocol") == 1, "the handshake's end in the metrics")


@pytest.mark.parametrize("cipher", ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256"])
def test_tls_1_2_without_forward_secrecy_or_aead_is_refused(shop, cipher):
    assert "alert handshake failure" in s_client(shop.port, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")


@pytest.mark.parametrize("offered, chosen", [("http/1.1", "http/1.1"), ("spdy/3,http/1.1", "http/1.1"), ("spdy/3", None)])
def test_the_protocol_is_negotiated(start, tmp_path, offered, chosen):
    shop = Shop(start, tmp_path, tls="http2: false").run()
    context = shop.context()
    context.set_alpn_protocols(offered.split(","))
    with shop.connect(context=context) as secure:
        assert secure.selected_alpn_protocol() == chosen
        assert shop.get(secure).body == b"hello"


def test_without_http2_none_is_offered(start, tmp_path):
    shop = Shop(start, tmp_path, tls="http2: false").run()
    context = shop.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    with shop.connect(context=context) as secure:
        assert secure.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_session_is_resumed(shop, version):
    context = shop.context(maximum_version=ssl.TLSVersion[version], minimum_version=ssl.TLSVersion[version])
    with shop.connect(context=context) as secure:
        assert shop.get(secure).body == b"hello"
        assert not secure.session_reused
        session = secure.session
    for _ in range(3):
        with shop.connect(context=context, session=session) as secure:
            assert shop.get(secure).body == b"hello"
            assert secure.session_reused


def test_a_session_is_resumed_over_a_reload_that_does_not_concern_tls(start, tmp_path):
    # With several workers, one may still serve what the other one has changed over from.
    shop = Shop(start, tmp_path).run(arguments=ONE_THREAD)
    context = shop.context()
    with shop.connect(context=context) as secure:
        shop.get(secure)
        session = secure.session
    shop.gateway.write(shop.text().replace("hello", "changed"))
    wait_until(lambda: shop.get(shop.connect()).body == b"changed", "the reload")
    with shop.connect(context=context, session=session) as secure:
        assert shop.get(secure).body == b"changed"
        assert secure.session_reused


def test_a_large_answer_arrives_whole(start, tmp_path, make_backend):
    body = bytes(range(256)) * 20_000
    backend = make_backend(lambda request: response(body=body))
    shop = Shop(start, tmp_path, backend=backend).run()
    with shop.connect() as secure:
        for _ in range(3):
            assert shop.get(secure).body == body


def test_a_hello_in_single_bytes_is_understood(shop):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = shop.context().wrap_bio(incoming, outgoing, server_hostname="shop.test")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    hello = outgoing.read()
    with socket.create_connection(("127.0.0.1", shop.port), timeout=PATIENCE) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(hello)):
            plain.sendall(hello[index : index + 1])
        while True:
            incoming.write(plain.recv(65_536))
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                pass
        plain.sendall(outgoing.read())
    assert tls.version() == "TLSv1.3"


def test_a_hello_in_many_records_is_understood(start, tmp_path):
    """A message may be cut into records anywhere; the certificate is chosen all the same."""
    shop = Shop(start, tmp_path, certificates=["shop", "other"])
    shop.authority.issue("shop.pem", "shop.key", ["shop.test"])
    shop.authority.issue("other.pem", "other.key", ["other.test"])
    shop.run()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = shop.context(maximum_version=ssl.TLSVersion.TLSv1_2)
    tls = context.wrap_bio(incoming, outgoing, server_hostname="other.test")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    message = outgoing.read()[5:]
    records = [message[index : index + 50] for index in range(0, len(message), 50)]
    with socket.create_connection(("127.0.0.1", shop.port), timeout=PATIENCE) as plain:
        for record in records:
            plain.sendall(b"\x16\x03\x01" + len(record).to_bytes(2, "big") + record)
        plain.settimeout(1)
        data = b""
        try:
            while b"other.test" not in data:
                data += plain.recv(65_536)
        except TimeoutError:
            pass
    assert b"other.test" in data


# Clients that speak something else, or nothing


def test_plain_http_gets_an_answer_that_says_so(shop):
    answer = shop.gateway.exchange(request(path="/secret"))
    assert answer.status == 400
    assert answer.json()["cause"] == "tls.expected"
    assert answer.get("Connection") == "close"
    assert shop.gateway.line_of(answer)["cause"] == "tls.expected"


@pytest.mark.parametrize(
    "garbage",
    [
        bytes(5),
        b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\xff\xff" + bytes(200),
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
        b"\x80\x2e\x01\x03\x01" + bytes(60),
        b"\x15\x03\x01\x00\x02\x02\x28",
        bytes(range(256)) * 100,
    ],
    ids=["zeros", "an empty record", "a long record", "an endless hello", "SSL 2", "an alert", "noise"],
)
def test_garbage_closes_the_connection_and_nothing_else(shop, garbage):
    with shop.connect() as good:
        shop.get(good)
        with shop.gateway.connect() as client:
            client.send(garbage)
            try:
                client.half_close()
                client.read_to_end()
            except OSError:
                # It was closed before all that garbage was read.
                pass
        assert shop.get(good).body == b"hello"


def test_a_handshake_has_a_deadline(start, tmp_path):
    shop = Shop(start, tmp_path, more="limits: { head_timeout: 300ms }").run()
    hello = b"\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03"
    with shop.gateway.connect() as silent, shop.gateway.connect() as half:
        half.send(hello)
        begin = time.monotonic()
        assert silent.is_closed(2) and half.is_closed(2)
        assert 0.2 < time.monotonic() - begin < 2
    # After the server's part of the handshake, too.
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = shop.context().wrap_bio(incoming, outgoing, server_hostname="shop.test")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    with shop.gateway.connect() as client:
        client.send(outgoing.read())
        client.socket.settimeout(2)
        client.read_to_end()
    wait_until(lambda: shop.handshakes("timeout") == 1, "the timeout in the metrics")


def test_handshakes_count_as_connections(start, tmp_path):
    shop = Shop(start, tmp_path, more="limits: { connections: 3 }").run()
    time.sleep(0.1)
    pending = [shop.gateway.connect() for _ in range(3)]
    for client in pending:
        client.send(b"\x16\x03\x01")
    time.sleep(0.1)
    with shop.gateway.connect() as refused:
        assert refused.is_closed()
    for client in pending:
        client.close()
    wait_until(lambda: _is_served(shop), "the connections' end")


def _is_served(shop):
    try:
        with shop.connect() as secure:
            return shop.get(secure).body == b"hello"
    except OSError:
        return False


def test_a_client_that_trusts_another_authority_is_counted(shop):
    with pytest.raises(ssl.SSLError):
        shop.connect(context=ssl.create_default_context())
    # What is told depends on whether the client encrypts its alert.
    wait_until(lambda: shop.metrics('daemun_tls_handshakes_total{version="-"'), "the refusal in the metrics")


def test_stopping_ends_idle_connections_and_finishes_calls(start, tmp_path, make_backend):
    release = threading.Event()

    def answer(message):
        release.wait(PATIENCE)
        return response(body=b"late")

    backend = make_backend(answer)
    shop = Shop(start, tmp_path, backend=backend).run()
    with shop.connect() as idle, shop.connect() as busy:
        client = SecureClient(busy)
        client.send(request())
        backend.wait_for_requests()
        shop.gateway.process.terminate()
        time.sleep(0.2)
        release.set()
        assert client.read_response().body == b"late"
        idle.settimeout(5)
        assert idle.recv(1) == b""
    assert shop.gateway.process.wait(PATIENCE) == 0
