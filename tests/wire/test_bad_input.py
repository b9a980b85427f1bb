"""Bad bodies of every kind, made from the contract: always a 4xx problem, never a changed row.

Seeds and numbers of examples are printed in the header; SEBEZ_TEST_EXAMPLES=1000 looks longer.
"""
import copy
import json

import pytest
from bad_calls import WITH_JSON, Caller, is_refused, types_of
from conftest import SEED
from harness import contract
from hypothesis import given, seed, settings
from hypothesis import strategies as st

# -- bodies: one thing wrong --------------------------------------------------------------------

def pointer(path):
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


WRONG_TYPES = {"string": [7, True, ["a"], {"a": 1}], "integer": ["7", 1.5, True, [1], {}],
               "boolean": ["true", 0, []], "array": ["x", 1, {"0": 1}, True],
               "object": ["x", 1, [], True]}


def faults(schema, value, path=()):
    """(path, wrong value) for each way in which the contract can be broken at one place."""
    schema = contract.resolve(schema)
    kinds = types_of(schema)
    for kind in kinds[:1]:
        for wrong in WRONG_TYPES.get(kind, []):
            yield path, wrong
    if kinds and "null" not in kinds and path:
        yield path, None
    if "string" in kinds:
        yield from string_faults(schema, path)
    if "integer" in kinds:
        yield path, schema.get("minimum", -2**63) - 1
        yield path, schema.get("maximum", 2**63 - 1) + 1
        yield path, 10**30
        yield path, 1e300
    if "array" in kinds and isinstance(value, list):
        if "maxItems" in schema:
            yield path, (value or [{}]) * (schema["maxItems"] + 1)
        if schema.get("minItems"):
            yield path, []
        for index, item in enumerate(value[:1]):
            yield from faults(schema["items"], item, (*path, index))
    if "object" in kinds and isinstance(value, dict):
        yield from object_faults(schema, value, path)


def string_faults(schema, path):
    if "maxLength" in schema:
        yield path, "é" * (schema["maxLength"] + 1)
    if schema.get("minLength"):
        yield path, ""
    if "enum" in schema or schema.get("format") in ("uuid", "email", "slug", "country", "currency"):
        yield path, "no such thing"
    yield path, "a\0b"


def object_faults(schema, value, path):
    for name in schema.get("required", []):
        if name in value:
            yield (*path, name), MISSING
    if schema.get("additionalProperties") is False:
        yield (*path, "unheard_of"), 1
    for name, field in schema.get("properties", {}).items():
        if name in value:
            yield from faults(field, value[name], (*path, name))


MISSING = object()


def broken(body, path, wrong):
    body = copy.deepcopy(body)
    if not path:
        return wrong
    target = body
    for part in path[:-1]:
        target = target[part]
    if wrong is MISSING:
        del target[path[-1]]
    else:
        target[path[-1]] = wrong
    return body


@pytest.mark.parametrize("operation_id", WITH_JSON)
def test_one_wrong_field_is_refused_by_its_name(world, operation_id):
    caller = Caller(world, operation_id)
    schema, body = caller.operation.body[1], caller.arguments["body"]
    with caller:
        for path, wrong in faults(schema, body):
            response = caller.call(body=broken(body, path, wrong))
            is_refused(response, pointer(path))


# -- bodies: anything at all --------------------------------------------------------------------

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(
        st.characters(blacklist_categories=["Cs"]), max_size=12), inner, max_size=4), max_leaves=12)


def any_body(operation):
    """Bodies with the operation's own field names and values of every kind."""
    names = list(contract.resolve(operation.body[1]).get("properties", {}))
    fields = st.dictionaries(st.sampled_from(names), ANY_JSON, max_size=len(names)) if names \
        else st.nothing()
    return ANY_JSON | fields


@pytest.mark.parametrize("operation_id", WITH_JSON)
def test_any_json_is_judged_as_the_contract_says(world, operation_id):
    """What is accepted is valid by the contract; all else is a problem."""
    caller = Caller(world, operation_id)
    judge = contract.validator(caller.operation.body[1])

    @seed(SEED)
    @settings()
    @given(body=any_body(caller.operation))
    def judged(body):
        if judge.is_valid(body):
            return  # valid calls have effects, which are other tests' affair
        is_refused(caller.call(data=json.dumps(body).encode()))

    with caller:
        judged()


NOT_JSON = [
    b"", b" ", b"{", b"}", b"[", b'{"a":', b'{"a" 1}', b"{'a': 1}", b"nul", b"NaN", b"{]",
    b'{"a": 1}{"b": 2}', b'{"a": 1} x', b'"text"', b"1", b"null", b"[]", b"\0", b'{"a": "\0"}',
    b'{"a": "\xff\xfe"}', b'{"a": "\xc0\x80"}', b'{"a": "\xed\xa0\x80"}', b'{"\xff": 1}',
    b'{"a": "\\ud800"}', b'{"a": 1e999}', b'{"a": 00}', b'{"a": 0x10}', b'{"a": 1,}',
    b"\xef\xbb\xbf{", b"{" * 100_000, b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b"[" * 17 + b"]" * 17,
]


@pytest.mark.parametrize("operation_id", WITH_JSON)
def test_what_is_not_json_is_refused(world, operation_id):
    caller = Caller(world, operation_id)
    optional = not caller.operation.body[2]
    with caller:
        for data in NOT_JSON:
            if optional and not data:
                continue
            is_refused(caller.call(data=data))


@pytest.mark.parametrize("operation_id", WITH_JSON)
def test_a_huge_body_is_refused(world, operation_id):
    caller = Caller(world, operation_id)
    with caller:
        response = caller.call(data=b'{"a": "' + b"x" * (2 * 1024 * 1024) + b'"}')
        assert response.status_code in (400, 413), response.text[:300]


@pytest.mark.parametrize("operation_id", WITH_JSON)
def test_another_content_type_is_refused(world, operation_id):
    caller = Caller(world, operation_id)
    with caller:
        for media in ("text/plain", "application/xml", "application/x-www-form-urlencoded",
                      "multipart/form-data; boundary=x", "x" * 200):
            response = caller.call(data=json.dumps(caller.arguments["body"]).encode(),
                                   headers={"Content-Type": media})
            is_refused(response)
