"""REST APIs are managed with AWS's own tools: boto3 and plain requests that botocore signs, against the admin listener."""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.request

import boto3
import botocore.session
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from harness import binary, free_port, wait_until

CONFIGURATION = """
apis: { all: { routes: { GET /good: { reply: { text: fine } } } } }
management: {}
"""


@pytest.fixture(scope="module")
def managed(start_shared):
    """A gateway that keeps nothing, and lets in who has the key that it told at its start."""
    return Managed(start_shared)


class Managed:
    def __init__(self, start, *arguments, text=CONFIGURATION, **options):
        self.port = free_port()
        self.gateway = start(text + f"admin: {self.port}\n", arguments=["--ephemeral", *arguments], **options)
        told = exported(self.gateway)
        self.key, self.secret = told.get("AWS_ACCESS_KEY_ID"), told.get("AWS_SECRET_ACCESS_KEY")

    def client(self, service="apigateway", region="eu-west-1", key=None, secret=None):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=key or self.key or "anybody",
            aws_secret_access_key=secret or self.secret or "anything",
            config=Config(retries={"max_attempts": 1}),
        )

    def signed(self, method, path, body=b"", change=None, at=None, service="apigateway", signer=SigV4Auth, headers=None, **options):
        """A request that botocore has signed; `change` is done to it afterwards."""
        url = f"http://127.0.0.1:{self.port}{path}"
        request = AWSRequest(method, url, data=body, headers=headers or {})
        auth = signer(Credentials(self.key, self.secret), service, "eu-west-1", **options)
        if at is not None:
            # Signed at another time than now: what signs reads the clock itself.
            with clock(at):
                auth.add_auth(request)
        else:
            auth.add_auth(request)
        prepared = request.prepare()
        sent = urllib.request.Request(prepared.url, data=body or None, headers=dict(prepared.headers), method=method)
        if change:
            change(sent)
        try:
            with urllib.request.urlopen(sent) as answer:
                return answer.status, json.loads(answer.read() or b"null"), answer.headers
        except urllib.error.HTTPError as answer:
            return answer.code, json.loads(answer.read()), answer.headers


def exported(gateway):
    """What a gateway tells to export when it has started."""
    told = wait_until(lambda: (text := gateway.stderr()).count("listens on") and text.endswith("\n") and text, "the start")
    return dict(re.findall(r"export (\w+)=(\S+)", told))


class clock:
    """Has botocore believe that it is another time."""

    def __init__(self, at):
        self.at = at

    def __enter__(self):
        import botocore.auth

        self.former = botocore.auth.get_current_datetime
        botocore.auth.get_current_datetime = lambda *_, **__: self.at.replace(tzinfo=None)

    def __exit__(self, *_):
        import botocore.auth

        botocore.auth.get_current_datetime = self.former


def error(call, /, **arguments):
    """Status, code and message of the error that a call ends with."""
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    response = raised.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


@pytest.fixture
def api(managed):
    client = managed.client()
    made = client.create_rest_api(name="shop")
    yield made
    try:
        client.delete_rest_api(restApiId=made["id"])
    except ClientError:
        pass


@pytest.fixture
def rest(managed):
    return managed.client()


# REST APIs


def test_a_rest_api_has_the_defaults_of_the_service(rest):
    made = rest.create_rest_api(name="shop")
    status = made.pop("ResponseMetadata")
    assert status["HTTPStatusCode"] == 201
    assert re.fullmatch("[a-z0-9]{10}", made.pop("id"))
    assert re.fullmatch("[a-z0-9]{10}", made.pop("rootResourceId"))
    age = datetime.datetime.now(datetime.UTC) - made.pop("createdDate")
    assert abs(age.total_seconds()) < 60
    assert made == {
        "name": "shop",
        "apiKeySource": "HEADER",
        "disableExecuteApiEndpoint": False,
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
    }


def test_a_rest_api_is_what_it_was_made_with(rest):
    wanted = dict(
        name="shop", description="of all", version="1.2", binaryMediaTypes=["image/png"], minimumCompressionSize=10,
        apiKeySource="AUTHORIZER", disableExecuteApiEndpoint=True, tags={"team": "a"},
        endpointConfiguration={"types": ["PRIVATE"]},
    )  # fmt: skip
    made = rest.create_rest_api(**wanted)
    wanted["endpointConfiguration"]["ipAddressType"] = "dualstack"
    assert {name: made[name] for name in wanted} == wanted
    found = rest.get_rest_api(restApiId=made["id"])
    assert {name: found[name] for name in wanted} == wanted


def test_what_is_deleted_is_gone_with_all_that_it_had(rest):
    made = rest.create_rest_api(name="shop")
    rest.create_resource(restApiId=made["id"], parentId=made["rootResourceId"], pathPart="orders")
    deleted = rest.delete_rest_api(restApiId=made["id"])
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 202
    unknown = (404, "NotFoundException", f"Invalid API identifier specified 000000000000:{made['id']}")
    assert error(rest.get_rest_api, restApiId=made["id"]) == unknown
    assert error(rest.get_resources, restApiId=made["id"]) == unknown
    assert error(rest.delete_rest_api, restApiId=made["id"]) == unknown


