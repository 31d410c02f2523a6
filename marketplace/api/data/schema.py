"""The OpenAPI description of the door for hosted data, which is no view of Django's."""

from typing import Any

from marketplace.api.data.requests import ACL_WORDS
from marketplace.api.schema import REFERENCE, SCHEME
from marketplace.datasets.addresses import PREFIXES

PATH = {
    "in": "path",
    "name": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "`owner/collection/file`, also percent-encoded whole. `.my` is the caller; `.session` and `.algo` "
    "are for algorithms.",
}
ACL_PARAMETER = {
    "in": "query",
    "name": "acl",
    "schema": {"type": "boolean"},
    "description": "Whether a directory's listing says who may read.",
}
MARKER = {"in": "query", "name": "marker", "schema": {"type": "string"}, "description": "The page before answered it."}
FORCE = {
    "in": "query",
    "name": "force",
    "schema": {"type": "boolean"},
    "description": "Whether to delete a directory with all that is in it.",
}
RANGE = {"in": "header", "name": "Range", "schema": {"type": "string"}, "description": "One range, as `bytes=0-99`."}
ETAG = {"in": "header", "name": "If-None-Match", "schema": {"type": "string"}, "description": "Versions that you have."}
TEXT = {"type": "string"}
BYTES = {"type": "string", "format": "binary"}
ACL = {
    "type": "object",
    "required": ["read"],
    "properties": {"read": {"type": "array", "items": TEXT, "enum": list(ACL_WORDS.values())}},
}
LISTING = {
    "type": "object",
    "description": "What is empty is left out.",
    "properties": {
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["filename", "last_modified", "size"],
                "properties": {
                    "filename": TEXT,
                    "last_modified": {"type": "string", "format": "date-time"},
                    "size": {"type": "integer"},
                },
            },
        },
        "folders": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": TEXT, "acl": {"$ref": REFERENCE + "DataAcl"}},
            },
        },
        "marker": TEXT,
        "acl": {"$ref": REFERENCE + "DataAcl"},
    },
}
ADDRESS = {"type": "object", "required": ["result"], "properties": {"result": TEXT}}
DELETED = {
    "type": "object",
    "required": ["result"],
    "properties": {
        "result": {"type": "object", "required": ["deleted"], "properties": {"deleted": {"type": "integer"}}}
    },
}
NEW_DIRECTORY = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": TEXT, "acl": {"$ref": REFERENCE + "DataAcl"}},
}
CHANGE = {"type": "object", "required": ["acl"], "properties": {"acl": {"$ref": REFERENCE + "DataAcl"}}}
SCHEMAS = {"DataAcl": ACL, "DataListing": LISTING}


def add_data(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Postprocessing hook: both prefixes, and the root."""
    for prefix, suffix in zip(PREFIXES, ("_by_connector", ""), strict=True):
        result["paths"][prefix + "/{path}"] = _describe_path(suffix)
        result["paths"][prefix] = {"get": _describe_root(suffix)}
    result["paths"] = dict(sorted(result["paths"].items()))
    result["components"]["schemas"] |= SCHEMAS
    return result


def _describe_path(suffix: str) -> dict[str, Any]:
    listing = {"200": _answer("The file's bytes, or the directory's listing: `X-Data-Type` says which.", LISTING)}
    listing["200"]["content"]["*/*"] = {"schema": BYTES}
    partial = {"206": _answer("The range.", BYTES, "*/*"), "304": {"description": "You have it."}}
    head = {"200": {"description": "It is there."}, "304": {"description": "You have it."}}
    return {
        "get": _operation(
            f"get_data{suffix}",
            {"description": "Get a file, or list a directory."},
            [PATH, MARKER, ACL_PARAMETER, RANGE, ETAG],
            listing | partial,
        ),
        "head": _operation(f"find_data{suffix}", {"description": "Whether it is there."}, [PATH], head),
        "put": _operation(
            f"put_file{suffix}",
            {"description": "Make or replace a file.", "requestBody": _body(BYTES, "*/*")},
            [PATH],
            {"200": _answer("Its address.", ADDRESS), "507": _error("There is no room for it now.")},
        ),
        "post": _operation(
            f"create_directory{suffix}",
            {"description": "Make a directory in this one.", "requestBody": _body(NEW_DIRECTORY)},
            [PATH],
            {"200": _answer("Its address.", ADDRESS)},
        ),
        "patch": _operation(
            f"change_directory{suffix}",
            {"description": "Say who may read a directory.", "requestBody": _body(CHANGE)},
            [PATH],
            {"200": _answer("Its address.", ADDRESS)},
        ),
        "delete": _operation(
            f"delete_data{suffix}",
            {"description": "Delete a file or a directory."},
            [PATH, FORCE],
            {"200": _answer("How many files were deleted.", DELETED)},
        ),
    }


def _describe_root(suffix: str) -> dict[str, Any]:
    said = {"description": "The first folder has the name of the caller."}
    return _operation(f"list_data{suffix}", said, [], {"200": _answer("The listing.", LISTING)})


def _operation(
    name: str, said: dict[str, Any], parameters: list[dict[str, Any]], responses: dict[str, Any]
) -> dict[str, Any]:
    errors = {"4XX": _error("It cannot be done.")}
    security = {"tags": ["data"], "security": [{SCHEME: []}, {}]}
    return {"operationId": name, **said, "parameters": parameters, **security, "responses": responses | errors}


def _answer(description: str, schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema}}}


def _error(description: str) -> dict[str, Any]:
    return _answer(description, {"$ref": REFERENCE + "Error"})


def _body(schema: dict[str, Any], kind: str = "application/json") -> dict[str, Any]:
    return {"required": True, "content": {kind: {"schema": schema}}}
