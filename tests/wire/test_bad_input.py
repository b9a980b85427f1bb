"""Bad input of every kind, made from the contract: always a 4xx problem, never a changed row.

Seeds and numbers of examples are printed in the header; SEBEZ_TEST_EXAMPLES=1000 looks longer.
"""
import copy
import json
import os
import random

import pytest
from callers import twin_of
from harness import contract
from harness.contract import OPERATIONS
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from matrix import ROWS
from test_isolation import actor_for

SEED = int(os.environ.get("SEBEZ_TEST_SEED", "20260301"))
WITH_JSON = sorted(o.id for o in OPERATIONS.values()
                   if o.body and o.body[0] == "application/json")
WITH_QUERY = sorted(o.id for o in OPERATIONS.values() if o.names("query"))
WITH_ID = sorted(o.id for o in OPERATIONS.values() if o.names("path"))
GUARDED = sorted(o.id for o in OPERATIONS.values() if not {"public", "guest"} & set(o.actors))


class Caller:
    """Somebody who may call an operation, a valid call of it, and a watch on every row."""

    def __init__(self, world, operation_id):
        self.world = world
        self.operation = OPERATIONS[operation_id]
        self.who = actor_for(world, self.operation)
        self.arguments = world.arguments(self.operation, self.who, world.a)
        if ROWS[operation_id].twin:
            self.who = ROWS[operation_id].twin(self.who)
        self.calls = []

    def call(self, **changes):
        arguments = {**copy.deepcopy(self.arguments), **changes}
        if "data" in changes:
            arguments.pop("body", None)
        response = self.who.call(self.operation.id, **arguments)
        self.calls.append((changes, response))
        return response

    def __enter__(self):
        self.before = self.world.shop.db.fingerprint()
        return self

    def __exit__(self, kind, *error):
        if kind:
            return
        after = self.world.shop.db.fingerprint()
        changed = [t for t in after if after[t] != self.before[t]]
        if changed:
            # The jobs process may have written; only what happens again is the calls' doing.
            self.before = self.world.shop.db.fingerprint()
            calls, self.calls = self.calls, []
            for changes, _ in calls:
                self.call(**changes)
            after = self.world.shop.db.fingerprint()
            changed = [t for t in after if after[t] != self.before[t]]
        assert not changed, f"refused calls of {self.operation.id} changed {changed}"


def is_refused(response, field=None):
    """A 4xx problem; one about the input names the field, or what holds it."""
    assert 400 <= response.status_code < 500, f"{response.status_code}: {response.text[:500]}"
    problem = response.json()
    if field is not None and problem["code"] == "invalid_input":
        named = [error["field"] for error in problem.get("errors", [])]
        assert any(field == n or field.startswith(n + "/") or n.startswith(field + "/") or n == ""
                   for n in named), f"{field} is not among {named}: {response.text[:500]}"
    return problem


# -- bodies: one thing wrong --------------------------------------------------------------------

def pointer(path):
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def types_of(schema):
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


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


# -- paths and queries --------------------------------------------------------------------------

BAD_IDS = ["0", "-1", "x", "..", "%00", "null", "a" * 500, "0190b0b0-0000-7000-8000-00000000dea",
           "0190b0b0-0000-7000-8000-00000000deadb", "{0190b0b0-0000-7000-8000-00000000dead}",
           "0190b0b000007000800000000000dead", "' or 1=1 --", "é", "\u202e"]


@pytest.mark.parametrize("operation_id", WITH_ID)
def test_an_id_that_is_none_is_refused(world, operation_id):
    caller = Caller(world, operation_id)
    with caller:
        for name in caller.operation.names("path"):
            for value in BAD_IDS:
                if value == "..":
                    continue  # requests would take the step up itself
                is_refused(caller.call(**{name: value}))


@pytest.mark.parametrize("operation_id", WITH_ID)
def test_the_nil_id_names_nothing(world, operation_id):
    caller = Caller(world, operation_id)
    with caller:
        for name in caller.operation.names("path"):
            is_refused(caller.call(**{name: "00000000-0000-0000-0000-000000000000"}))


def query_faults(parameter):
    schema = contract.resolve(parameter["schema"])
    kinds = types_of(schema)
    if "integer" in kinds:
        yield from ["", "x", "1.5", "1e3", "0x10", " 1", "99999999999999999999", "-" + "9" * 40,
                    str(schema.get("minimum", -2**63) - 1),
                    str(schema.get("maximum", 2**63 - 1) + 1)]
    if "boolean" in kinds:
        yield from ["", "yes", "2", "TRUEISH"]
    if "enum" in schema or schema.get("format") == "uuid":
        yield from ["", "no such thing", "\0"]
    if "string" in kinds:
        if "maxLength" in schema:
            yield "é" * (schema["maxLength"] + 1)
        yield "a\0b"
    if parameter["name"] == "cursor":
        yield from ["x", "!!!!", "A" * 64, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "null", "-", "===="]


