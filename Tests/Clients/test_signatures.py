"""Message signatures (RFC 9421) by another implementation of them: which are taken, and every way in which they are not."""

import base64
import datetime
import hashlib
import json
import threading
import types
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from harness import chunked, request, response, wait_until
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from issuers import ec_key
from test_customers import basic, scrypt

BOTH_PROTOCOLS = True

SECRET = "0123456789abcdef0123456789abcdef"
COVERED = ("@method", "@authority", "@path", "@query")

ELLIPTIC = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65537, 2048)
JOSE = ec_key()


def private(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


KEYS = {
    "acme-hmac": (algorithms.HMAC_SHA256, SECRET.encode()),
    "acme-ec": (algorithms.ECDSA_P256_SHA256, private(ELLIPTIC)),
    "acme-ed": (algorithms.ED25519, private(EDWARDS)),
    "acme-rsa": (algorithms.RSA_PSS_SHA512, private(RSA)),
    "acme-jwk": (algorithms.ECDSA_P256_SHA256, JOSE.as_pem(private=True)),
    "gone": (algorithms.HMAC_SHA256, b"gone-gone-gone-gone-gone-gone-gone"),
    "branch": (algorithms.HMAC_SHA256, b"branch-branch-branch-branch-branch"),
}

FILE = """
trusted_proxies: 127.0.0.1
authorizers:
  signed: {{ signature: {{ max_age: 1m, skew: 5s, body_limit: 64KiB }} }}
  tagged: {{ signature: {{ tag: shop, nonce: optional, expires: required, content_digest: [POST], components: ["@target-uri"] }} }}
  loose: {{ signature: {{ nonce: optional, content_digest: never, components: ["@method"] }} }}
  few: {{ signature: {{ most_nonces: 1000 }} }}
  keys: {{ api_key: {{}} }}
  password: {{ basic: {{}} }}
customers:
  acme:
    api_keys: {{ secret: "env:ACME_KEY" }}
    labels: {{ tier: gold }}
    passwords: {{ wiley: "{password}" }}
    signing_keys:
      - {{ id: acme-hmac, secret: "env:ACME_SECRET" }}
      - {{ id: acme-ec, public_key: ec.pem }}
      - {{ id: acme-ed, public_key: ed.pem, algorithm: ed25519 }}
      - {{ id: acme-rsa, public_key: rsa.pem }}
      - {{ id: acme-jwk, public_key: jwk.json }}
  gone: {{ state: suspended, signing_keys: {{ id: gone, secret: "env:GONE_SECRET" }} }}
  branch: {{ addresses: 192.0.2.0/24, signing_keys: {{ id: branch, secret: "env:BRANCH_SECRET" }} }}
apis:
  shop:
    authorize: signed
    claims_to_headers: {{ X-Customer: $customer }}
    routes:
      $default: {backend}
      ANY /tagged: {{ to: {backend}, authorize: tagged }}
      ANY /loose: {{ to: {backend}, authorize: loose }}
      ANY /few: {{ to: {backend}, authorize: few }}
      ANY /any: {{ to: {backend}, authorize: {{ any_of: [signed, keys] }} }}
      ANY /all: {{ to: {backend}, authorize: {{ all_of: [signed, keys] }} }}
      ANY /three: {{ to: {backend}, authorize: {{ all_of: [signed, password, keys] }} }}
      ANY /made: {{ reply: {{ text: made }} }}
"""

SECRETS = {
    "ACME_SECRET": SECRET,
    "ACME_KEY": "acme-acme-acme-acme",
    "GONE_SECRET": KEYS["gone"][1].decode(),
    "BRANCH_SECRET": KEYS["branch"][1].decode(),
}


@pytest.fixture
def gateway(start, backend, tmp_path):
    for name, key in (("ec", ELLIPTIC), ("ed", EDWARDS), ("rsa", RSA)):
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{name}.pem").write_bytes(pem)
    (tmp_path / "jwk.json").write_text(json.dumps(JOSE.as_dict(private=False)))
    return start(FILE.format(backend=backend.url, password=scrypt("x")), folder=tmp_path, environment=SECRETS)


class Resolver(HTTPSignatureKeyResolver):
    def resolve_private_key(self, key_id):
        return KEYS[key_id][1]


def signed(method="GET", path="/orders", *, key="acme-hmac", body=None, covered=COVERED, fields=(), by=None, **options):
    """The fields of a request with its signature, by the keys that `by` names instead of `key`."""
    message = types.SimpleNamespace(method=method, url=f"http://shop.test{path}", headers=dict(fields))
    options.setdefault("nonce", uuid.uuid4().hex)
    for name in ("created", "expires"):
        if isinstance(options.get(name), int):
            options[name] = at(options[name])
    algorithm, material = KEYS[by or key]
    resolver = Resolver()
    resolver.resolve_private_key = lambda _: material
    signer = HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=resolver)
    signer.sign(message, key_id=key, covered_component_ids=covered, body=body, **options)
    return [f"{name}: {value}" for name, value in message.headers.items()]


