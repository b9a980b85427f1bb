"""The contract as the tests see it: every operation, and what each may answer.

The document is the merged openapi.json that the build made from api/*.yaml. `check_response` is
called for every single answer that any test receives.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse
import uuid
from datetime import datetime
from functools import cached_property, lru_cache

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[3]
BUILD = ROOT / os.environ.get("SEBEZ_BUILD", "build")
METHODS = ("get", "put", "post", "patch", "delete")

FORMATS = jsonschema.FormatChecker(formats=())


def _format(name, *raises):
    return FORMATS.checks(name, raises=(ValueError, *raises))


@_format("uuid")
def _is_uuid(value):
    return not isinstance(value, str) or str(uuid.UUID(value)) == value


@_format("date-time")
def _is_time(value):
    if not isinstance(value, str):
        return True
    datetime.fromisoformat(value.replace("Z", "+00:00"))
    return value.endswith("Z") and "T" in value


@_format("email")
def _is_email(value):
    return not isinstance(value, str) or value.count("@") == 1


@_format("uri")
def _is_uri(value):
    return not isinstance(value, str) or bool(urllib.parse.urlsplit(value).scheme)


@_format("int32")
def _is_int32(value):
    return not isinstance(value, int) or -(2**31) <= value < 2**31


@_format("int64")
def _is_int64(value):
    return not isinstance(value, int) or -(2**63) <= value < 2**63


class Violation(AssertionError):
    """The server answered what its contract does not allow."""


def _load_document():
    made = BUILD / "gen" / "openapi.json"
    if made.exists():
        return json.loads(made.read_text())
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, ROOT / "tools" / "gen_api.py", "--api", ROOT / "api",
                        "--out", folder], check=True)
        return json.loads((pathlib.Path(folder) / "openapi.json").read_text())


DOCUMENT = _load_document()
STAFF_ROLES = tuple(DOCUMENT["components"]["schemas"]["StaffRole"]["enum"])
ADMIN_ROLES = tuple(filter(None, DOCUMENT["components"]["schemas"]["AdminRole"]["enum"]))


def resolve(node):
    """Follows $ref; keys beside it win."""
    while isinstance(node, dict) and "$ref" in node:
        target = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        rest = {key: value for key, value in node.items() if key != "$ref"}
        node = {**target, **rest}
    return node


class Operation:
    def __init__(self, path, method, item, spec):
        self.path = path
        self.method = method.upper()
        self.spec = spec
        self.id = spec["operationId"]
        own = {(p["name"], p["in"]) for p in map(resolve, spec.get("parameters", []))}
        self.parameters = [resolve(p) for p in spec.get("parameters", [])] + [
            p for p in map(resolve, item.get("parameters", [])) if (p["name"], p["in"]) not in own]

    def __repr__(self):
        return self.id

    @property
    def is_read(self):
        return self.method == "GET"

    @property
    def idempotency(self):
        return self.spec.get("x-idempotency", "optional" if self.method == "POST" else "none")

    @cached_property
    def actors(self):
        """Kinds that may call: {"public": None, "staff": {"owner", …}, …}; roles as a set."""
        kinds = {}
        listed = self.spec["x-actor"]
        for entry in [listed] if isinstance(listed, str) else listed:
            kind, _, roles = entry.partition(":")
            every = {"staff": STAFF_ROLES, "admin": ADMIN_ROLES}.get(kind, ())
            kinds[kind] = set(filter(None, roles.split(","))) or set(every)
            kinds[kind].update(every[:1])  # owners and superadmins may whatever their kind may
        return kinds

    def names(self, place):
        return [p["name"] for p in self.parameters if p["in"] == place]

    @cached_property
    def body(self):
        """(media type, schema, required) or None."""
        body = resolve(self.spec.get("requestBody"))
        if not body:
            return None
        media, content = next(iter(body["content"].items()))
        return media, content.get("schema", {}), body.get("required", False)

    @cached_property
    def pattern(self):
        return re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(self.path)))

    def url(self, values):
        def spelled(name):
            return urllib.parse.quote(str(values[name[1]]), safe="")

        return re.sub(r"{(\w+)}", spelled, self.path)

    def response(self, status):
        answers = self.spec["responses"]
        for key in (str(status), f"{status // 100}XX"):
            if key in answers:
                return resolve(answers[key])
        return resolve(answers["default"]) if status >= 400 and "default" in answers else None


OPERATIONS = {
    spec["operationId"]: Operation(path, method, item, spec)
    for path, item in DOCUMENT["paths"].items()
    for method, spec in item.items() if method in METHODS
}


def operation_at(method, path):
    """The operation that serves a path; one without parameters wins."""
    fits = [o for o in OPERATIONS.values() if o.method == method and o.pattern.fullmatch(path)]
    return min(fits, key=lambda o: o.path.count("{"), default=None)


@lru_cache(maxsize=None)
def problem_codes():
    """{code: status} of src/task/problem.c and the areas, whose codes are part of the contract."""
    files = [ROOT / "src/task/problem.c", *ROOT.glob("src/shop/*/area.c")]
    found = [row for file in files for row in re.findall(
        r'struct problem_code PROBLEM_\w+\[1\] = \{\s*\{"(\w+)", (\d+)', file.read_text())]
    return {code: int(status) for code, status in found}


_validators = {}


def validator(schema):
    key = json.dumps(schema, sort_keys=True)
    if key not in _validators:
        whole = {"allOf": [schema], "components": DOCUMENT["components"]}
        _validators[key] = jsonschema.Draft202012Validator(whole, format_checker=FORMATS)
    return _validators[key]


def check_response(operation, response):
    """Raises Violation unless the contract allows exactly this answer."""
    status = response.status_code
    where = f"{response.request.method} {response.request.url} -> {status} {response.text[:600]}"
    media = response.headers.get("Content-Type", "").partition(";")[0].strip()
    if status >= 400:
        check_problem(response, media, where)
    if operation is None:
        return
    allowed = operation.response(status)
    if allowed is None:
        raise Violation(f"{operation.id} does not answer {status}: {where}")
    content = allowed.get("content")
    if not content:
        if response.content:
            raise Violation(f"{operation.id} {status} has no body in the contract: {where}")
        return
    if media not in content and "*/*" not in content:
        raise Violation(f"{operation.id} {status} does not answer {media!r}: {where}")
    if media.endswith("json"):
        check_schema(content[media].get("schema", {}), response, where)


def check_schema(schema, response, where):
    try:
        value = response.json()
    except ValueError as error:
        raise Violation(f"not JSON ({error}): {where}") from None
    error = next(validator(schema).iter_errors(value), None)
    if error:
        at = "/" + "/".join(map(str, error.absolute_path))
        raise Violation(f"{at}: {error.message[:300]}: {where}")


def check_problem(response, media, where):
    """Every refusal is one RFC 9457 problem whose parts agree with each other."""
    if response.request.method == "HEAD":
        return
    if media != "application/problem+json":
        raise Violation(f"a refusal must be a problem, this is {media!r}: {where}")
    if response.headers.get("Content-Language") != "en":
        raise Violation(f"it does not say which language it speaks: {where}")
    problem = response.json()
    if problem.get("status") != response.status_code:
        raise Violation(f"the problem's status differs: {where}")
    if problem_codes().get(problem.get("code")) != response.status_code:
        raise Violation(f"code and status are no row of the problem table: {where}")
    if problem.get("request_id") != response.headers.get("X-Request-Id"):
        raise Violation(f"request_id is not X-Request-Id: {where}")
    if response.status_code in (429, 503) and "Retry-After" not in response.headers:
        raise Violation(f"no Retry-After: {where}")
