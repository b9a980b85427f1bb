"""Every operation × every actor × own and foreign ids, made from the contract.

Who may call is read from x-actor; how a valid call looks is in matrix.py. Nobody without the right
gets an answer but 401, 403 or 404, nobody learns whether a foreign id exists, and no refused call
changes a row.
"""
import copy
import json
import re

import pytest
from harness import contract
from harness.contract import OPERATIONS
from matrix import NEVER, ROWS

ACTORS = ["anonymous", "guest", "customer:A", "customer:B",
          *[f"staff:{role}" for role in contract.STAFF_ROLES], "staff-of-B:owner",
          *[f"admin:{role}" for role in contract.ADMIN_ROLES]]
ALLOWED = {"2xx", 409}
# The id in their path is chosen by the caller, each account for itself (test_devices.py).
CHOOSING = {"putDevice"}
# The vendor in their path need not be the customer's own; it is one that is published.
FOLLOWING = {"followVendor", "unfollowVendor"}
# Only a demo has these (test_mail_demo.py, test_push_demo.py), and the last needs a setting
# (test_mail_bounces.py), of which the server here has neither.
OF_A_DEMO = {"listDevMails", "listDevPushes", "listDevSms", "getDevMail", "getDevMailHtml",
             "takeMailWebhook", "takePaymentWebhook"}
