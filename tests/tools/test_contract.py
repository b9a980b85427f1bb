"""The contract keeps its own rules: complete, bounded, every example valid, fit for C structs."""
import pathlib
import re

import jsonschema
import pytest
import yaml

API = pathlib.Path(__file__).resolve().parents[2] / "api"
METHODS = {"get", "put", "post", "patch", "delete"}
ACTOR = re.compile(
    # Which roles there are, the generator checks.
    r"public|guest|customer|(staff|admin)(:[a-z]+(,[a-z]+)*)?"
)
C_WORDS = set(
    "auto break case char const continue default do double else enum extern float for goto if "
    "inline int long register restrict return short signed sizeof static struct switch typedef "
    "union unsigned void volatile while".split()
)


def merge():
    """All files as one document; a name that two files define is an error."""
    document = yaml.safe_load((API / "openapi.yaml").read_text())
    document["paths"] = {}
    for file in sorted(API.glob("*.yaml")):
        if file.name == "openapi.yaml":
            continue
        area = yaml.safe_load(file.read_text())
        assert set(area) <= {"paths", "components"}, file.name
        for path, item in area["paths"].items():
            assert path not in document["paths"], f"{path} twice"
            document["paths"][path] = item
        for kind, entries in area.get("components", {}).items():
            known = document["components"].setdefault(kind, {})
            for name, entry in entries.items():
                assert name not in known, f"{kind}/{name} twice ({file.name})"
                known[name] = entry
    return document


DOCUMENT = merge()


def resolve(node):
    while isinstance(node, dict) and "$ref" in node:
        assert node["$ref"].startswith("#/components/"), node["$ref"]
        target = DOCUMENT
        for step in node["$ref"][2:].split("/"):
            target = target[step]
        node = target
    return node


def walk(node, where=""):
    yield where, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walk(value, f"{where}/{key}")
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from walk(value, f"{where}/{i}")


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & set(item):
            operation = dict(item[method])
            operation["parameters"] = [
                resolve(p) for p in item.get("parameters", []) + operation.get("parameters", [])
            ]
            yield path, method, operation


OPERATIONS = sorted(operations(), key=lambda o: o[2]["operationId"])
each_operation = pytest.mark.parametrize(
    "path, method, operation", OPERATIONS, ids=[o[2]["operationId"] for o in OPERATIONS]
)


def types_of(schema):
    kind = schema.get("type", [])
    return set(kind if isinstance(kind, list) else [kind])


def bodies(operation):
    if "requestBody" in operation:
        yield from resolve(operation["requestBody"])["content"].items()


def contents(operation):
    for status, response in operation["responses"].items():
        for kind, content in resolve(response).get("content", {}).items():
            yield f"{status} {kind}", content


def examples(content):
    if "example" in content:
        yield "example", content["example"]
    for name, example in content.get("examples", {}).items():
        yield name, resolve(example)["value"]


def validate(value, schema):
    """Formats too; refs resolve against the whole contract."""
    root = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    root["components"] = DOCUMENT["components"]
    jsonschema.Draft202012Validator(
        root, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    ).validate(value)


def without_null(schema):
    """What a value other than null has to fit, where null is allowed beside a component."""
    choices = schema.get("anyOf", [])
    if len(choices) == 2 and choices[1] == {"type": "null"}:
        return resolve(choices[0])
    return schema


def inputs_in(schema, where):
    """Every schema that a client's value has to fit, with its refs resolved."""
    schema = without_null(resolve(schema))
    yield where, schema
    for name, child in schema.get("properties", {}).items():
        yield from inputs_in(child, f"{where}/{name}")
    if "items" in schema:
        yield from inputs_in(schema["items"], f"{where}/0")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from inputs_in(schema["additionalProperties"], f"{where}/*")


def snake(name):
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name.replace("-", "_")).lower().replace("__", "_")


def test_every_reference_has_a_target():
    for where, node in walk(DOCUMENT):
        if isinstance(node, dict) and "$ref" in node:
            assert resolve(node) is not None, where