def test_lists_come_in_parts(managed):
    client = managed.client(region="ap-northeast-2")
    names = [client.create_rest_api(name=f"api {number}")["name"] for number in range(7)]
    assert [item["name"] for item in client.get_rest_apis()["items"]] == names
    pages = client.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 3})
    assert [[item["name"] for item in page["items"]] for page in pages] == [names[:3], names[3:6], names[6:]]
    assert error(client.get_rest_apis, limit=501)[1] == "BadRequestException"


def test_regions_do_not_see_each_other(managed):
    here, there = (managed.client(region=region) for region in ("us-east-1", "us-west-2"))
    made = here.create_rest_api(name="here")
    assert made["id"] in [item["id"] for item in here.get_rest_apis()["items"]]
    assert made["id"] not in [item["id"] for item in there.get_rest_apis()["items"]]
    assert error(there.get_rest_api, restApiId=made["id"])[0] == 404


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"description": ""}, "Description cannot be an empty string"),
        ({"minimumCompressionSize": -1}, "Invalid minimum compression size, must be between 0 and 10485760"),
        ({"minimumCompressionSize": 10485761}, "Invalid minimum compression size, must be between 0 and 10485760"),
        (
            {"endpointConfiguration": {"types": []}},
            "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
        ),
        ({"endpointConfiguration": {"types": ["EDGE", "REGIONAL"]}}, "Cannot create an api with multiple Endpoint Types."),
        (
            {"endpointConfiguration": {"types": ["PRIVATE"], "ipAddressType": "ipv4"}},
            "Only dualstack ipAddressType is supported for Private APIs.",
        ),
        ({"description": "", "endpointConfiguration": {"types": []}}, "Description cannot be an empty string"),
    ],
)
def test_a_rest_api_that_breaks_a_rule_is_not_made(rest, given, message):
    before = len(rest.get_rest_apis(limit=500)["items"])
    assert error(rest.create_rest_api, name="bad", **given) == (400, "BadRequestException", message)
    assert len(rest.get_rest_apis(limit=500)["items"]) == before


def test_all_constraints_are_told_of_at_once_before_any_rule(rest):
    status, code, message = error(
        rest.create_rest_api,
        name="bad",
        description="",
        apiKeySource="COOKIE",
        endpointConfiguration={"types": ["wrong"], "ipAddressType": "ipv5"},
    )
    assert (status, code) == (400, "ValidationException")
    assert message == (
        "3 validation errors detected: Value 'COOKIE' at 'createRestApiInput.apiKeySource' failed to satisfy constraint: "
        "Member must satisfy enum value set: [HEADER, AUTHORIZER]; "
        "Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]; "
        "Value 'ipv5' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [ipv4, dualstack]"
    )


def test_a_missing_member_is_told_of(managed):
    status, body, headers = managed.signed("POST", "/restapis", b"{}")
    assert (status, headers["x-amzn-ErrorType"]) == (400, "ValidationException")
    assert body == {
        "message": "1 validation error detected: Value null at 'createRestApiInput.name' failed to satisfy constraint: "
        "Member must not be null"
    }


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"name": {}}', b'{"name": "a", "binaryMediaTypes": "b"}'])
def test_a_body_that_is_no_input_is_told_of(managed, body):
    status, _, headers = managed.signed("POST", "/restapis", body)
    assert (status, headers["x-amzn-ErrorType"]) == (400, "SerializationException")


def patch(op, path, value=None):
    return {"op": op, "path": path} | ({} if value is None else {"value": value})