@pytest.mark.parametrize("operation_id", WITH_QUERY)
def test_a_wrong_query_is_refused_by_its_name(world, operation_id):
    caller = Caller(world, operation_id)
    with caller:
        for parameter in caller.operation.parameters:
            if parameter["in"] == "query":
                for value in query_faults(parameter):
                    problem = is_refused(caller.call(**{parameter["name"]: value}))
                    named = [error["field"] for error in problem.get("errors", [])]
                    assert any(n.startswith("?" + parameter["name"]) for n in named), \
                        f"?{parameter['name']}={value!r}: {problem}"


@pytest.mark.parametrize("operation_id", [
    name for name in WITH_QUERY if contract.OPERATIONS[name].is_read])
def test_an_optional_text_of_a_query_that_is_left_empty_is_not_given(world, operation_id):
    caller = Caller(world, operation_id)
    with caller:
        for parameter in caller.operation.parameters:
            schema = contract.resolve(parameter["schema"])
            if (parameter["in"], parameter.get("required", False)) == ("query", False) \
                    and "string" in types_of(schema) and not {"enum", "format"} & set(schema):
                for blank in ("", " "):
                    answer = caller.call(**{parameter["name"]: blank})
                    assert answer.status_code == 200, f"?{parameter['name']}: {answer.text}"


@pytest.mark.parametrize("operation_id", [
    name for name in WITH_QUERY if name != "importProducts"])  # that one may do what it is asked
def test_any_query_is_a_page_or_a_problem(world, operation_id):
    caller = Caller(world, operation_id)
    names = caller.operation.names("query")
    words = st.text(st.characters(blacklist_categories=["Cs"]), max_size=80)

    @seed(SEED)
    @given(query=st.dictionaries(st.sampled_from(names), words | st.lists(words, max_size=6)))
    def asked(query):
        response = caller.call(**query)
        assert response.status_code < 500

    with caller:
        asked()


# -- headers ------------------------------------------------------------------------------------

def bad_tokens(good):
    """Malformed, truncated, lengthened, and each with one character changed."""
    chance = random.Random(SEED)
    yield from ["", "x", ".", "null", "Bearer", good[:-1], good + "A", good[1:], good * 3,
                "A" * 4000, good.swapcase(), "=" * len(good)]
    for at in chance.sample(range(len(good)), min(16, len(good))):
        other = "B" if good[at] != "B" else "C"
        yield good[:at] + other + good[at + 1:]


def test_a_token_that_was_touched_is_worth_nothing(world):
    customer = world.a.customer
    good = customer.access_token
    for token in bad_tokens(good):
        if token.rstrip("=") == good.rstrip("="):
            continue
        response = customer.call("getMe", token=token)
        assert response.status_code == 401, f"{token!r}: {response.text}"


@pytest.mark.parametrize("operation_id", GUARDED)
def test_a_bad_token_opens_nothing(world, operation_id):
    caller = Caller(world, operation_id)
    with caller:
        for header in ("Bearer", "Bearer x", "Basic YTpi", "bearer " + "A" * 88, "Bearer a b",
                       "x" * 3000):
            response = caller.call(token=None, headers={"Authorization": header})
            assert response.status_code == 401, f"{header[:40]!r}: {response.text}"


def test_a_token_is_for_access_only(world):
    customer = world.a.customer
    response = customer.call("getMe", token=twin_of(customer).refresh_token)
    assert response.status_code == 401, response.text


def test_a_signed_out_token_is_worth_nothing(world):
    twin = twin_of(world.a.customer)
    twin.do("logout")
    assert twin.call("getMe").status_code == 401


@pytest.mark.parametrize("operation_id", sorted(
    o.id for o in OPERATIONS.values() if o.idempotency != "none" and o.method == "POST"))
def test_a_bad_idempotency_key_is_refused(world, operation_id):
    caller = Caller(world, operation_id)
    with caller:
        for key in ("", "x" * 256, "x" * 4000, "two words", "caf\xe9"):
            is_refused(caller.call(key=key))


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "PATCH", "DELETE", "TRACE", "BREW"])
def test_a_path_without_an_operation_is_a_problem(world, method):
    anybody = world.actors["anonymous"]
    for path in ("/v1", "/v1/", "/v2/products", "/v1/products/", "/v1//products",
                 "/v1/nothing", "/" + "a" * 3000, "/%00", "/v1/products/%2e%2e"):
        response = anybody.request(method, path)
        assert response.status_code in (400, 401, 404, 405, 414, 501), response.text[:300]


def test_an_endless_address_is_refused(world):
    response = world.actors["anonymous"].request("GET", "/v1/products?q=" + "a" * 12_000)
    assert response.status_code == 414, response.text[:300]


@pytest.mark.parametrize("name", ["If-None-Match", "If-Match", "Accept-Language", "X-Cart-Token",
                                  "X-Request-Id", "Accept", "Cookie", "Content-Type"])
def test_a_strange_header_does_no_harm(world, name):
    chance = random.Random(SEED)
    for length in (0, 1, 100, 2000):
        value = "".join(chr(chance.randrange(33, 127)) for _ in range(length))
        for operation_id in ("listProducts", "getCart"):
            response = world.actors["anonymous"].call(operation_id, headers={name: value})
            assert response.status_code < 500
