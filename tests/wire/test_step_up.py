"""What needs a recent proof of who one is (x-recent), and giving it."""
from types import SimpleNamespace

import pytest
from harness import contract
from harness.client import refused
from harness.codes import coded, fresh_phone
from harness.sessions import again
from harness.shop import PASSWORD
from harness.totp import code_of, enrolled
from matrix import ROWS

NEVER = "0190b0b0-0000-7000-8000-00000000dead"
CODE, REASON, ROLE = {"code": "123456"}, {"reason": "A test"}, {"role": "support"}
REFUND = {**REASON, "shipping": {"amount": 1, "currency": "USD"}}
BODIES = {"confirmTotp": CODE, "disableTotp": CODE, "renewRecoveryCodes": CODE,
          "reverseJournal": REASON, "requestUserDeletion": REASON,
          "requestUserDataExport": REASON, "markPayoutFailed": REASON,
          "markPayoutReturned": REASON, "refundSubOrder": REFUND, "adminRefundSubOrder": REFUND,
          "setAdminRole": ROLE, "updateStaff": ROLE, "startSupportView": REASON,
          "requestEmailChange": {"email": "another@example.com"},
          "setMyPhone": {"phone": None, "current_password": PASSWORD}}
RECENT = sorted(o.id for o in contract.OPERATIONS.values() if "x-recent" in o.spec)


def age(shop, person, minutes):
    """As if this person's sessions had proved themselves so long ago."""
    person.patient = False
    shop.db.rows("update session set authenticated_at = now() - make_interval(mins => %s) "
                 "where account_id = %s", minutes, person.id)


def asked(person):
    """What a new app needs is what many things need."""
    return person.call("beginTotp", body={})


def must_prove(response, methods):
    assert refused(response, 403, "recent_authentication_required")["methods"] == methods


def test_a_session_is_recent_for_fifteen_minutes_however_often_it_is_refreshed(shop):
    person = shop.customer()
    age(shop, person, 14)
    assert asked(person).status_code == 200
    age(shop, person, 16)
    must_prove(asked(person), ["password"])
    person._signed_in(person.do("refresh", token=None, body={
        "refresh_token": person.refresh_token}))
    must_prove(asked(person), ["password"])


def test_the_password_proves_it_for_one_session(shop):
    person = shop.customer()
    other = again(shop, person)
    age(shop, person, 16)
    other.patient = False
    problem = refused(person.call("stepUp", body={}), 400)
    assert problem["errors"][0]["field"] == "/password"
    refused(person.call("stepUp", body={"password": "wrong wrong"}), 401, "bad_credentials")
    must_prove(asked(person), ["password"])
    assert person.call("stepUp", body={"password": PASSWORD}).status_code == 204
    assert asked(person).status_code == 200
    must_prove(asked(other), ["password"])


def test_an_account_with_a_second_factor_needs_that(shop):
    person = enrolled(shop, shop.customer())
    age(shop, person, 16)
    body = {"code": code_of(shop, person)}
    must_prove(person.call("disableTotp", body=body), ["totp", "recovery_code"])
    problem = refused(person.call("stepUp", body={"password": PASSWORD}), 400)
    assert problem["errors"][0]["field"] == "/code"
    refused(person.call("stepUp", body={"code": "000000000000"}), 401, "bad_credentials")
    assert person.call("stepUp", body=body).status_code == 204
    refused(person.call("stepUp", body=body), 401, "bad_credentials")  # a code works once
    age(shop, person, 16)
    assert person.call("stepUp", body={"code": person.recovery_codes[0]}).status_code == 204
    person.do("disableTotp", body={"code": code_of(shop, person)})


def test_an_account_without_a_password_needs_a_code_by_telephone(shop):
    person = shop.anonymous()
    phone = fresh_phone()
    person._signed_in(person.do("signInByPhone", body={
        **coded(shop.server, person, phone), "name": "Sara"}))
    age(shop, person, 16)
    must_prove(asked(person), ["phone_code"])
    proof = coded(shop.server, person, phone)
    del proof["phone"]
    refused(person.call("stepUp", body={"code": proof["code"]}), 400, field="/code_id")
    stranger = coded(shop.server, person)
    del stranger["phone"]
    refused(person.call("stepUp", body=stranger), 401, "bad_credentials")
    assert person.call("stepUp", body=proof).status_code == 204
    assert asked(person).status_code == 200


def test_a_session_that_ended_proves_nothing(shop):
    person = shop.customer()
    shop.db.rows("update session set ended_at = now() where account_id = %s", person.id)
    refused(person.call("stepUp", body={"password": PASSWORD}), 401, "unauthenticated")


def body_of(shop, operation):
    """Valid, because what is not is refused (400) before anything else."""
    world = SimpleNamespace(shop=shop)
    if operation.id in BODIES:
        return BODIES[operation.id]
    if operation.id in ("putSettings", "publishDocument", "putPayoutAccount", "exportPayouts",
                        "createInvitation", "putMarketplaceTaxProfile", "linkIdentity"):
        return ROWS[operation.id].body(world, None, None)
    if operation.id == "markDebtPaid":
        return {"amount": {"amount": 1, "currency": "USD"}}
    return {} if operation.body else None


@pytest.mark.parametrize("operation_id", RECENT)
def test_whatever_says_x_recent_is_refused_without_it(shop, operation_id):
    operation = contract.OPERATIONS[operation_id]
    ids = {name: NEVER for name in operation.names("path")}
    if "staff" in operation.actors:
        vendor = shop.vendor()
        person, ids["vendor_id"] = vendor.owner, vendor.id
    else:
        person = shop.admin() if "admin" in operation.actors else shop.customer()
    body = body_of(shop, operation)
    patient = person.patient
    age(shop, person, 16)
    must_prove(person.call(operation_id, body=body, **ids), ["password"])
    person.patient = patient
    assert person.call("stepUp", body={"password": PASSWORD}).status_code == 204


def test_what_was_done_is_answered_again_later(shop):
    """Whoever asks with the same key whether it was done needs no proof."""
    admin, vendor = shop.admin("finance"), shop.vendor()
    order = shop.customer().order(vendor.product())
    vendor.accept(order), vendor.ship(order), vendor.deliver(order)
    debt = admin.do("markDebtPaid", vendor_id=vendor.id, body={
        "amount": {"amount": 1, "currency": "USD"}})
    body, key = {"reason": "A test"}, "0190b0b0-0000-7000-8000-0000000005ed"
    first = admin.do("reverseJournal", journal_id=debt["id"], body=body, key=key)
    patient = admin.patient
    age(shop, admin, 16)
    assert admin.do("reverseJournal", journal_id=debt["id"], body=body, key=key) == first
    admin.patient = patient