@pytest.mark.parametrize(
    ("patches", "member", "expected"),
    [
        ([patch("replace", "/name", "other")], "name", "other"),
        ([patch("replace", "/description", "new")], "description", "new"),
        ([patch("remove", "/description")], "description", None),
        ([patch("add", "/binaryMediaTypes/image~1png", "ignored")], "binaryMediaTypes", ["a/b", "image/png"]),
        ([patch("add", "/binaryMediaTypes/-", "image/png")], "binaryMediaTypes", ["a/b", "-"]),
        ([patch("replace", "/binaryMediaTypes/a~1b", "image/gif")], "binaryMediaTypes", ["image/gif"]),
        ([patch("remove", "/binaryMediaTypes/a~1b")], "binaryMediaTypes", None),
        ([patch("replace", "/minimumCompressionSize", "10")], "minimumCompressionSize", 10),
        ([patch("replace", "/minimumCompressionSize", "0")], "minimumCompressionSize", 0),
        ([patch("replace", "/minimumCompressionSize", "")], "minimumCompressionSize", None),
        ([patch("replace", "/disableExecuteApiEndpoint", "true")], "disableExecuteApiEndpoint", True),
        (
            [patch("replace", "/endpointConfiguration/types/EDGE", "PRIVATE")],
            "endpointConfiguration",
            {"types": ["PRIVATE"], "ipAddressType": "dualstack"},
        ),
        ([patch("replace", "/name", "a"), patch("replace", "/name", "b")], "name", "b"),
    ],
)
def test_a_rest_api_is_patched(rest, patches, member, expected):
    made = rest.create_rest_api(
        name="shop", description="old", binaryMediaTypes=["a/b"], minimumCompressionSize=5
    )
    patched = rest.update_rest_api(restApiId=made["id"], patchOperations=patches)
    assert patched.get(member) == expected
    assert patched["tags"] == {}
    assert rest.get_rest_api(restApiId=made["id"]).get(member) == expected


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (patch("add", "/binaryMediaTypes", "a/b"), "Invalid patch path /binaryMediaTypes"),
        (patch("replace", "/wrong", "a"), "Invalid patch path /wrong"),
        (patch("add", "/minimumCompressionSize", "1"), "Invalid patch operation specified. Must be one of: [replace]"),
        (
            patch("replace", "/minimumCompressionSize", "many"),
            "Invalid minimum compression size, must be between 0 and 10485760",
        ),
        (
            patch("replace", "/endpointConfiguration/ipAddressType", "ipv5"),
            "ipAddressType must be either ipv4 or dualstack.",
        ),
        (
            patch("replace", "/endpointConfiguration/types/EDGE", "wrong"),
            "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE",
        ),
    ],
)
def test_a_patch_that_breaks_a_rule_changes_nothing(rest, api, operation, message):
    patches = [patch("replace", "/name", "changed"), operation]
    refused = error(rest.update_rest_api, restApiId=api["id"], patchOperations=patches)
    assert refused == (400, "BadRequestException", message)
    assert rest.get_rest_api(restApiId=api["id"])["name"] == "shop"


def test_every_wrong_verb_of_patches_is_told_of(rest, api):
    patches = [{"op": "wrong", "path": "/name"}, patch("replace", "/name", "a"), {"op": "bad", "path": "/name"}]
    place = "updateRestApiInput.patchOperations"
    rule = "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
    assert error(rest.update_rest_api, restApiId=api["id"], patchOperations=patches) == (
        400,
        "ValidationException",
        f"2 validation errors detected: Value 'wrong' at '{place}.1.member.op' failed to satisfy constraint: {rule}; "
        f"Value 'bad' at '{place}.3.member.op' failed to satisfy constraint: {rule}",
    )


# Resources


def resource(rest, api, part, parent=None):
    return rest.create_resource(restApiId=api["id"], parentId=parent or api["rootResourceId"], pathPart=part)


def paths(rest, api):
    return [item["path"] for item in rest.get_resources(restApiId=api["id"])["items"]]


