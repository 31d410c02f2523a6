"""The OpenAPI description: what all views share, the key, and the call endpoint, which the gateway serves."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from marketplace.api.serializers.pages import ErrorSerializer

ERRORS = {"4XX": ErrorSerializer}
PAGING = [
    OpenApiParameter("limit", OpenApiTypes.INT, description="Results in a page, 1 to 200. Default 50."),
    OpenApiParameter("marker", OpenApiTypes.STR, description="The marker of the page before."),
]
SCHEME = "ApiKey"
CALL_PATH = "/v1/algo/{owner}/{name}"


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How a key is sent."""

    target_class = "marketplace.api.authentication.ApiKeyAuthentication"
    name = SCHEME

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002 - its signature
        description = "`Simple KEY`. The bare key and `Bearer KEY` are understood too."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": description}


def leave_out_ids(endpoints: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Preprocessing hook: an algorithm's id can stand for owner and name everywhere, which is said once."""
    return [endpoint for endpoint in endpoints if "{algorithm_id}" not in endpoint[0]]


class CallTokenScheme(OpenApiAuthenticationExtension):
    """How an algorithm asks, while it runs."""

    target_class = "marketplace.api.authentication.CallTokenAuthentication"
    name = "CallToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002 - its signature
        description = "`Simple TOKEN`: the right to call that an algorithm has while it runs."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": description}


def add_calls(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Postprocessing hook: describes the call endpoint, with and without a version."""
    result["paths"][CALL_PATH] = {"post": _call("call_algorithm", ())}
    result["paths"][CALL_PATH + "/{version}"] = {"post": _call("call_version", ("version",))}
    result["paths"] = dict(sorted(result["paths"].items()))
    result["components"]["schemas"] |= {"Answer": ANSWER, "AnswerError": ANSWER_ERROR}
    return result


def _call(operation_id: str, more: tuple[str, ...]) -> dict[str, Any]:
    names = ("owner", "name", *more)
    in_path = [{"in": "path", "name": name, "required": True, "schema": {"type": "string"}} for name in names]
    return {
        "operationId": operation_id,
        "description": "Call an algorithm: its newest version, or the one that `version` names (`1.2.3`, `1.2`, `1.*`, "
        "a source hash). An algorithm that fails answers 200 with an `error`; what is wrong with the call itself, "
        "400 and above.",
        "tags": ["algo"],
        "parameters": in_path + IN_QUERY,
        "requestBody": {"required": True, "content": REQUEST_BODY},
        "security": [{SCHEME: []}],
        "responses": {
            "200": {"description": "The result, or what the algorithm failed with.", "content": _json(SUCCESS)},
            "4XX": {"description": "The call cannot be made.", "content": _json({"$ref": REFERENCE + "AnswerError"})},
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


REFERENCE = "#/components/schemas/"
SUCCESS = {"oneOf": [{"$ref": REFERENCE + "Answer"}, {"$ref": REFERENCE + "AnswerError"}]}
REQUEST_BODY = {
    "application/json": {"schema": {}},
    "text/plain": {"schema": {"type": "string"}},
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
}
IN_QUERY = [
    {
        "in": "query",
        "name": "timeout",
        "schema": {"type": "integer", "minimum": 1, "maximum": 3000},
        "description": "Seconds after which the call is given up.",
    },
    {
        "in": "query",
        "name": "output",
        "schema": {"type": "string", "enum": ["default", "raw"]},
        "description": "`raw` answers the bare result.",
    },
]
ANSWER = {
    "type": "object",
    "required": ["result", "metadata"],
    "properties": {
        "result": {"description": "What the algorithm answered; base64 when binary."},
        "metadata": {
            "type": "object",
            "required": ["content_type", "duration"],
            "properties": {
                "content_type": {"type": "string", "enum": ["json", "text", "binary"]},
                "duration": {"type": "number", "description": "Seconds."},
            },
        },
    },
}
ANSWER_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message"],
            "properties": {
                "message": {"type": "string"},
                "error_type": {"type": "string"},
                "stacktrace": {"type": "string", "description": "For those who may read the source."},
            },
        },
        "metadata": {"type": "object", "properties": {"duration": {"type": "number"}}},
    },
}
