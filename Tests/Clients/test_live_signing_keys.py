"""Keys for message signatures of customers that are managed while the gateway runs; and how their secrets are kept."""

import secrets
import signal
import sqlite3
import subprocess
import types
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from harness import binary, free_port, request, wait_until
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from test_live_customers import TOKEN, Operator, daemun

FILE = """
{data}
admin: {{ port: {admin}, token: "env:TOKEN" }}
authorizers:
  signed: {{ signature: {{ components: ["@method", "@authority", "@path"] }} }}
customers:
  filed: {{ signing_keys: {{ id: filed-key, secret: "env:FILED" }} }}
apis:
  shop:
    authorize: signed
    claims_to_headers: {{ X-Customer: $customer }}
    routes: {{ $default: {{ to: {backend} }} }}
"""


def sealing_key():
    return secrets.token_hex(32)


@pytest.fixture
def text(tmp_path, make_backend, monkeypatch):
    monkeypatch.setenv("TOKEN", TOKEN)
    monkeypatch.setenv("FILED", "filed-filed-filed-filed-filed-filed")
    monkeypatch.setenv("SEAL", sealing_key())
    backend = make_backend()

    def make(admin, keys='"env:SEAL"'):
        data = f"data: {{ folder: {tmp_path}/data, sealing_keys: {keys} }}" if keys else f"data: {tmp_path}/data"
        return FILE.format(data=data, admin=admin, backend=backend.url)

    return make, backend


@pytest.fixture
def serve(start, text):
    def serve(keys='"env:SEAL"'):
        admin = free_port()
        gateway = start(text[0](admin, keys), arguments=["--threads", "2"])
        gateway.operator = Operator(admin)
        gateway.operator.wait()
        gateway.backend = text[1]
        return gateway

    return serve


@pytest.fixture
def gateway(serve):
    gateway = serve()
    assert gateway.operator.send("PUT", "/customers/acme", {})[0] == 201
    return gateway


def call(gateway, key, material, algorithm=algorithms.HMAC_SHA256):
    """A signed request. `material` is a secret, or a private key in PEM."""
    message = types.SimpleNamespace(method="GET", url="http://shop.test/orders", headers={})
    resolver = HTTPSignatureKeyResolver()
    resolver.resolve_private_key = lambda _: material.encode() if isinstance(material, str) else material
    signer = HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=resolver)
    covered = ("@method", "@authority", "@path")
    signer.sign(message, key_id=key, covered_component_ids=covered, nonce=uuid.uuid4().hex)
    lines = [f"{name}: {value}" for name, value in message.headers.items()]
    return gateway.exchange(request("GET", "/orders", *lines))


def statuses(gateway, key, secret):
    """Of calls on many connections, so that each worker has some."""
    return {call(gateway, key, secret).status for _ in range(16)}


def make_secret(gateway, key="acme-1", **members):
    status, answer = gateway.operator.send("POST", "/customers/acme/signing-keys", {"id": key, **members})
    assert status == 201, answer
    return answer


def test_a_secret_is_made_and_signs_at_once_on_every_worker(gateway, tmp_path):
    secret = make_secret(gateway)["secret"]
    assert statuses(gateway, "acme-1", secret) == {200}
    assert gateway.backend.requests[-1].get("X-Customer") == "acme"
    assert call(gateway, "acme-1", "x" * 40).json()["cause"] == "authorizer.wrong-signature"
    record = gateway.operator.send("GET", "/customers/acme")[1]
    assert [(key["id"], key["kind"]) for key in record["signing_keys"]] == [("acme-1", "secret")]
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert secret.encode() not in kept and secret not in gateway.log_text() + gateway.stderr()


def test_a_secret_may_be_given(gateway):
    given = "given-given-given-given-given-given-given"
    assert make_secret(gateway, secret=given) == {"id": "acme-1"}
    assert statuses(gateway, "acme-1", given) == {200}


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
def test_public_keys_need_no_sealing(serve, kind):
    gateway = serve(keys=None)
    gateway.operator.send("PUT", "/customers/acme", {})
    if kind == "ed25519":
        private, algorithm = ed25519.Ed25519PrivateKey.generate(), algorithms.ED25519
    else:
        private, algorithm = ec.generate_private_key(ec.SECP256R1()), algorithms.ECDSA_P256_SHA256
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    make_secret(gateway, public_key=public)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert call(gateway, "acme-1", pem, algorithm).status == 200
    record = gateway.operator.send("GET", "/customers/acme")[1]
    assert record["signing_keys"][0]["kind"] == "public"


def test_without_a_sealing_key_a_secret_is_refused(serve):
    gateway = serve(keys=None)
    gateway.operator.send("PUT", "/customers/acme", {})
    status, answer = gateway.operator.send("POST", "/customers/acme/signing-keys", {"id": "acme-1"})
    assert (status, "sealing_keys" in answer["error"]) == (409, True)
    assert gateway.operator.send("GET", "/customers/acme")[1]["signing_keys"] == []


def test_keys_rotate_with_overlap_and_end_when_withdrawn(gateway):
    old, new = make_secret(gateway, "old")["secret"], make_secret(gateway, "new")["secret"]
    assert statuses(gateway, "old", old) == statuses(gateway, "new", new) == {200}
    assert gateway.operator.send("DELETE", "/customers/acme/signing-keys/old")[0] == 204
    assert statuses(gateway, "old", old) == {401}
    assert statuses(gateway, "new", new) == {200}
    gateway.operator.send("PUT", "/customers/acme", {"state": "suspended"})
    assert statuses(gateway, "new", new) == {403}
    gateway.operator.send("DELETE", "/customers/acme")
    assert statuses(gateway, "new", new) == {401}