def test_the_tree_of_resources(rest, api):
    root = rest.get_resource(restApiId=api["id"], resourceId=api["rootResourceId"])
    assert {"id": root["id"], "path": root["path"]} == {"id": api["rootResourceId"], "path": "/"}
    assert "parentId" not in root and "pathPart" not in root
    orders = resource(rest, api, "orders")
    order = resource(rest, api, "{id}", orders["id"])
    rest_of_it = resource(rest, api, "{child+}", order["id"])
    assert orders["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (order["parentId"], order["pathPart"], order["path"]) == (orders["id"], "{id}", "/orders/{id}")
    assert rest_of_it["path"] == "/orders/{id}/{child+}"
    resource(rest, api, "accounts")
    assert paths(rest, api) == ["/", "/accounts", "/orders", "/orders/{id}", "/orders/{id}/{child+}"]


def test_a_deleted_resource_takes_its_subtree_with_it(rest, api):
    orders = resource(rest, api, "orders")
    order = resource(rest, api, "{id}", orders["id"])
    deleted = rest.delete_resource(restApiId=api["id"], resourceId=orders["id"])
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert paths(rest, api) == ["/"]
    unknown = (404, "NotFoundException", "Invalid Resource identifier specified")
    assert error(rest.delete_resource, restApiId=api["id"], resourceId=order["id"]) == unknown
    assert error(rest.create_resource, restApiId=api["id"], parentId=orders["id"], pathPart="a") == unknown


@pytest.mark.parametrize(
    ("there", "part", "expected"),
    [
        ("a", "a", (409, "ConflictException", "Another resource with the same parent already has this name: a")),
        (
            "{proxy+}",
            "{id}",
            (
                400,
                "BadRequestException",
                "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed",
            ),
        ),
    ],
)
def test_resources_that_can_not_stand_beside_each_other(rest, api, there, part, expected):
    resource(rest, api, there)
    assert error(resource, rest=rest, api=api, part=part) == expected


def test_nothing_stands_under_a_greedy_resource(rest, api):
    greedy = resource(rest, api, "{proxy+}")
    resource(rest, api, "beside")
    assert error(resource, rest=rest, api=api, part="a", parent=greedy["id"]) == (
        400,
        "BadRequestException",
        "Cannot create a child of a resource with a greedy path variable: {proxy+}",
    )


def update(rest, api, resource_id, *patches):
    return rest.update_resource(restApiId=api["id"], resourceId=resource_id, patchOperations=list(patches))


def test_a_subtree_follows_its_resource(rest, api):
    orders, others = resource(rest, api, "orders"), resource(rest, api, "others")
    order = resource(rest, api, "{id}", orders["id"])
    resource(rest, api, "lines", order["id"])
    update(rest, api, orders["id"], patch("replace", "/pathPart", "sales"))
    assert paths(rest, api) == ["/", "/others", "/sales", "/sales/{id}", "/sales/{id}/lines"]
    moved = update(rest, api, order["id"], patch("replace", "/parentId", others["id"]))
    assert (moved["path"], moved["parentId"]) == ("/others/{id}", others["id"])
    assert paths(rest, api) == ["/", "/others", "/others/{id}", "/others/{id}/lines", "/sales"]


def test_resources_that_can_not_be_patched_so(rest, api):
    orders = resource(rest, api, "orders")
    order = resource(rest, api, "{id}", orders["id"])
    resource(rest, api, "others")
    cases = [
        (orders, patch("replace", "/parentId", order["id"]), "Resources cannot be cyclical."),
        ({"id": api["rootResourceId"]}, patch("replace", "/pathPart", "a"), "Root resource cannot update its pathPart."),
        ({"id": api["rootResourceId"]}, patch("replace", "/parentId", "a"), "Root resource cannot update its parentId."),
        (
            orders,
            patch("add", "/pathPart", "a"),
            "Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported operations",
        ),
        (
            orders,
            patch("replace", "/invalid", "a"),
            "Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]",
        ),
    ]
    for changed, operation, message in cases:
        with pytest.raises(ClientError) as raised:
            update(rest, api, changed["id"], operation)
        assert raised.value.response["Error"]["Message"] == message
    with pytest.raises(ClientError) as raised:
        update(rest, api, orders["id"], patch("replace", "/pathPart", "others"))
    assert raised.value.response["Error"]["Code"] == "ConflictException"


# Methods


def put_method(rest, api, method="GET", resource=None, **given):
    given.setdefault("authorizationType", "NONE")
    return rest.put_method(restApiId=api["id"], resourceId=resource or api["rootResourceId"], httpMethod=method, **given)


def method_of(rest, api, method="GET"):
    found = rest.get_method(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod=method)
    del found["ResponseMetadata"]
    return found


def test_a_method_has_the_defaults_of_the_service(rest, api):
    made = put_method(rest, api)
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    assert made == method_of(rest, api) == {"httpMethod": "GET", "authorizationType": "NONE", "apiKeyRequired": False}
    rest.delete_method(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET")
    assert error(method_of, rest=rest, api=api) == (404, "NotFoundException", "Invalid Method identifier specified")


def test_a_method_is_what_it_was_made_with(rest, api):
    validator = rest.create_request_validator(restApiId=api["id"], name="all", validateRequestBody=True)
    given = dict(
        authorizationType="AWS_IAM", apiKeyRequired=True, operationName="listOrders", requestValidatorId=validator["id"],
        requestParameters={"method.request.header.a": True}, requestModels={"application/json": "Empty"},
    )  # fmt: skip
    put_method(rest, api, "ANY", **given)
    assert method_of(rest, api, "ANY") == given | {"httpMethod": "ANY"}


def test_resources_tell_their_methods(rest, api):
    put_method(rest, api, "GET")
    put_method(rest, api, "POST", apiKeyRequired=True)
    [root] = rest.get_resources(restApiId=api["id"])["items"]
    assert root["resourceMethods"] == {"GET": {}, "POST": {}}
    whole = rest.get_resource(restApiId=api["id"], resourceId=root["id"], embed=["methods"])["resourceMethods"]
    assert whole["POST"] == {"httpMethod": "POST", "authorizationType": "NONE", "apiKeyRequired": True}


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        (
            "FETCH",
            {},
            "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
        ),
        (
            "GET",
            {"authorizationType": "CUSTOM", "authorizerId": "abc"},
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a "
            "valid authorizer.",
        ),
        ("GET", {"requestValidatorId": "abc"}, "Invalid Request Validator identifier specified"),
        ("GET", {"requestModels": {"a/b": "order"}}, "Invalid model identifier specified: order"),
        (
            "GET",
            {"requestParameters": {"method.request.header.a": True, "method.request.querystring.a": False}},
            "Parameter names must be unique across querystring, header and path",
        ),
    ],
)
def test_a_method_that_breaks_a_rule_is_not_made(rest, api, method, given, message):
    refused = error(put_method, rest=rest, api=api, method=method, **given)
    assert refused == (400, "BadRequestException", message)
    assert "resourceMethods" not in rest.get_resources(restApiId=api["id"])["items"][0]


def test_a_method_of_what_is_not_there(rest, api):
    unknown = (404, "NotFoundException", "Invalid Resource identifier specified")
    assert error(put_method, rest=rest, api=api, resource="nothing") == unknown
    assert error(put_method, rest=rest, api={"id": "nothing"}, resource=api["rootResourceId"]) == unknown
    assert error(put_method, rest=rest, api=api, resource="nothing", method="FETCH") == unknown


