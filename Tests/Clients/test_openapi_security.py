"""`security` of OpenAPI documents: which authorizers it asks for."""

import json

import pytest
from harness import request
from issuers import key_set, rsa_key, token

DOCUMENT = {
    "openapi": "3.0.3",
    "security": [{"key": []}],
    "components": {
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            "oidc": {"type": "openIdConnect", "openIdConnectUrl": "https://issuer.test/.well-known/openid-configuration"},
        }
    },
    "paths": {},
}

FILE = """
authorizers:
  key: {{ api_key: {{}} }}
  oidc: {{ jwt: {{ issuer: https://issuer.test, audience: orders, jwks: jwks.json }} }}
  inside: {{ address: {{ deny: 127.0.0.1 }} }}
customers: {{ acme: {{ api_keys: {{ secret: "env:ACME_KEY" }} }} }}
apis:
  plain: {{ openapi: api.json }}
  behind: {{ openapi: api.json, path: /behind, authorize: inside }}
"""

KEY = "X-Api-Key: acme-acme-acme-acme"


@pytest.fixture
def gateway(start, backend, tmp_path):
    def operation(**more):
        integration = {"type": "http_proxy", "uri": f"{backend.url}/", "httpMethod": "ANY"}
        return {"get": {"x-amazon-apigateway-integration": integration, **more}}

    document = DOCUMENT | {
        "paths": {
            "/common": operation(),
            "/none": operation(security=[]),
            "/scoped": operation(security=[{"oidc": ["orders.read", "orders.admin"]}]),
            "/either": operation(security=[{"oidc": []}, {"key": []}]),
            "/both": operation(security=[{"oidc": [], "key": []}]),
        }
    }
    (tmp_path / "api.json").write_text(json.dumps(document))
    (tmp_path / "jwks.json").write_text(key_set(rsa_key(0)))
    return start(FILE.format(), folder=tmp_path, environment={"ACME_KEY": "acme-acme-acme-acme"})


def test_each_operation_asks_for_what_the_document_says(gateway):
    def status(path, *fields):
        return gateway.exchange(request("GET", path, *fields)).status

    bearer = "Authorization: Bearer " + token(rsa_key(0))
    scoped = "Authorization: Bearer " + token(rsa_key(0), scope="other orders.admin")
    assert [status("/common"), status("/common", bearer), status("/common", KEY)] == [403, 403, 200]
    assert status("/none") == 200
    assert [status("/scoped"), status("/scoped", bearer), status("/scoped", scoped)] == [401, 403, 200]
    assert [status("/either"), status("/either", bearer), status("/either", KEY)] == [401, 200, 200]
    assert [status("/both", bearer), status("/both", KEY), status("/both", bearer, KEY)] == [403, 401, 200]
    # What the API in the file asks for, no document takes away.
    assert [status("/behind/none"), status("/behind/common", KEY)] == [403, 200]