# Whoever has the link is the customer of the sandbox.
BY_LINK = {"getSandboxPage", "decideSandboxPayment"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def test_every_operation_has_a_row_in_the_matrix():
    assert set(OPERATIONS) == set(ROWS)


def test_every_id_that_a_body_can_hold_is_in_its_row(world):
    missing = []
    for operation in OPERATIONS.values():
        if operation.body and operation.body[0] == "application/json":
            body = world.arguments(operation, actor_for(world, operation), world.a)["body"]
            missing += [f"{operation.id}: {name}" for name in
                        set(id_names(operation.body[1])) - {name for _, name in id_places(body)}
                        if (operation.id, name) not in WITHOUT_ID]
    assert not missing


# Ids that a row cannot hold together with what else it must say: everybody may upload something,
# but not for a vendor (test_uploads.py). And uploads, which must be ready to be shown
# (test_images.py: those of another owner are refused).
WITHOUT_ID = {("createUpload", "vendor_id"), ("createVendorProduct", "upload_id"),
              ("updateVendorProduct", "upload_id"),
              # One of the two, and the row has a vendor.
              ("startSupportView", "user_id"),
              # A code of another number is refused (test_phone.py).
              ("setMyPhone", "code_id"), ("setMyPhone", "current_code_id"),
              # Nobody's: who knows the code reads the mails of the address (test_recovery.py).
              ("resetPassword", "request_id"), ("confirmRegistration", "registration_id"),
              ("confirmRegistration", "device_id"), ("signInByEmail", "request_id"),
              ("confirmEmailChange", "change_id"), ("undoEmailChange", "undo_id"),
              ("answerChallenge", "challenge_id"), ("stepUp", "code_id"),
              # Of the caller's own making.
              ("answerChallenge", "device_id"), ("login", "device_id"),
              ("signInByPhone", "device_id"), ("signInByPasskey", "device_id"),
              ("signInByEmail", "device_id"), ("signInByIdentity", "device_id")}


def outcome(operation, name):
    """What x-actor promises this actor for the ids of side A: a status, or ALLOWED."""
    kinds = operation.actors
    if operation.id in OF_A_DEMO:
        return {404}
    who, _, detail = name.partition(":")
    if who in ("anonymous", "guest"):
        return ALLOWED if {"public", "guest"} & set(kinds) else {401}
    if {"public", "guest"} & set(kinds):
        return ALLOWED
    results = []
    if "customer" in kinds:
        # Every account may shop; the ids of side A are those of customer A.
        owns = name == "customer:A" or not operation.names("path") \
            or operation.id in CHOOSING | FOLLOWING
        results.append(ALLOWED if owns or "cart" in operation.path else {404})
    if "staff" in kinds:
        works_here = who == "staff"
        if works_here:
            results.append(ALLOWED if detail in kinds["staff"] else {403})
        else:
            results.append({404})
    if "admin" in kinds:
        results.append(ALLOWED if who == "admin" and detail in kinds["admin"] else {403})
    return next((r for r in results if r is ALLOWED), results[0])


@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
@pytest.mark.parametrize("name", ACTORS)
def test_only_those_named_in_the_contract_may_call(world, operation_id, name):
    operation = OPERATIONS[operation_id]
    who = world.actors[name]
    expected = outcome(operation, name)
    if ROWS[operation_id].twin:
        who = ROWS[operation_id].twin(who)
    # What the call needs is made by those who may; then the actor under test comes.
    maker = who if expected is ALLOWED else actor_for(world, operation)
    side = world.b if name == "customer:B" and expected is ALLOWED else world.a
    arguments = world.arguments(operation, maker, side)
    if expected is ALLOWED:
        response = who.call(operation_id, **arguments)
        assert response.status_code < 300 or response.status_code == 409, \
            f"{response.status_code} {response.text}"
    else:
        response = unchanged(world, who, operation_id, arguments)
        assert response.status_code in expected, f"{response.status_code} {response.text}"


def actor_for(world, operation):
    """Somebody of side A who may call it."""
    kinds = operation.actors
    if "staff" in kinds:
        return world.a.vendor.owner
    if "customer" in kinds:
        return world.a.customer
    if "admin" in kinds:
        return world.actors["admin:superadmin"]
    return world.actors["anonymous"]


def unchanged(world, who, operation_id, arguments):
    """Makes a call that must not change a row. The jobs process writes when it chooses, so that a
    difference counts when it comes again and again."""
    db = world.shop.db
    for _ in range(3):
        before = db.fingerprint()
        response = who.call(operation_id, **arguments)
        after = db.fingerprint()
        changed = [table for table in after if after[table] != before.get(table)]
        if not changed:
            return response
    raise AssertionError(f"{operation_id} by {who} changed {changed}: {response.text}")


# -- foreign ids --------------------------------------------------------------------------------

# The same things for everybody: there is nothing to hide.
SHARED = {"category_id", "parent_id", "bought_in_category_id", "document_id"}


def id_names(schema):
    """Names of the fields with format uuid in a schema, at any depth."""
    schema = contract.resolve(schema)
    for name, field in schema.get("properties", {}).items():
        field = contract.resolve(field)
        if field.get("format") == "uuid":
            yield name
        yield from id_names(field)
    if "items" in schema:
        yield from id_names(schema["items"])


def id_places(value, path=()):
    """(path, name) of every id in a body."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from id_places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from id_places(inner, (*path, index))
    elif isinstance(value, str) and UUID.fullmatch(value):
        yield path, [part for part in path if isinstance(part, str)][-1]


def positions():
    """(operation, where) for each id that a caller who is not an admin can put somewhere."""
    for operation in OPERATIONS.values():
        # The signature of a link covers the ids of its path.
        if set(operation.actors) == {"admin"} or "x-signed" in operation.spec:
            continue
        for parameter in operation.parameters:
            schema = contract.resolve(parameter["schema"])
            # The program's own files and pages, and months, are the same for everybody.
            if parameter["name"] in ("file", "page", "month"):
                continue
            if operation.id in OF_A_DEMO | BY_LINK:
                continue
            if parameter["name"] == "link":  # signed (test_mail_sending.py)
                continue
            if operation.id in CHOOSING or operation.id == "getDocument":  # published
                continue
            if parameter["in"] == "path" or schema.get("format") == "uuid" \
                    or parameter["name"] == "vendor":
                yield operation.id, parameter["in"], parameter["name"]
        if operation.body and operation.body[0] == "application/json":
            for name in set(id_names(operation.body[1])) - SHARED:
                if (operation.id, name) not in WITHOUT_ID:
                    yield operation.id, "body", name


def placed(arguments, where, name, value):
    arguments = copy.deepcopy(arguments)
    if where != "body":
        arguments[name] = value
        return arguments
    found = [path for path, known in id_places(arguments["body"]) if known == name]
    assert found, f"the row's body holds no {name}"
    for path in found:
        target = arguments["body"]
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = value
    return arguments


def told(response, *ids):
    """All that a caller can learn from an answer, with the ids that it sent made equal."""
    text = response.text
    for each in ids:
        text = text.replace(each, "ID")
    body = json.loads(text) if "json" in response.headers.get("Content-Type", "") else text
    if isinstance(body, dict):
        for varies in ("request_id", "instance"):
            body.pop(varies, None)
    headers = {key for key in response.headers if key.lower() not in ("date", "x-cart-token")}
    return response.status_code, body, headers


@pytest.mark.parametrize("operation_id,where,name", sorted(positions()))
def test_a_foreign_id_answers_like_one_that_does_not_exist(world, operation_id, where, name):
    operation = OPERATIONS[operation_id]
    who = actor_for(world, operation)
    public = {"public", "guest"} & set(operation.actors) or operation.id in FOLLOWING
    foreign = (world.b.hidden if public and name in world.b.hidden else world.b.ids).get(name)
    if name == "vendor":
        foreign = world.b.hidden["vendor_id"]
    assert foreign, f"the sides have no {name}"
    arguments = world.arguments(operation, who, world.a)
    if ROWS[operation_id].twin:
        who = ROWS[operation_id].twin(who)
    answers = []
    for value in (NEVER, foreign):
        call = placed(arguments, where, name, value)
        if operation.is_read:
            answers.append(who.call(operation_id, **call))
        else:
            answers.append(unchanged(world, who, operation_id, call))
    if where == "path":
        assert answers[0].status_code == 404, answers[0].text
    assert told(answers[1], foreign) == told(answers[0], NEVER)


@pytest.mark.parametrize("operation_id", sorted(
    o.id for o in OPERATIONS.values() if "admin" in o.actors and o.names("path")))
def test_an_admin_gets_404_for_what_does_not_exist(world, operation_id):
    operation = OPERATIONS[operation_id]
    admin = world.actors["admin:superadmin"]
    arguments = world.arguments(operation, admin, world.a)
    for name in operation.names("path"):
        response = unchanged(world, admin, operation_id, {**arguments, name: NEVER})
        assert response.status_code == 404, response.text


@pytest.mark.parametrize("operation_id", sorted(
    o.id for o in OPERATIONS.values() if o.is_read and {"staff", "customer"} & set(o.actors)))
def test_a_list_holds_nothing_of_the_other_side(world, operation_id):
    operation = OPERATIONS[operation_id]
    who = actor_for(world, operation)
    response = who.call(operation_id, **world.arguments(operation, who, world.a))
    assert response.status_code == 200, response.text
    theirs = {name: value for name, value in world.b.ids.items() if value in response.text}
    if "cart" in operation.path:
        theirs = {n: v for n, v in theirs.items() if n not in ("vendor_id", "product_id",
                                                               "variant_id", "method_id")}
    assert not theirs
