"""Issuers of tokens: keys that rotate, and a server that has the key set and the discovery document.

    with Issuer() as issuer:
        token = issuer.token(sub="customer-1")
        gateway = start(FILE % issuer.jwks_url)
"""

import http.server
import json
import threading
import time

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

RSA_KEYS = []
"""RSA keys take a while to make, and tests share them."""


def rsa_key(number):
    while len(RSA_KEYS) <= number:
        RSA_KEYS.append(RSAKey.generate_key(2048, parameters={"kid": f"rsa-{len(RSA_KEYS)}"}))
    return RSA_KEYS[number]


def ec_key(curve="P-256", name="ec"):
    return ECKey.generate_key(curve, parameters={"kid": name})


def ed_key(name="ed"):
    return OKPKey.generate_key("Ed25519", parameters={"kid": name})


def key_set(*keys):
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]})


def token(key, algorithm="RS256", header=None, **claims):
    """A token with these claims; one that is None is left out."""
    now = int(time.time())
    known = {"iss": "https://issuer.test", "aud": "orders", "sub": "customer-1", "exp": now + 600, "iat": now}
    known.update(claims)
    payload = {name: value for name, value in known.items() if value is not None}
    fields = {"alg": algorithm, "kid": key.kid, **(header or {})}
    fields = {name: value for name, value in fields.items() if value is not None}
    return jwt.encode(fields, payload, key, algorithms=[algorithm])


class Issuer:
    """An OpenID provider on a loopback port. `keys` is what its key set has; `status` makes it fail."""

    def __init__(self, *keys):
        self.keys = list(keys or [rsa_key(0)])
        self.status = 200
        self.fetches = 0
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                owner._answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.jwks_url = self.url + "/jwks.json"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _answer(self, request):
        if request.path == "/.well-known/openid-configuration":
            body = json.dumps({"issuer": self.url, "jwks_uri": self.jwks_url}).encode()
        elif request.path == "/jwks.json":
            self.fetches += 1
            body = key_set(*self.keys).encode()
        else:
            request.send_error(404)
            return
        request.send_response(self.status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def token(self, key=None, algorithm="RS256", **claims):
        claims.setdefault("iss", self.url)
        return token(key or self.keys[0], algorithm, **claims)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