def send(gateway, lines, method="GET", path="/orders", body=None):
    return gateway.exchange(request(method, path, *lines, body=body))


def cause(answer):
    return answer.status, answer.json()["cause"].removeprefix("authorizer.")


def at(seconds):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)


# What is taken


@pytest.mark.parametrize("key", ["acme-hmac", "acme-ec", "acme-ed", "acme-rsa", "acme-jwk"])
def test_a_good_signature_is_taken_and_its_customer_is_told(gateway, backend, key):
    for path in ("/orders", "/orders?id=1&x=%20y", "/a%20b/c"):
        answer = send(gateway, signed(path=path, key=key), path=path)
        assert answer.status == 200, answer
        assert backend.requests[-1].get("X-Customer") == "acme"
        line = gateway.line_of(answer)
        assert (line["customer"], line["api_key"], line["authorizer"]) == ("acme", key, "signed")
    assert SECRET not in gateway.log_text() + gateway.stderr()


@pytest.mark.parametrize("size", [0, 1, 10_000, 65_536])
def test_content_reaches_the_backend_when_it_has_the_digest(gateway, backend, size):
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    answer = send(gateway, signed("POST", body=body), "POST", body=body)
    assert answer.status == 200
    assert backend.requests[-1].body == body
    assert gateway.line_of(answer)["bytes_in"] == size


@pytest.mark.http1
def test_chunks_and_trailers_reach_the_backend_too(gateway, backend):
    lines = signed("PUT", body=b"hello world")
    head = request("PUT", "/orders", *lines, "Transfer-Encoding: chunked", "Trailer: X-Sum")
    answer = gateway.exchange(head + chunked(b"hello ", b"world"))
    assert answer.status == 200
    assert backend.requests[-1].body == b"hello world"


@pytest.mark.http1
def test_a_client_that_waits_is_told_to_go_on_once_its_signature_holds(gateway, backend):
    with gateway.connect() as client:
        client.send(request("POST", "/orders", *signed("POST", body=b"x" * 50), "Content-Length: 50", "Expect: 100-continue"))
        assert client.read_head().startswith(b"HTTP/1.1 100")
        client.send(b"x" * 50)
        assert client.read_response().status == 200
        # The connection is good for more.
        client.send(request("GET", "/made", *signed(path="/made")))
        assert client.read_response().body == b"made"
    with gateway.connect() as client:
        lines = signed("POST", body=b"x" * 50, by="branch")
        client.send(request("POST", "/orders", *lines, "Content-Length: 50", "Expect: 100-continue"))
        assert client.read_response().status == 401
    assert len(backend.requests) == 1


def test_a_reply_of_the_gateway_itself_comes_after_the_content(gateway):
    assert send(gateway, signed("POST", "/made", body=b"abc"), "POST", "/made", b"abc").body == b"made"
    assert cause(send(gateway, signed("POST", "/made", body=b"abc"), "POST", "/made", b"abd")) == (401, "wrong-content-digest")


def test_a_customers_address_and_state_count_here_too(gateway):
    assert cause(send(gateway, signed(key="gone"))) == (403, "suspended-customer")
    lines = signed(key="branch")
    assert cause(send(gateway, lines)) == (403, "address-not-allowed")
    # What was refused has used up nothing.
    assert send(gateway, [*lines, "X-Forwarded-For: 192.0.2.9"]).status == 200


def test_tag_expiry_and_methods_with_a_digest(gateway):
    covered = ("@target-uri",)

    def ask(method="GET", body=None, digest=True, **options):
        options = {"tag": "shop", "expires": at(30), "covered": covered, "nonce": None} | options
        lines = signed(method, "/tagged", body=body if digest else None, **options)
        answer = send(gateway, lines, method, "/tagged", body)
        return "taken" if answer.status == 200 else cause(answer)[1]

    assert ask() == "taken"
    assert ask(tag="other") == "no-signature"
    assert ask(tag=None) == "no-signature"
    assert ask(expires=None) == "signature-parameter-missing"
    assert ask(expires=at(-40), created=at(-60)) == "expired-signature"
    assert ask("POST", b"x") == "taken"
    assert ask("POST", b"x", digest=False) == "signature-covers-too-little"
    assert ask("POST", None) == "signature-covers-too-little"
    assert ask("PUT", b"x", digest=False) == "taken"


