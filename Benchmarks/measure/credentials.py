"""What finding out who calls costs: the same 200 routes, access log and throttle, with each kind of credentials.

Every request is one of many prepared ones, which a wrk script takes in turn; so signatures need not be made while they
are measured, and no cache is flattered by a single caller.
"""
import base64
import functools
import hashlib
import hmac
import itertools
import json
import os
import re
import subprocess
import time
from statistics import median

from measure import configuration, cost, load
from measure.bench import Bench, free_port
from measure.figure import Measured
from measure.load import Wrk
from measure.server import Server

CALLERS = 1_000
ISSUER, AUDIENCE = "https://issuer.test", "orders"
SECRET = hashlib.sha256(b"the signing key of every run").hexdigest()
# A request that is signed with a nonce counts once, so there is one for each that a run may send, and for the warm second.
SIGNED_A_SECOND = 20_000
COVERED = '("@method" "@authority" "@path" "@query");created={created};keyid="acme-1";nonce="{nonce}"'


def job(bench: Bench) -> Measured:
    """The whole job of a gateway against a bare proxy."""
    backend = bench.backend()
    gateway, requests = with_tokens(bench, backend)
    run = cost.wrk(requests)
    return cost.against_first(bench, [bench.nginx_proxy(backend), gateway], lambda server, seconds: (
        Wrk(server, seconds).result() if server.name == "nginx" else run(server, seconds)
    ))


def basic(bench: Bench) -> Measured:
    backend = bench.backend()
    salt = os.urandom(16)
    # One password for all keeps the file quick to make; each user is looked up and remembered alone.
    hashed = hashlib.scrypt(b"roadrunner", salt=salt, n=2**10, r=8, p=1, maxmem=64 << 20, dklen=32)
    phc = "$scrypt$ln=10,r=8,p=1$" + "$".join(base64.b64encode(part).decode().rstrip("=") for part in (salt, hashed))
    customers = [f'  c{number}: {{ passwords: {{ u{number}: "{phc}" }} }}' for number in range(CALLERS)]
    gateway = _gateway(bench, backend, "basic", "{ basic: {} }", customers)
    words = [base64.b64encode(f"u{number}:roadrunner".encode()).decode() for number in range(CALLERS)]
    script = _script(bench, "basic", [f"Authorization: Basic {word}" for word in words])
    Wrk(gateway, 8, script).result()  # Passwords are checked once each, before anything is measured.
    return _against_tokens(bench, backend, gateway, cost.wrk(script))


def api_key(bench: Bench) -> Measured:
    backend = bench.backend()
    keys = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(CALLERS)]
    customers = [
        f"  c{number}: {{ api_keys: {{ sha256: {hashlib.sha256(key.encode()).hexdigest()} }} }}"
        for number, key in enumerate(keys)
    ]
    gateway = _gateway(bench, backend, "key", "{ api_key: {} }", customers)
    script = _script(bench, "key", [f"x-api-key: {key}" for key in keys])
    return _against_tokens(bench, backend, gateway, cost.wrk(script))


def signatures(bench: Bench) -> Measured:
    backend = bench.backend()
    os.environ["BENCH_SECRET"] = SECRET
    customers = ['  acme: { signing_keys: { id: acme-1, secret: "env:BENCH_SECRET" } }']
    gateway = _gateway(bench, backend, "hmac", "{ signature: {} }", customers)

    def run(server: Server, seconds: int) -> load.Load:
        signed = (_signed(server, number) for number in range(SIGNED_A_SECOND * seconds))
        return Wrk(server, seconds, _script(bench, "hmac", signed)).result()

    return _against_tokens(bench, backend, gateway, run)