def test_secrets_are_there_after_a_restart_under_another_sealing_key_too(gateway, serve, monkeypatch):
    secret = make_secret(gateway)["secret"]
    gateway.signal(signal.SIGKILL)
    gateway.process.wait()
    monkeypatch.setenv("NEXT", sealing_key())
    both = serve('["env:NEXT", "env:SEAL"]')
    assert call(both, "acme-1", secret).status == 200
    both.signal(signal.SIGTERM)
    both.process.wait()
    # It was sealed anew, so that the first key may go.
    last = serve('"env:NEXT"')
    assert call(last, "acme-1", secret).status == 200


def test_a_secret_that_does_not_open_is_nobodys_and_the_rest_is_served(gateway, serve, monkeypatch):
    secret = make_secret(gateway)["secret"]
    key = gateway.operator.make("bolt")
    assert key
    gateway.signal(signal.SIGTERM)
    gateway.process.wait()
    monkeypatch.setenv("OTHER", sealing_key())
    other = serve('"env:OTHER"')
    assert call(other, "acme-1", secret).status == 401
    assert "data.sealing_keys" in other.stderr() and secret not in other.stderr()
    assert other.operator.send("GET", "/customers/acme")[1]["signing_keys"][0]["id"] == "acme-1"


def test_who_writes_to_the_store_gives_nobody_anothers_secret(gateway, serve, tmp_path):
    secret = make_secret(gateway)["secret"]
    gateway.operator.send("PUT", "/customers/bolt", {})
    gateway.signal(signal.SIGTERM)
    gateway.process.wait()
    with sqlite3.connect(tmp_path / "data" / "customers.sqlite") as store:
        store.execute("UPDATE signing_key SET customer = 'bolt'")
    store.close()
    assert call(serve(), "acme-1", secret).status == 401


def test_a_reload_may_bring_the_sealing_key(serve, text, monkeypatch):
    gateway = serve(keys=None)
    gateway.operator.send("PUT", "/customers/acme", {})
    gateway.write(text[0](gateway.operator.port))
    gateway.signal(signal.SIGHUP)
    wait_until(lambda: "configuration loaded" in gateway.stderr(), "the reload")
    assert statuses(gateway, "acme-1", make_secret(gateway)["secret"]) == {200}


@pytest.mark.parametrize(
    "body, status, word",
    [
        ({}, 400, "id"),
        ({"id": "k", "secret": "short"}, 400, "32 bytes"),
        ({"id": "k", "secret": "x" * 2000}, 400, "1024 bytes"),
        ({"id": "k", "public_key": "nonsense"}, 400, "PEM"),
        ({"id": "k", "secret": "x" * 40, "public_key": "y"}, 400, "expected"),
        ({"id": "k", "secert": "x" * 40}, 400, "expected"),
        ({"id": "k", "algorithm": "hmac-md5"}, 400, "hmac-sha256"),
        ({"id": "k", "algorithm": "ed25519"}, 400, "ed25519"),
        ({"id": "k\n"}, 400, "visible"),
        ({"id": "filed-key"}, 409, "filed-key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_and_changes_nothing(gateway, body, status, word):
    answer = gateway.operator.send("POST", "/customers/acme/signing-keys", body)
    assert answer[0] == status and word in answer[1]["error"]
    assert "x" * 40 not in answer[1]["error"]
    assert gateway.operator.send("GET", "/customers/acme")[1]["signing_keys"] == []


def test_an_id_is_one_customers(gateway):
    make_secret(gateway)
    gateway.operator.send("PUT", "/customers/bolt", {})
    status, answer = gateway.operator.send("POST", "/customers/bolt/signing-keys", {"id": "acme-1"})
    assert (status, "acme-1" in answer["error"]) == (409, True)
    assert gateway.operator.send("DELETE", "/customers/bolt/signing-keys/acme-1")[0] == 404


@pytest.mark.parametrize("keys, word", [('"env:BAD"', "64 hexadecimal digits"), ('["env:SEAL", "env:SEAL"]', "twice")])
def test_sealing_keys_that_are_none_refuse_the_start(text, tmp_path, monkeypatch, keys, word):
    monkeypatch.setenv("BAD", "not-a-key")
    (tmp_path / "gateway.yaml").write_text(text[0](free_port(), keys))
    ended = subprocess.run([binary(), "validate", tmp_path / "gateway.yaml"], capture_output=True, text=True)
    assert (ended.returncode, word in ended.stdout + ended.stderr) == (1, True)
    assert "not-a-key" not in ended.stdout + ended.stderr


def test_the_commands(gateway, tmp_path):
    port = gateway.operator.port
    code, secret, _ = daemun(port, "keys", "create", "acme", "made", "--signing")
    assert (code, call(gateway, "made", secret.strip()).status) == (0, 200)
    (tmp_path / "secret").write_text("x" * 40 + "\n")
    assert daemun(port, "keys", "create", "acme", "given", "--signing", "--secret-file", tmp_path / "secret") == (0, "", "")
    assert call(gateway, "given", "x" * 40).status == 200
    assert "signing secret" in daemun(port, "keys", "list", "acme")[1]
    assert daemun(port, "keys", "withdraw", "acme", "made", "--signing") == (0, "", "")
    assert call(gateway, "made", secret.strip()).status == 401
    assert daemun(port, "keys", "create", "acme", "k", "--algorithm", "ed25519")[0] == 2
    assert daemun(port, "keys", "create", "acme", "k", "--signing", "--secret-file", tmp_path / "none")[0] == 2
