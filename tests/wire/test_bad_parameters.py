"""Bad ids, queries and headers of every kind, as test_bad_input.py has bodies."""
import random

import pytest
from bad_calls import GUARDED, WITH_ID, WITH_QUERY, Caller, is_refused, types_of
from callers import twin_of
from conftest import SEED
from harness import contract
from harness.contract import OPERATIONS
from hypothesis import given, seed
from hypothesis import strategies as st

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