def test_every_component_is_used():
    used = {n["$ref"] for _, n in walk(DOCUMENT) if isinstance(n, dict) and "$ref" in n}
    for kind, entries in DOCUMENT["components"].items():
        if kind != "securitySchemes":
            # Kinds of events are put into Event by the generator.
            unused = {f"#/components/{kind}/{name}" for name, entry in entries.items()
                      if not {"x-event", "x-passing", "x-notice"} & set(entry)} - used
            assert not unused


def test_operation_names_are_unique_and_can_be_c_functions():
    names = [o["operationId"] for _, _, o in OPERATIONS]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z][a-zA-Z]*", name)
        assert snake(name) not in C_WORDS


def test_every_schema_is_a_valid_schema():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)


@each_operation
def test_an_operation_is_complete(path, method, operation):
    assert operation["summary"] and len(operation["tags"]) == 1
    assert operation["tags"][0] in {t["name"] for t in DOCUMENT["tags"]}
    assert operation["x-actor"] and all(ACTOR.fullmatch(a) for a in operation["x-actor"])
    assert operation.get("x-idempotency", "none") in {"required", "optional", "none"}
    assert operation.get("x-ticket", True) is True and operation.get("x-signed", True) is True
    assert operation.get("x-cache", True) is True and operation.get("x-stream", True) is True
    assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}
    assert any(s.startswith("2") for s in operation["responses"])


@each_operation
def test_only_public_reads_are_cached(path, method, operation):
    if operation.get("x-cache"):
        assert method == "get" and operation["x-actor"] == ["public"]


@each_operation
def test_path_parameters_are_those_of_the_path(path, method, operation):
    declared = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
    assert sorted(declared) == sorted(re.findall(r"\{(\w+)\}", path))
    assert all(p["required"] for p in operation["parameters"] if p["in"] == "path")


@each_operation
def test_staff_act_under_their_vendor_and_admins_under_admin(path, method, operation):
    kinds = {a.split(":")[0] for a in operation["x-actor"]}
    assert ("admin" in kinds) == path.startswith("/v1/admin/")
    assert "staff" not in kinds or path.startswith("/v1/vendors/{vendor_id}/")
    assert "public" not in kinds or len(kinds) == 1


@each_operation
def test_a_get_can_be_revalidated_and_a_post_repeated(path, method, operation):
    headers = {p["name"] for p in operation["parameters"] if p["in"] == "header"}
    if "304" in operation["responses"]:
        assert method == "get" and "If-None-Match" in headers
        assert "ETag" in resolve(operation["responses"]["200"])["headers"]
    if method == "post":
        assert ("Idempotency-Key" in headers) == (operation.get("x-idempotency") != "none")
    if "If-Match" in headers:
        assert "412" in operation["responses"]


@each_operation
def test_whoever_gets_or_gives_a_refresh_token_says_where_it_is(path, method, operation):
    answers = [c["schema"] for _, c in contents(operation)]
    inputs = [resolve(c["schema"]).get("properties", {}) for _, c in bodies(operation)]
    if {"$ref": "#/components/schemas/SignedIn"} in answers or any(
            "refresh_token" in members for members in inputs):
        assert "X-Refresh-Token" in {p["name"] for p in operation["parameters"]}


@each_operation
def test_a_list_is_a_page(path, method, operation):
    names = {p["name"] for p in operation["parameters"] if p["in"] == "query"}
    if "after" in names:
        return  # a feed has no end, and so no next page
    assert ("limit" in names) == ("cursor" in names)
    for where, content in contents(operation):
        schema = resolve(content["schema"])
        if where.startswith("200") and "items" in schema.get("properties", {}):
            assert set(schema["required"]) >= {"items", "next_cursor"}


@each_operation
def test_field_names_are_unique_in_an_operation_and_can_be_c_members(path, method, operation):
    names = [snake(p["name"]) for p in operation["parameters"]]
    for _, content in bodies(operation):
        names += resolve(content["schema"]).get("properties", {})
    assert len(set(names)) == len(names)
    for _, content in bodies(operation):
        for where, schema in inputs_in(content["schema"], ""):
            names += schema.get("properties", {})
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name) and name not in C_WORDS
        assert not name.endswith(("_count", "_given"))