# What is not


def test_what_a_client_is_told(gateway, backend):
    answer = send(gateway, [])
    assert cause(answer) == (401, "no-signature")
    assert answer.get("WWW-Authenticate") == "Signature"
    assert answer.get("Accept-Signature") == 'sig=("@method" "@authority" "@path" "@query");created'
    answer = send(gateway, [], "POST", body=b"x")
    assert answer.get("Accept-Signature") == 'sig=("@method" "@authority" "@path" "@query" "content-digest");created'
    answer = send(gateway, [], path="/tagged")
    assert answer.get("Accept-Signature") == 'sig=("@target-uri");created;expires;tag="shop"'
    assert gateway.line_of(answer)["cause"] == "authorizer.no-signature"
    assert backend.requests == []


@pytest.mark.parametrize(
    ("options", "sent", "expected"),
    [
        ({"by": "branch"}, {}, "wrong-signature"),
        ({"key": "nobody", "by": "branch"}, {}, "unknown-key"),
        ({"key": "acme-ec", "by": "acme-hmac"}, {}, "refused-algorithm"),
        ({"key": "acme-ec", "by": "acme-hmac", "include_alg": False}, {}, "wrong-signature"),
        ({}, {"method": "DELETE"}, "wrong-signature"),
        ({}, {"path": "/orders/1"}, "wrong-signature"),
        ({}, {"path": "/orders?id=2"}, "wrong-signature"),
        ({"covered": ("@method", "@authority", "@path")}, {}, "signature-covers-too-little"),
        ({"covered": ()}, {}, "signature-covers-too-little"),
        ({"nonce": None}, {}, "signature-parameter-missing"),
        ({"created": -120}, {}, "signature-too-old"),
        ({"created": +120}, {}, "signature-from-future"),
        ({"created": -50, "expires": -20}, {}, "expired-signature"),
        ({}, {"method": "POST", "body": b"x"}, "wrong-signature"),
        ({"method": "POST"}, {"method": "POST", "body": b"x"}, "signature-covers-too-little"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_signature_of_something_else_is_refused(gateway, backend, options, sent, expected):
    lines = signed(**options)
    answer = send(gateway, lines, **sent)
    if expected == "wrong-signature" and sent.get("body"):
        expected = "signature-covers-too-little"
    assert cause(answer) == (401, expected)
    assert gateway.line_of(answer)["cause"] == f"authorizer.{expected}"
    assert backend.requests == []


def test_another_authority_is_refused(gateway):
    lines = signed()
    assert cause(gateway.exchange(request("GET", "/orders", *lines, host="other.test")))[1] == "wrong-signature"
    assert send(gateway, lines).status == 200


@pytest.mark.parametrize("size", [2, 60_000])
def test_a_changed_body_never_reaches_the_backend(gateway, backend, size):
    body = b"x" * size
    for changed in (b"y" + body[1:], body + b"x", body[:-1], b""):
        answer = send(gateway, signed("POST", body=body), "POST", body=changed)
        assert cause(answer) == (401, "wrong-content-digest"), len(changed)
    # Another digest, which the signature does not cover as it is.
    lines = [line for line in signed("POST", body=body) if not line.startswith("Content-Digest")]
    digest = base64.b64encode(hashlib.sha256(b"y").digest()).decode()
    assert cause(send(gateway, [*lines, f"Content-Digest: sha-256=:{digest}:"], "POST", body=b"y"))[1] == "wrong-signature"
    assert cause(send(gateway, lines, "POST", body=body))[1] == "signature-component-unusable"
    assert backend.requests == [] and backend.received == b""


def test_a_covered_digest_is_checked_where_none_is_asked_for(gateway, backend):
    lines = signed("POST", "/loose", body=b"x", nonce=None)
    assert cause(send(gateway, lines, "POST", "/loose", b"y")) == (401, "wrong-content-digest")
    assert send(gateway, lines, "POST", "/loose", b"x").status == 200
    assert len(backend.requests) == 1


def test_a_body_that_is_too_large_is_refused_before_and_while_it_comes(gateway, backend):
    body = b"x" * 65_537
    assert cause(send(gateway, signed("POST", body=body), "POST", body=body)) == (413, "body-too-large")
    if gateway.protocol == "HTTP/1.1":
        head = request("POST", "/orders", *signed("POST", body=body), "Transfer-Encoding: chunked")
        assert gateway.exchange(head + chunked(body)).status == 413
    # Nor does another authorizer let the rest of it through.
    key = "x-api-key: acme-acme-acme-acme"
    lines = [*signed("POST", "/any", body=body), key]
    assert cause(send(gateway, lines, "POST", "/any", body)) == (413, "body-too-large")
    if gateway.protocol == "HTTP/1.1":
        head = request("POST", "/any", *signed("POST", "/any", body=body), key, "Transfer-Encoding: chunked")
        assert gateway.exchange(head + chunked(body[:60_000], body[60_000:])).status == 413
    assert backend.requests == []


def test_a_signature_is_taken_once(gateway, backend):
    lines = signed()
    assert send(gateway, lines).status == 200
    for _ in range(3):
        assert cause(send(gateway, lines)) == (401, "replayed-signature")
    # The same nonce in another signature is the same; another key's is not.
    nonce = "one-and-only"
    assert send(gateway, signed(nonce=nonce)).status == 200
    assert cause(send(gateway, signed(path="/x", nonce=nonce), path="/x")) == (401, "replayed-signature")
    assert send(gateway, signed(nonce=nonce, key="acme-ed")).status == 200
    assert len(backend.requests) == 3


def test_a_signature_is_taken_once_of_many_at_once(gateway, backend):
    lines, statuses, lock = signed("POST", body=b"x" * 100), [], threading.Lock()

    def ask():
        answer = send(gateway, lines, "POST", body=b"x" * 100)
        with lock:
            statuses.append(answer.status)

    threads = [threading.Thread(target=ask) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [401] * 23
    assert len(backend.requests) == 1


def test_a_wrong_signature_uses_up_no_nonce(gateway):
    nonce = uuid.uuid4().hex
    assert cause(send(gateway, signed(nonce=nonce, by="branch")))[1] == "wrong-signature"
    assert cause(send(gateway, signed("POST", nonce=nonce, body=b"x"), "POST", body=b"y"))[1] == "wrong-content-digest"
    assert send(gateway, signed(nonce=nonce)).status == 200


def test_a_reload_makes_no_nonce_good_again(gateway):
    lines = signed()
    assert send(gateway, lines).status == 200
    gateway.write(gateway.file.read_text().replace("max_age: 1m", "max_age: 2m").replace("tier: gold", "tier: silver"))
    # Older than the former file allows.
    wait_until(lambda: send(gateway, signed(created=at(-90))).status == 200, "the reload")
    assert cause(send(gateway, lines)) == (401, "replayed-signature")


def test_more_nonces_than_are_remembered_are_told_to_come_back(gateway):
    answers = []
    while len(answers) < 1_500 and not (answers and answers[-1].status == 503):
        answers.append(send(gateway, signed(path="/few"), path="/few"))
    assert cause(answers[-1]) == (503, "too-many-nonces")
    assert answers[-1].get("Retry-After") == "5"
    assert {answer.status for answer in answers[:-1]} == {200}


@pytest.mark.http1
def test_duplicate_fields_are_refused(gateway, backend):
    lines = signed()
    # The same label twice, be it the very same signature.
    assert cause(send(gateway, lines * 2)) == (401, "malformed-signature")
    [value] = [line for line in lines if line.startswith("Signature:")]
    assert cause(send(gateway, [*lines, value])) == (401, "malformed-signature")
    # Two signatures, and no label or tag that says which one counts.
    both = types.SimpleNamespace(headers={})
    for line in signed(label="a"):
        name, field = line.split(": ", 1)
        both.headers[name] = field
    for line in signed(label="b"):
        name, field = line.split(": ", 1)
        both.headers[name] += ", " + field
    assert cause(send(gateway, [f"{name}: {field}" for name, field in both.headers.items()])) == (400, "several-signatures")
    # A field that is covered and comes twice.
    covered = signed(covered=(*COVERED, "x-amount"), fields=[("X-Amount", "1")])
    assert cause(send(gateway, [*covered, "X-Amount: 1000"])) == (401, "wrong-signature")
    assert cause(send(gateway, [line for line in covered if not line.startswith("X-Amount")]))[1] == "signature-component-unusable"
    assert send(gateway, covered).status == 200
    assert len(backend.requests) == 1


@pytest.mark.parametrize(
    "lines",
    [
        ["Signature-Input: sig=(", "Signature: sig=:AAAA:"],
        ["Signature-Input: sig", "Signature: sig"],
        ['Signature-Input: sig=("@method" "@method");created=1;keyid="acme-hmac"', "Signature: sig=:AAAA:"],
        ['Signature-Input: sig=("@method");created=1;keyid="acme-hmac"', "Signature: other=:AAAA:"],
        ["Signature-Input: " + "a" * 9_000, "Signature: sig=:AAAA:"],
    ],
)
def test_malformed_fields_are_refused(gateway, lines):
    answer = send(gateway, lines)
    assert answer.status in (401, 431)


def test_a_body_can_be_read_by_the_next_authorizer_too(gateway, backend):
    """A signature that fails on its body leaves the body for whoever takes the request otherwise."""
    lines = signed("POST", "/any", body=b"x")
    answer = send(gateway, [*lines, "x-api-key: acme-acme-acme-acme"], "POST", "/any", b"y")
    assert answer.status == 200 and backend.requests[-1].body == b"y"
    assert cause(send(gateway, signed("POST", "/any", body=b"x"), "POST", "/any", b"y"))[1] == "wrong-content-digest"
    assert cause(send(gateway, signed("POST", "/all", body=b"x"), "POST", "/all", b"x"))[1] == "missing-api-key"
    lines = signed("POST", "/all", body=b"x")
    assert send(gateway, [*lines, "x-api-key: acme-acme-acme-acme"], "POST", "/all", b"x").status == 200


def test_a_signature_is_asked_once_when_another_authorizer_has_to_wait(gateway, backend):
    """The password is checked on another thread, and its answer must not meet a nonce that is used by then."""
    more = [basic("wiley", "x"), "x-api-key: acme-acme-acme-acme"]
    assert send(gateway, [*signed(path="/three"), *more], path="/three").status == 200
    assert send(gateway, [*signed("POST", "/three", body=b"x"), *more], "POST", "/three", b"x").status == 200
    lines = signed("POST", "/three", body=b"x")
    assert cause(send(gateway, [*lines, more[0]], "POST", "/three", b"x")) == (403, "missing-api-key")
    assert cause(send(gateway, [*lines, *more], "POST", "/three", b"x")) == (401, "replayed-signature")
    assert len(backend.requests) == 2


@pytest.mark.http1
def test_a_client_that_leaves_in_the_middle_of_its_body_harms_nobody(gateway, backend):
    for end in ("close", "reset", "half_close"):
        with gateway.connect() as client:
            client.send(request("POST", "/orders", *signed("POST", body=b"x" * 9), "Content-Length: 9") + b"xxx")
            getattr(client, end)()
    assert send(gateway, signed()).status == 200
    assert len(backend.requests) == 1


@pytest.mark.http1
def test_a_body_that_comes_too_slowly_is_given_up(start, backend):
    gateway = start(
        "authorizers: { signed: { signature: {} } }\n"
        'customers: { acme: { signing_keys: { id: acme-hmac, secret: "env:ACME_SECRET" } } }\n'
        "limits: { body_idle: 200ms }\n"
        f"apis: {{ shop: {{ authorize: signed, routes: {{ $default: {backend.url} }} }} }}",
        environment=SECRETS,
        http2=True,
    )
    lines = signed("POST", body=b"x" * 9)
    with gateway.connect() as client:
        client.send(request("POST", "/orders", *lines, "Content-Length: 9") + b"xxx")
        answer = client.read_response()
        assert (answer.status, answer.json()["cause"]) == (408, "client.body-timeout")
    fields = [tuple(line.split(": ", 1)) for line in lines]
    fields = [(name.lower(), value) for name, value in fields]
    with gateway.connect_http2() as client:
        slow = client.begin("POST", "/orders", *fields, body=b"xxx", host="shop.test", ends=False)
        assert client.read_response(slow).status == 408
        left = client.begin("POST", "/orders", *fields, body=b"xxx", host="shop.test", ends=False)
        client.state.reset_stream(left)
        client.flush()
        # The connection, the nonce and the stream's place are all good for more.
        whole = client.begin("POST", "/orders", *fields, body=b"x" * 9, host="shop.test")
        assert client.read_response(whole).status == 200
    assert len(backend.requests) == 1


def test_a_retry_sends_the_gathered_body_again(start, make_backend, tmp_path):
    answers = iter([503, 200])
    backend = make_backend(answer=lambda request: response(next(answers), body=b"hello"))
    gateway = start(
        "authorizers: { signed: { signature: {} } }\n"
        'customers: { acme: { signing_keys: { id: acme-hmac, secret: "env:ACME_SECRET" } } }\n'
        f"backends: {{ b: {{ targets: ['{backend.url}'], retry: {{ attempts: 2, on: [503] }} }} }}\n"
        "apis: { shop: { authorize: signed, routes: { $default: b } } }",
        environment=SECRETS,
    )
    answer = send(gateway, signed("PUT", body=b"again"), "PUT", body=b"again")
    assert answer.status == 200
    assert [request.body for request in backend.requests] == [b"again", b"again"]