def verification(bench: Bench) -> Measured:
    """An RS256 token that is verified as on a request without a cached decision, against its signature verified by the same
    library alone, in one process. The program is built first, which takes minutes the first time."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    subprocess.run(
        ["swift", "build", "-c", "release", "-Xswiftc", "-cross-module-optimization",
         "-Xswiftc", "-enforce-exclusivity=unchecked", "--static-swift-stdlib",
         "--package-path", f"{root}/Benchmarks/Verification", "--scratch-path", f"{root}/.build/verification"],
        check=True, stdout=subprocess.DEVNULL,
    )
    program = f"{root}/.build/verification/release/Verification"
    said = json.loads(subprocess.run([program], check=True, capture_output=True).stdout)
    note = f"{1e6 / said['own']:.0f} against {1e6 / said['library']:.0f} a CPU-second"
    return Measured(said["ratio"], f"{said['lowest']:.2f}–{said['highest']:.2f}, {note}")


def with_tokens(
    bench: Bench, backend: Server, name: str = "tokens", callers: int = CALLERS, sharing: str = ""
) -> tuple[Server, str]:
    """The gateway that wants RS256 tokens and counts by their subject, and a script of tokens of so many callers.

    `sharing` is the line of the configuration that names a Redis server, by which the throttle is shared then.
    """
    tokens = _tokens(bench.work)
    keys = os.path.join(bench.work, "jwks.json")
    authorizer = f"{{ jwt: {{ issuer: {ISSUER}, audience: {AUDIENCE}, jwks: {keys} }} }}"
    gateway = _gateway(bench, backend, name, authorizer, [], "subject", sharing)
    return gateway, _script(bench, f"{callers}-tokens", [f"Authorization: Bearer {token}" for token in tokens[:callers]])


def _gateway(
    bench: Bench, backend: Server, name: str, authorizer: str, customers: list[str], per: str = "customer",
    sharing: str = "",
) -> Server:
    port = free_port()
    text = configuration.gateway(port, backend.port, 200, log=os.path.join(bench.work, f"{name}.log"))
    shared = ", shared: true" if sharing else ""
    throttle = f"{{ rate: 1000000/s, per: {per}{shared} }}"
    text = text.replace("    routes:", f"    authorize: callers\n    throttle: {throttle}\n    routes:")
    lines = [sharing, text, f"authorizers: {{ callers: {authorizer} }}"] + (["customers:"] + customers if customers else [])
    return bench.gateway_by_file(bench.file(f"{name}.yaml", "\n".join(lines) + "\n"), port, name=name)


def _script(bench: Bench, name: str, fields) -> str:
    """A wrk script that sends each of these fields in turn, with a request for one of 200 routes."""
    listed = bench.file(f"{name}.txt", "".join(f"{field}\n" for field in fields))
    return bench.file(f"{name}.lua", f"""
local fields = {{}}
for line in io.lines("{listed}") do fields[#fields + 1] = line end
local number = 0
request = function()
  number = number % #fields + 1
  return "GET /v1.0/svc77/orders/1 HTTP/1.1\\r\\nHost: bench\\r\\n" .. fields[number]:gsub("|", "\\r\\n") .. "\\r\\n\\r\\n"
end
""")


def _against_tokens(bench: Bench, backend: Server, gateway: Server, run: cost.Run) -> Measured:
    tokens, requests = with_tokens(bench, backend)
    with_token = cost.wrk(requests)
    return cost.against_first(
        bench, [tokens, gateway], lambda server, seconds: (with_token if server is tokens else run)(server, seconds)
    )


# MARK: Making credentials


@functools.cache
def _tokens(work: str) -> list[str]:
    """RS256 tokens of as many subjects, and the key set that they are good for."""
    key = os.path.join(work, "issuer.pem")
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    shown = subprocess.run(["openssl", "rsa", "-in", key, "-noout", "-modulus"], check=True, capture_output=True, text=True)
    modulus = bytes.fromhex(shown.stdout.split("=")[1].strip())
    keys = {"keys": [{"kty": "RSA", "kid": "k1", "alg": "RS256", "use": "sig", "n": _base64url(modulus), "e": "AQAB"}]}
    with open(os.path.join(work, "jwks.json"), "w") as file:
        json.dump(keys, file)
    header = _base64url(json.dumps({"alg": "RS256", "kid": "k1", "typ": "JWT"}).encode())
    now = int(time.time())
    tokens = []
    for number in range(CALLERS):
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": f"user-{number}", "iat": now, "exp": now + 86_400,
                  "scope": "orders.read orders.write"}
        message = f"{header}.{_base64url(json.dumps(claims).encode())}"
        signed = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", key], input=message.encode(), check=True, capture_output=True
        )
        tokens.append(f"{message}.{_base64url(signed.stdout)}")
    return tokens


_nonces = itertools.count()


def _signed(server: Server, number: int) -> str:
    """The fields of RFC 9421, with the pipe between two."""
    parameters = COVERED.format(created=int(time.time()), nonce=f"{server.pid}-{next(_nonces)}")
    base = "\n".join([
        '"@method": GET', '"@authority": bench', '"@path": /v1.0/svc77/orders/1', '"@query": ?',
        f'"@signature-params": {parameters}',
    ])
    mac = base64.b64encode(hmac.digest(SECRET.encode(), base.encode(), "sha256")).decode()
    return f"Signature-Input: sig1={parameters}|Signature: sig1=:{mac}:"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
