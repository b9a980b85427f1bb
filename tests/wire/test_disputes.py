"""Disputes: who says what until when, what an admin decides, and whose money waits meanwhile."""
import pytest
import requests

from harness.shop import fresh, money, refused, together
from harness.sub_orders import good
from harness.uploads import attachable
from harness.wait import until
from test_ledger import balance, has, journals
from test_refunds import granted, sold


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


class Case:
    """Three pots of 1000 with shipping of 700 that were delivered, and what is said of them."""

    def __init__(self, shop, **how):
        self.shop, self.admin = shop, shop.admin("operations")
        self.clay, self.pot, self.customer, self.order = sold(shop, **how)
        self.part = self.clay.part(self.order)["id"]

    def open(self, **body):
        return self.customer.call("openDispute", sub_order_id=self.part, key=fresh("key"), body={
            "reason": "damaged", "text": "All cracked", **body})

    def opened(self, **body):
        answer = self.open(**body)
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["id"]
        return answer.json()

    def say(self, **body):
        return self.clay.call("addVendorDisputeStatement", dispute_id=self.id, key=fresh("key"),
                              body={"text": "They were whole", **body})

    def decide(self, outcome, **body):
        return self.admin.call("decideDispute", dispute_id=self.id, key=fresh("key"), body={
            "outcome": outcome, "reason": "We looked at it", **body})

    def released(self):
        self.shop.db.rows("update ledger_share set release_at = now() where sub_order_id = %s",
                          self.part)
        until(lambda: balance(self.clay) == has(available=3400))


@pytest.fixture
def case(shop):
    return Case(shop)


def told(actor):
    return {n["kind"] for n in actor.do("listNotifications", limit=100)["items"]
            if "dispute" in n["kind"]}


def test_both_sides_speak_and_an_admin_decides_for_the_customer(shop, case):
    photo = attachable(shop.server, case.customer, purpose="return_evidence")
    made = case.opened(upload_ids=[photo])
    assert (made["status"], made["allowed_transitions"]) == ("opened", ["withdrawn"])
    assert good(case.say())["status"] == "in_review"
    case.customer.do("addDisputeStatement", dispute_id=case.id, key=fresh("key"),
                     body={"text": "They were not"})
    for actor, operation in ((case.customer, "getDispute"), (case.clay, "getVendorDispute"),
                             (case.admin, "adminGetDispute")):
        said = actor.do(operation, dispute_id=case.id)["statements"]
        assert [(s["by"], s["text"]) for s in said] == [
            ("customer", "All cracked"), ("staff", "They were whole"),
            ("customer", "They were not")]
        (file,) = said[0]["files"]
        assert file["id"] == photo and requests.get(file["image"]["url"], timeout=60).ok
    ended = good(case.decide("customer"))
    (refund,) = case.customer.do("listSubOrderRefunds", sub_order_id=case.part)["items"]
    assert (ended["status"], ended["outcome"], ended["refund_id"]) == (
        "decided", "customer", refund["id"])
    assert refund["amount"] == case.order["total"] and refund["reason"] == "We looked at it"
    assert balance(case.clay) == has()
    refused(case.say(), 409)
    until(lambda: told(case.customer) == {"dispute_in_review", "dispute_decided"})
    until(lambda: told(case.clay.owner) == {"vendor_dispute_opened", "vendor_dispute_decided"})


def test_what_was_released_is_held_while_it_is_disputed(shop, case):
    case.released()
    case.opened()
    assert balance(case.clay) == has(reserved=3400)
    assert journals(shop, case.order)[-1] == ("held", {
        ("available", "hold"): 3400, ("reserved", "hold"): -3400})
    granted(case.clay, case.order, goodwill=money(400))
    assert balance(case.clay) == has(reserved=3400, debt=400)
    good(case.decide("split", amount=money(900)))
    assert {cause for cause, _ in journals(shop, case.order)[-2:]} == {
        "hold_released", "refund_granted"}
    assert balance(case.clay) == has(available=3400 - 400 - 900)


def test_what_is_pending_is_not_released_while_it_is_disputed(shop, case):
    case.opened()
    shop.db.rows("update ledger_share set release_at = now() where sub_order_id = %s", case.part)
    assert shop.db.one("select ledger_release(10)") == 0
    assert balance(case.clay) == has(pending=3400)
    case.customer.do("withdrawDispute", dispute_id=case.id)
    until(lambda: balance(case.clay) == has(available=3400))


def test_a_decision_refunds_once_what_it_says(shop, case):
    case.opened()
    refused(case.decide("split"), 400, "invalid_input", "/amount")
    refused(case.decide("vendor", amount=money(1)), 400, "invalid_input", "/amount")
    refused(case.decide("split", amount=money(3701)), 400, "invalid_input", "/amount/amount")
    answers = together(4, lambda: case.decide("split", amount=money(1000)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
    (refund,) = case.customer.do("listSubOrderRefunds", sub_order_id=case.part)["items"]
    assert (refund["amount"], refund["goodwill_by"]) == (money(1000), "vendor")
    assert balance(case.clay) == has(pending=2400)


def test_a_dispute_that_nobody_answers_comes_to_the_admins(shop, case):
    case.opened()
    shop.db.rows("update dispute set deadline_at = now() where id = %s", case.id)
    until(lambda: case.admin.do("adminListDisputes", status="in_review",
                                sub_order_id=case.part)["items"])
    ended = good(case.decide("vendor"))
    assert (ended["outcome"], ended["refund_id"]) == ("vendor", None)
    assert balance(case.clay) == has(pending=3400)


def test_only_one_dispute_goes_on_and_each_move_is_of_the_table(shop, case):
    answers = together(3, lambda: case.open())
    assert sorted(a.status_code for a in answers) == [201, 409, 409]
    (case.id,) = [a.json()["id"] for a in answers if a.status_code == 201]
    for actor, operation in ((case.customer, "listMyDisputes"), (case.clay, "listVendorDisputes")):
        assert [d["id"] for d in actor.do(operation)["items"]] == [case.id]
    case.customer.do("withdrawDispute", dispute_id=case.id)
    for call in (lambda: case.decide("vendor"), lambda: case.customer.call(
            "withdrawDispute", dispute_id=case.id)):
        refused(call(), 409)
    shop.db.rows("update sub_order_history set at = at - interval '31 days' "
                 "where sub_order_id = %s", case.part)
    refused(case.open(), 409)