@each_operation
def test_every_input_is_bounded(path, method, operation):
    inputs = []
    for parameter in operation["parameters"]:
        inputs += inputs_in(parameter["schema"], parameter["name"])
    for _, content in bodies(operation):
        inputs += inputs_in(content["schema"], "")
    for where, schema in inputs:
        kinds = types_of(schema)
        assert len(kinds - {"null"}) == 1, where
        assert not {"oneOf", "anyOf", "allOf", "not"} & set(schema), where
        if "string" in kinds:
            assert "enum" in schema or schema.get("format") == "uuid" or (
                schema["minLength"] <= schema["maxLength"]
            ), where
        if "integer" in kinds:
            assert schema["minimum"] <= schema["maximum"], where
            assert schema["format"] in {"int32", "int64"}, where
            if schema["format"] == "int32":
                assert -(2**31) <= schema["minimum"] and schema["maximum"] < 2**31, where
        if "array" in kinds:
            assert schema["maxItems"] >= 1, where
        if "object" in kinds:
            assert schema["additionalProperties"] is False or "maxProperties" in schema, where
            assert set(schema.get("required", [])) <= set(schema.get("properties", {})), where


@each_operation
def test_every_request_and_response_has_valid_examples(path, method, operation):
    parts = [(f"body {kind}", c) for kind, c in bodies(operation)] + list(contents(operation))
    for where, content in parts:
        found = list(examples(content))
        assert found, where
        for name, example in found:
            validate(example, content["schema"])


@each_operation
def test_a_success_is_described(path, method, operation):
    for status, response in operation["responses"].items():
        response = resolve(response)
        assert response["description"]
        assert status in {"204", "304"} or operation.get("x-signed") or response["content"]


@each_operation
def test_responses_leave_room_to_grow(path, method, operation):
    for _, content in contents(operation):
        for where, node in walk(content["schema"]):
            if isinstance(node, dict):
                assert resolve(node).get("additionalProperties") is not False, where


@each_operation
def test_required_members_of_a_response_are_described(path, method, operation):
    for status, content in contents(operation):
        for where, schema in walk(resolve(content["schema"])):
            if isinstance(schema, dict) and "properties" in schema and "required" in schema:
                assert set(schema["required"]) <= set(schema["properties"]), where


# -- what generators of clients need

SCHEMAS = DOCUMENT["components"]["schemas"]


def is_anonymous(node):
    return "properties" in node or "enum" in node


def inner_schemas(schema, where):
    """(where, schema) of everything within a schema but the parts of its allOf."""
    for name, child in schema.get("properties", {}).items():
        yield f"{where}.{name}", child
        yield from inner_schemas(child, f"{where}.{name}")
    for key in ("anyOf", "oneOf"):
        for child in schema.get(key, []):
            yield f"{where} {key}", child
            yield from inner_schemas(child, f"{where} {key}")
    for part in schema.get("allOf", []):
        yield from inner_schemas(part, where)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield f"{where}[]", schema[key]
            yield from inner_schemas(schema[key], f"{where}[]")


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_object_and_enum_within_a_schema_has_a_name(name):
    assert [where for where, schema in inner_schemas(SCHEMAS[name], name)
            if is_anonymous(schema)] == []


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_schema_is_never_null_itself(name):
    """Where it may be null, it is used as anyOf: [it, null]."""
    schema = SCHEMAS[name]
    assert "null" not in types_of(schema) and None not in schema.get("enum", [])
    assert {"type": "null"} not in schema.get("anyOf", []) + schema.get("oneOf", [])


@each_operation
def test_bodies_and_answers_in_json_have_names(path, method, operation):
    if not path.startswith("/v1/"):
        return  # for browsers and operators, or as another standard has it
    found = list(bodies(operation)) + list(contents(operation))
    assert [where for where, content in found if is_anonymous(content["schema"])] == []


def test_the_codes_of_problems_are_those_of_the_introduction():
    """Which are those of the program: test_site.py."""
    rows = re.findall(r"^\| \d{3} \| (`.*`) \|$", DOCUMENT["info"]["description"], re.M)
    listed = [code for codes in rows for code in re.findall(r"`(\w+)`", codes)]
    assert SCHEMAS["ProblemCode"]["enum"] == listed