def patch_method(rest, api, *patches):
    return rest.update_method(
        restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", patchOperations=list(patches)
    )


@pytest.mark.parametrize(
    ("operation", "member", "expected"),
    [
        (patch("replace", "/operationName", "list"), "operationName", "list"),
        (patch("replace", "/apiKeyRequired", "true"), "apiKeyRequired", True),
        (patch("replace", "/apiKeyRequired", "maybe"), "apiKeyRequired", False),
        (patch("replace", "/authorizationType", "AWS_IAM"), "authorizationType", "AWS_IAM"),
        (patch("replace", "/authorizerId", "ignored"), "authorizerId", None),
        (
            patch("add", "/requestParameters/method.request.querystring.x", "true"),
            "requestParameters",
            {"method.request.querystring.q": False, "method.request.querystring.x": True},
        ),
        (
            patch("replace", "/requestParameters/method.request.querystring.q", "true"),
            "requestParameters",
            {"method.request.querystring.q": True},
        ),
        (patch("remove", "/requestParameters/method.request.querystring.q"), "requestParameters", None),
        (patch("add", "/requestModels/a~1b", "Error"), "requestModels", {"application/json": "Empty", "a/b": "Error"}),
        (patch("remove", "/requestModels/application~1json", "ignored"), "requestModels", None),
    ],
)
def test_a_method_is_patched(rest, api, operation, member, expected):
    put_method(
        rest, api, requestParameters={"method.request.querystring.q": False}, requestModels={"application/json": "Empty"}
    )
    assert patch_method(rest, api, operation).get(member) == expected
    assert method_of(rest, api).get(member) == expected


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (patch("add", "/operationName", "a"), "Invalid patch operation specified. Must be one of: [replace]"),
        (patch("remove", "/apiKeyRequired"), "Invalid patch operation specified. Must be one of: [replace]"),
        (patch("replace", "/httpMethod", "PUT"), "Invalid patch path /httpMethod"),
        (patch("replace", "/requestParameters", "a"), "Invalid patch path /requestParameters"),
        (patch("add", "/requestModels/application/json", "Empty"), "Invalid patch path /requestModels/application/json"),
    ],
)
def test_a_method_is_not_patched_so(rest, api, operation, message):
    put_method(rest, api)
    before = method_of(rest, api)
    assert error(lambda: patch_method(rest, api, operation)) == (400, "BadRequestException", message)
    assert method_of(rest, api) == before


# What methods answer


