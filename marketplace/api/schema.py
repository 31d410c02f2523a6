"""The OpenAPI description: what all views share, the key, and the call endpoint, which the gateway serves."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiParameter

from marketplace.api.errors import NoSuchAlgorithm
from marketplace.api.serializers.pages import ErrorSerializer, ProblemSerializer

ERRORS = {"4XX": ErrorSerializer, "5XX": ErrorSerializer}
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


class ProblemFieldExtension(OpenApiSerializerFieldExtension):
    """What stands in the answer about a missing algorithm, and in all others."""

    target_class = "marketplace.api.serializers.pages.ProblemField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """Both shapes."""
        problem = auto_schema.resolve_serializer(ProblemSerializer, direction).ref
        return {"oneOf": [problem, {"type": "string", "enum": [NoSuchAlgorithm.body["error"]]}]}


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
    """Postprocessing hook: describes the call and batch endpoints, with and without a version."""
    for path, name, more in ((CALL_PATH, "algorithm", ()), (CALL_PATH + "/{version}", "version", ("version",))):
        result["paths"][path] = {"post": _call(f"call_{name}", more)}
        result["paths"][f"{path}/batch"] = {"post": _batch(f"batch_{name}", more)}
    result["paths"] = dict(sorted(result["paths"].items()))
    result["components"]["schemas"] |= {"Answer": ANSWER, "AnswerError": ANSWER_ERROR, "Accepted": ACCEPTED}
    return result


def _in_path(more: tuple[str, ...]) -> list[dict[str, Any]]:
    names = ("owner", "name", *more)
    return [{"in": "path", "name": name, "required": True, "schema": {"type": "string"}} for name in names]


def _batch(operation_id: str, more: tuple[str, ...]) -> dict[str, Any]:
    inputs = {"type": "array", "items": {}, "minItems": 1, "maxItems": 10_000}
    lines = {"schema": {"type": "string"}}
    return {
        "operationId": operation_id,
        "description": "Call an algorithm once for each input. `/v1/batches/{batch_id}` will have the results.",
        "tags": ["algo"],
        "parameters": [*_in_path(more), TIMEOUT, IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": {**_json(inputs), "application/x-ndjson": lines}},
        "security": [{SCHEME: []}],
        "responses": {
            "202": {"description": "The batch is queued.", "content": _json({"$ref": REFERENCE + "Batch"})},
            "4XX": {"description": "The batch is not taken.", "content": _json(EITHER_ERROR)},
        },
    }


def _call(operation_id: str, more: tuple[str, ...]) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "description": "Call an algorithm: its newest version, or the one that `version` names (`1.2.3`, `1.2`, `1.*`, "
        "a source hash). An algorithm that fails answers 200 with an `error`; what is wrong with the call itself, "
        "400 and above.",
        "tags": ["algo"],
        "parameters": [*_in_path(more), TIMEOUT, *IN_QUERY, IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": REQUEST_BODY},
        "security": [{SCHEME: []}],
        "responses": {
            "200": {"description": "The result, or what the algorithm failed with.", "content": ANSWERS},
            "4XX": {"description": "The call cannot be made.", "content": FAILURE},
            "5XX": {
                "description": "The call came to no end, or failed and was to be raw.",
                "content": FAILURE,
            },
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


REFERENCE = "#/components/schemas/"
SUCCESS = {"oneOf": [{"$ref": REFERENCE + name} for name in ("Answer", "AnswerError", "Accepted")]}
EITHER_ERROR = {"anyOf": [{"$ref": REFERENCE + "Error"}, {"$ref": REFERENCE + "AnswerError"}]}
RAW = {
    "text/plain": {"schema": {"type": "string"}},
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
}
REQUEST_BODY = {"application/json": {"schema": {}}, **RAW}
ANSWERS = {**_json(SUCCESS), **RAW}
FAILURE = {**_json({"$ref": REFERENCE + "AnswerError"}), "text/plain": RAW["text/plain"]}
TIMEOUT = {
    "in": "query",
    "name": "timeout",
    "schema": {"type": "integer", "minimum": 1, "maximum": 3000},
    "description": "Seconds after which the call is given up.",
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A request that is repeated with the same key is made once.",
}
IN_QUERY = [
    {
        "in": "query",
        "name": "output",
        "schema": {"type": "string", "enum": ["default", "raw", "void"]},
        "description": "`raw` answers the bare result; `void` does not wait: `/v1/calls/{request_id}` has the answer.",
    },
    {
        "in": "query",
        "name": "webhook",
        "schema": {"type": "string", "format": "uri", "maxLength": 2000},
        "description": "With `output=void`: where the result is delivered to.",
    },
    {
        "in": "query",
        "name": "stdout",
        "schema": {"type": "boolean"},
        "description": "For the algorithm's owners: answers what it printed too.",
    },
    {
        "in": "query",
        "name": "timing",
        "schema": {"type": "boolean"},
        "description": "Answers how long the parts of the call took.",
    },
]
ACCEPTED = {
    "type": "object",
    "description": "The call is queued (`output=void`).",
    "required": ["async", "request_id"],
    "properties": {"async": {"type": "string", "enum": ["void"]}, "request_id": {"type": "string"}},
}
TIMING = {
    "type": "object",
    "description": "Seconds.",
    "properties": {name: {"type": "number"} for name in ("queued", "loading", "running", "total")},
}
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
                "stdout": {"type": "string", "description": "What the algorithm printed."},
                "timing": TIMING,
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
                "stack_trace": {"type": "string", "description": "The same."},
            },
        },
        "metadata": {"type": "object", "properties": {"duration": {"type": "number"}}},
    },
}