def test_responses_of_methods(rest, api):
    put_method(rest, api)
    place = dict(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", statusCode="200")
    given = dict(responseModels={"application/json": "Empty"}, responseParameters={"method.response.header.a": True})
    made = rest.put_method_response(**place, **given)
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    assert made == given | {"statusCode": "200"}
    assert method_of(rest, api)["methodResponses"] == {"200": made}
    assert error(rest.put_method_response, **place)[1] == "ConflictException"
    patched = rest.update_method_response(
        **place,
        patchOperations=[
            patch("replace", "/responseParameters/method.response.header.a", "false"),
            patch("remove", "/responseModels/application~1json"),
        ],
    )
    assert patched["responseParameters"] == {"method.response.header.a": False}
    rest.delete_method_response(**place)
    assert error(rest.get_method_response, **place) == (404, "NotFoundException", "Invalid Response status code specified")
    assert "methodResponses" not in method_of(rest, api)


def test_a_status_is_one_of_http(rest, api):
    put_method(rest, api)
    place = dict(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", statusCode="999")
    assert error(rest.put_method_response, **place) == (
        400,
        "ValidationException",
        "1 validation error detected: Value '999' at 'statusCode' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [1-5]\d\d",
    )


# Integrations


def put_integration(rest, api, **given):
    place = dict(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET")
    return rest.put_integration(**place, **given)


def test_an_integration_has_the_defaults_of_the_service(rest, api):
    put_method(rest, api)
    made = put_integration(rest, api, type="HTTP_PROXY", integrationHttpMethod="GET", uri="http://127.0.0.1/a")
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    assert made == {
        "type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://127.0.0.1/a", "timeoutInMillis": 29000,
        "passthroughBehavior": "WHEN_NO_MATCH", "cacheNamespace": api["rootResourceId"], "cacheKeyParameters": [],
    }  # fmt: skip
    assert method_of(rest, api)["methodIntegration"] == made
    place = dict(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET")
    rest.delete_integration(**place)
    missing = (404, "NotFoundException", "Invalid Integration identifier specified")
    assert error(rest.get_integration, **place) == missing
    assert error(rest.put_integration_response, statusCode="200", **place) == missing


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"type": "HTTP"}, "Enumeration value for HttpMethod must be non-empty"),
        ({"type": "HTTP", "integrationHttpMethod": "GET", "uri": "a"}, "Invalid HTTP endpoint specified for URI"),
        (
            {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": "arn:aws:apigateway:r:lambda:nothing"},
            "AWS ARN for integration must contain path or action",
        ),
        (
            {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": "nothing"},
            "Invalid ARN specified in the request",
        ),
        (
            {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": "arn:aws:apigateway:r:sns:path/a"},
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        ),
        ({"type": "MOCK", "timeoutInMillis": 49}, "Timeout should be between 50 ms and 29000 ms"),
        ({"type": "MOCK", "credentials": "arn:a"}, "This gateway takes no credentials of an integration yet"),
    ],
)
def test_an_integration_that_breaks_a_rule_is_not_made(rest, api, given, message):
    put_method(rest, api)
    assert error(put_integration, rest=rest, api=api, **given) == (400, "BadRequestException", message)
    assert "methodIntegration" not in method_of(rest, api)


def test_a_mock_and_its_responses(rest, api):
    put_method(rest, api)
    put_integration(rest, api, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    place = dict(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET")
    made = rest.put_integration_response(
        **place, statusCode="200", selectionPattern="", responseTemplates={"application/json": "fine"}
    )
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    integration = rest.get_integration(**place)
    assert integration["integrationResponses"] == {"200": made}
    patched = rest.update_integration_response(
        **place, statusCode="200", patchOperations=[patch("replace", "/selectionPattern", "5..")]
    )
    assert patched["selectionPattern"] == "5.."
    patched = rest.update_integration(**place, patchOperations=[patch("replace", "/timeoutInMillis", "500")])
    assert patched["timeoutInMillis"] == 500 and patched["integrationResponses"]["200"]["selectionPattern"] == "5.."
    refused = error(rest.update_integration, **place, patchOperations=[patch("replace", "/timeoutInMillis", "5")])
    assert refused == (400, "BadRequestException", "Timeout should be between 50 ms and 29000 ms")
    rest.delete_integration_response(**place, statusCode="200")
    assert error(rest.get_integration_response, **place, statusCode="200")[0] == 404


# Request validators


def test_request_validators(rest, api):
    made = rest.create_request_validator(restApiId=api["id"], name="all")
    assert made.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    assert made == {"id": made["id"], "name": "all", "validateRequestBody": False, "validateRequestParameters": False}
    patched = rest.update_request_validator(
        restApiId=api["id"],
        requestValidatorId=made["id"],
        patchOperations=[patch("replace", "/validateRequestBody", "true"), patch("replace", "/validateRequestParameters")],
    )
    assert (patched["validateRequestBody"], patched["validateRequestParameters"]) == (True, False)
    [listed] = rest.get_request_validators(restApiId=api["id"])["items"]
    assert listed == made | {"validateRequestBody": True}
    deleted = rest.delete_request_validator(restApiId=api["id"], requestValidatorId=made["id"])
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 202
    unknown = (404, "NotFoundException", "Invalid Request Validator identifier specified")
    assert error(rest.get_request_validator, restApiId=api["id"], requestValidatorId=made["id"]) == unknown
    assert error(rest.delete_request_validator, restApiId="nothing", requestValidatorId=made["id"]) == unknown
    invalid = (400, "BadRequestException", "Invalid REST API identifier specified")
    assert error(rest.create_request_validator, restApiId="nothing", name="all") == invalid
    unknown_api = (404, "NotFoundException", "Invalid API identifier specified 000000000000:nothing")
    assert error(rest.get_request_validators, restApiId="nothing") == unknown_api


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        (
            patch("add", "/validateRequestBody", "true"),
            "Invalid patch path  '/validateRequestBody' specified for op 'add'. Please choose supported operations",
        ),
        (
            patch("replace", "/invalidPath", "a"),
            "Invalid patch path  '/invalidPath' specified for op 'replace'. "
            "Must be one of: [/name, /validateRequestParameters, /validateRequestBody]",
        ),
        (patch("replace", "/name", ""), "Request Validator name cannot be blank"),
    ],
)
def test_a_validator_is_not_patched_so(rest, api, operation, message):
    made = rest.create_request_validator(restApiId=api["id"], name="all")
    refused = error(
        rest.update_request_validator,
        restApiId=api["id"],
        requestValidatorId=made["id"],
        patchOperations=[operation],
    )
    assert refused == (400, "BadRequestException", message)


def test_a_validator_that_a_method_asks_for_stays(rest, api):
    made = rest.create_request_validator(restApiId=api["id"], name="all")
    put_method(rest, api, requestValidatorId=made["id"])
    refused = error(rest.delete_request_validator, restApiId=api["id"], requestValidatorId=made["id"])
    assert refused[:2] == (409, "ConflictException")
    assert rest.get_request_validator(restApiId=api["id"], requestValidatorId=made["id"])["name"] == "all"


# What is not served


def test_an_operation_that_is_not_served_is_named(managed):
    assert error(managed.client().get_vpc_links) == (
        501,
        "UnsupportedOperationException",
        "GetVpcLinks is not served by this gateway. What is served: docs/management.md",
    )
    assert error(managed.client("apigatewayv2").get_apis)[1] == "UnsupportedOperationException"


def made_up(shape):
    """A value of a shape, with nothing that need not be there."""
    if shape.type_name == "structure":
        return {name: made_up(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "list":
        return [made_up(shape.member)]
    if shape.type_name == "map":
        return {"a": made_up(shape.value)}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "200" if shape.name.endswith("StatusCode") else "abc"
    return {"integer": 100, "boolean": True, "blob": b"{}", "long": 100, "double": 1.0, "float": 1.0}.get(shape.type_name)


@pytest.mark.parametrize("service", ["apigateway", "apigatewayv2"])
def test_the_guide_says_which_of_all_operations_are_served(managed, service):
    client = managed.client(service, region="af-south-1")
    served = set()
    for name in client.meta.service_model.operation_names:
        shape = client.meta.service_model.operation_model(name).input_shape
        try:
            client._make_api_call(name, made_up(shape) if shape else {})
            served.add(name)
        except ClientError as refused:
            code = refused.response["Error"]["Code"]
            assert code != "MissingAuthenticationTokenException", f"{name} is not known"
            if code == "UnsupportedOperationException":
                assert refused.response["Error"]["Message"].startswith(f"{name} is not served")
            else:
                served.add(name)
    guide = pathlib.Path(__file__).parents[2].joinpath("docs/management.md").read_text()
    section = guide.split("## What is served")[1].split("\n## ")[0]
    documented = set(re.findall(r"`((?:Create|Get|Put|Update|Delete)\w+)`", section))
    assert served == (documented if service == "apigateway" else set())


def test_a_path_of_no_operation(managed):
    status, body, _ = managed.signed("GET", "/restapis/a/b/c")
    assert (status, body) == (403, {"message": "Missing Authentication Token"})


# Signatures

CALCULATED = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)


def test_who_has_not_the_key_is_not_let_in(managed):
    assert error(managed.client(secret="wrong").get_rest_apis) == (403, "InvalidSignatureException", CALCULATED)
    assert error(managed.client(key="AKIAUNKNOWN").get_rest_apis) == (
        403,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{managed.port}/restapis")
    assert refused.value.code == 403
    assert refused.value.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


@pytest.mark.parametrize(
    "path", ["/restapis?limit=5", "/restapis?limit=5&position=0", "/restapis?position=0&limit=25", "//restapis/"]
)
def test_what_botocore_signs_is_understood(managed, path):
    status, body, headers = managed.signed("GET", path)
    assert status == 200, body
    assert re.fullmatch("[0-9a-f-]{36}", headers["x-amzn-RequestId"])


@pytest.mark.parametrize("name", ["a b", "a/b", "ü", "a+b", "a%2Fb", "~-._", "a&b=c", "a//b"])
def test_paths_and_queries_of_all_signs_are_signed_alike(managed, name):
    from urllib.parse import quote

    status, body, _ = managed.signed("GET", f"/restapis/{quote(name, safe='')}")
    assert (status, body["message"]) == (404, f"Invalid API identifier specified 000000000000:{name}")
    status, body, _ = managed.signed("GET", f"/restapis?position={quote(name, safe='')}&b=2&a=1&a=0")
    assert (status, body["message"]) == (400, "Invalid position parameter")


def test_a_presigned_url(managed):
    status, body, _ = managed.signed("GET", "/restapis?limit=5", signer=SigV4QueryAuth, expires=60)
    assert status == 200, body
    hour_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    status, body, _ = managed.signed("GET", "/restapis", signer=SigV4QueryAuth, expires=7200, at=hour_ago)
    assert status == 200, body
    status, body, _ = managed.signed("GET", "/restapis", signer=SigV4QueryAuth, expires=60, at=hour_ago)
    assert status == 403 and body["message"].startswith("Signature expired: ")


@pytest.mark.parametrize(
    ("minutes", "message"),
    [(-6, r"Signature expired: \w+ is now earlier than \w+ \(\w+ - 5 min\.\)"),
     (6, r"Signature not yet current: \w+ is still later than \w+ \(\w+ \+ 5 min\.\)")],
)  # fmt: skip
def test_a_signature_of_another_time(managed, minutes, message):
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
    status, body, headers = managed.signed("GET", "/restapis", at=at)
    assert (status, headers["x-amzn-ErrorType"]) == (403, "InvalidSignatureException")
    assert re.fullmatch(message, body["message"])


def _other_path(sent):
    sent.full_url = sent.full_url.replace("/restapis", "/apikeys")


def _other_query(sent):
    sent.full_url += "&limit=500"


def _other_body(sent):
    sent.data = b'{"name": "other"}'


def _other_date(sent):
    sent.headers["X-amz-date"] = "20200101T000000Z"


def _other_method(sent):
    sent.method = "DELETE"


@pytest.mark.parametrize("change", [_other_path, _other_query, _other_body, _other_method])
def test_what_was_changed_after_it_was_signed_is_refused(managed, change):
    status, body, _ = managed.signed("POST", "/restapis?a=b", b'{"name": "shop"}', change=change)
    assert (status, body["message"]) == (403, CALCULATED)


def test_a_date_that_is_not_the_credentials(managed):
    status, body, _ = managed.signed("GET", "/restapis", change=_other_date)
    assert status == 403 and body["message"].startswith("Date in Credential scope does not match")


def test_a_field_that_services_read_has_to_be_signed(managed):
    def add(sent):
        sent.headers["X-Amz-Security-Token"] = "forged"

    status, body, _ = managed.signed("GET", "/restapis", change=add)
    assert (status, body["message"]) == (
        403,
        "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization.",
    )


def test_credentials_for_another_service(managed):
    status, body, _ = managed.signed("GET", "/restapis", service="sqs")
    assert (status, body["message"]) == (403, "Credential should be scoped to correct service: 'apigateway'.")


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256 Credential=a",
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=00",
        "AWS4-HMAC-SHA256 Credential=a/20260101/b/apigateway/aws4_request, SignedHeaders=host, Signature=zz",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 " + "=," * 1000,
    ],
)
def test_what_only_looks_like_a_signature(managed, authorization):
    def put(sent):
        sent.headers["Authorization"] = authorization

    status, _, headers = managed.signed("GET", "/restapis", change=put)
    assert status == 403
    assert headers["x-amzn-ErrorType"] in ("IncompleteSignatureException", "InvalidSignatureException")


# Who may do without


def test_an_open_gateway_takes_every_key(start):
    managed = Managed(start, "--open")
    assert managed.key is None
    assert managed.client().create_rest_api(name="shop")["name"] == "shop"
    assert "every request" in managed.gateway.stderr()


def test_an_open_gateway_is_not_for_pages_of_other_sites(start):
    managed = Managed(start, "--open")
    for path in ("/restapis", "/reset"):
        sent = urllib.request.Request(
            f"http://127.0.0.1:{managed.port}{path}", b'{"name": "shop"}', {"Origin": "https://other.example"}, method="POST"
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(sent)
        assert refused.value.code == 403
    assert managed.client().get_rest_apis()["items"] == []


def test_an_open_gateway_is_one_of_the_loopback(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIGURATION + "admin: { port: 0, address: 0.0.0.0 }\n")
    ended = subprocess.run([binary(), "run", "--ephemeral", "--open", str(file)], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1
    assert "loopback" in ended.stderr


@pytest.mark.parametrize(
    ("rest", "arguments", "told"),
    [
        ("admin: 0\nmanagement: {}\n", [], "need a folder"),
        ("management: {}\ndata: data\n", [], "admin listener"),
        ("admin: 0\nmanagement: { account: 12 }\ndata: data\n", [], "twelve digits"),
        ("admin: 0\nmanagement: { acount: '1' }\ndata: data\n", [], 'did you mean "account"'),
        ("", ["--open"], "--ephemeral"),
        ("", ["--clock-skew", "off"], "--ephemeral"),
    ],
)
def test_settings_that_can_not_be(tmp_path, rest, arguments, told):
    file = tmp_path / "gateway.yaml"
    file.write_text("apis: { all: { routes: { GET /good: { reply: { text: fine } } } } }\n" + rest)
    command = [binary(), "run", "--port", "0", *arguments, str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert ended.returncode in (1, 2, 64) and told in ended.stderr, ended


def test_no_file_is_needed():
    command = [binary(), "run", "--ephemeral", "--open", "--json", "--port", "0", "--admin-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        told = json.loads(process.stdout.readline())
        assert told["management"] == {"open": True}
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://{told['listening'][0].replace('0.0.0.0', '127.0.0.1')}/")
        assert refused.value.code == 404
        with urllib.request.urlopen(f"http://{told['admin']}/restapis") as answer:
            assert json.loads(answer.read()) == {"item": []}
        process.terminate()
        assert process.wait(10) == 0


def test_signatures_of_any_age(start):
    managed = Managed(start, "--clock-skew", "off")
    at = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    status, body, _ = managed.signed("GET", "/restapis", at=at)
    assert status == 200, body


# The store


def test_what_was_made_is_there_after_a_kill(start, tmp_path):
    port = free_port()
    text = CONFIGURATION + f"admin: {port}\ndata: {tmp_path / 'data'}\n"

    def begin():
        gateway = start(text)
        return gateway, exported(gateway)

    gateway, told = begin()
    client = boto3.client(
        "apigateway", region_name="eu-west-1", endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"], aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"max_attempts": 1}),
    )  # fmt: skip
    made = [client.create_rest_api(name=f"api {number}")["id"] for number in range(20)]
    gateway.process.kill()
    gateway.process.wait()
    _, told = begin()
    assert told == {}, "the key is told once"
    assert [item["id"] for item in client.get_rest_apis()["items"]] == made
    for name in ("management.key", "management.sqlite"):
        assert os.stat(tmp_path / "data" / name).st_mode & 0o077 == 0, name


def test_a_reset_leaves_nothing(managed):
    client = managed.client(region="sa-east-1")
    client.create_rest_api(name="shop")
    request = urllib.request.Request(f"http://127.0.0.1:{managed.port}/reset", method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    assert client.get_rest_apis()["items"] == []


# The models


def test_the_tables_of_operations_are_botocores():
    script = os.path.join(os.path.dirname(__file__), "../../scripts/service-models")
    checked = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
