"""Returns: who may take one where, what goes back, and what the clock does."""
import pytest
import requests

from harness.shop import fresh, money, refused, together
from harness.sub_orders import good, line_of, some
from harness.uploads import attachable
from harness.wait import until
from test_ledger import balance, has, journals
from test_refunds import granted, mailed, refund, sold


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


class Case:
    """Three pots of 1000 that were delivered, and what both sides do with their returns."""

    def __init__(self, shop, **how):
        self.shop = shop
        self.clay, self.pot, self.customer, self.order = sold(shop, **how)
        self.line, self.part = line_of(self.order, self.clay), self.clay.part(self.order)["id"]

    def ask(self, quantity=1, **body):
        return self.customer.call("requestReturn", sub_order_id=self.part, key=fresh("key"), body={
            "lines": some(self.line, quantity), "reason": "damaged", **body})

    def asked(self, quantity=1, **body):
        answer = self.ask(quantity, **body)
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["id"]
        return answer.json()

    def to(self, operation, **body):
        who = self.customer if operation in ("shipReturn", "cancelReturn") else self.clay
        arguments = {} if operation == "receiveReturn" else {"body": body}
        if operation == "refundReturn":
            arguments["key"] = fresh("key")
        return who.call(operation, return_id=self.id, **arguments)

    def seen(self):
        return self.customer.do("getReturn", return_id=self.id)


@pytest.fixture
def case(shop):
    return Case(shop)


def told(actor, word):
    return {n["kind"] for n in actor.do("listNotifications", limit=100)["items"]
            if word in n["kind"]}


def test_goods_come_back_are_inspected_and_refunded(shop, case):
    before = case.pot.available
    photo = attachable(shop.server, case.customer, purpose="return_evidence")
    made = case.asked(2, comment="Cracked", upload_ids=[photo])
    assert (made["status"], made["allowed_transitions"]) == ("requested", ["cancelled"])
    approved = good(case.to("approveReturn", instructions="Kiln Lane 4"))
    assert approved["instructions"] == "Kiln Lane 4"
    assert approved["allowed_transitions"] == ["approved", "received"]
    good(case.to("shipReturn", carrier="Post", tracking_number="X1"))
    good(case.to("receiveReturn"))
    good(case.to("inspectReturn", note="One is whole", lines=[
        {"line_id": case.line, "accepted_quantity": 1, "restock": True}]))
    ended = good(case.to("refundReturn", shipping=money(700)))
    assert ended["status"] == "refunded" and ended["allowed_transitions"] == []
    (refund,) = case.customer.do("listSubOrderRefunds", sub_order_id=case.part)["items"]
    assert (refund["id"], refund["amount"]) == (ended["refund_id"], money(1700))
    assert case.pot.available == before + 1
    assert journals(shop, case.order)[1:] == [("refund_granted", {
        ("pending", "goods"): 1000, ("pending", "shipping"): 700, ("pending", "commission"): -100,
        ("commission", "commission"): 100, ("refund_due", "refund_due"): -1700})]
    seen = case.seen()
    assert [(h["from"], h["to"], h["by"]) for h in seen["history"]] == [
        (None, "requested", "customer"), ("requested", "approved", "staff"),
        ("approved", "shipped", "customer"), ("shipped", "received", "staff"),
        ("received", "inspected", "staff"), ("inspected", "refunded", "staff")]
    for actor, operation in ((case.customer, "getReturn"), (case.clay, "getVendorReturn")):
        (file,) = actor.do(operation, return_id=case.id)["files"]
        assert file["id"] == photo and requests.get(file["image"]["url"], timeout=60).ok
    until(lambda: told(case.customer, "return_") == {"return_approved", "return_received"})
    until(lambda: told(case.clay.owner, "return_") == {
        "vendor_return_requested", "vendor_return_shipped"})


def test_what_is_being_returned_or_was_refunded_is_not_returned_again(shop, case):
    answers = together(4, lambda: case.ask(2))
    assert sorted(a.status_code for a in answers) == [201, 400, 400, 400]
    (first,) = [a.json()["id"] for a in answers if a.status_code == 201]
    refused(case.ask(2), 400, "invalid_input", "/lines/0/quantity")
    case.customer.do("cancelReturn", return_id=first, body={})
    case.asked(2)
    for operation in ("approveReturn", "receiveReturn", "inspectReturn"):
        good(case.to(operation))
    answers = together(3, lambda: case.to("refundReturn"))
    assert sorted(a.status_code for a in answers) == [200, 409, 409]
    assert balance(case.clay) == has(pending=1000 + 700 - 100)
    refused(case.ask(2), 400, "invalid_input", "/lines/0/quantity")
    case.asked(1)


def test_each_move_is_only_for_those_whom_the_table_names(shop, case):
    case.asked()
    for operation, body in (("shipReturn", {}), ("receiveReturn", {}), ("inspectReturn", {}),
                            ("refundReturn", {})):
        refused(case.to(operation, **body), 409)
    good(case.to("approveReturn"))
    refused(case.to("refuseReturn", reason="Too late"), 409)
    good(case.to("receiveReturn"))
    refused(case.to("cancelReturn"), 409)
    none = {"line_id": case.line, "accepted_quantity": 0}
    refused(case.to("inspectReturn", lines=[none, none]), 400, field="/lines/1/line_id")
    good(case.to("inspectReturn", lines=[none]))
    refused(case.to("refundReturn"), 409)
    ended = good(case.to("refuseReturn", reason="It is whole"))
    assert (ended["status"], ended["decision_reason"]) == ("refused", "It is whole")
    assert balance(case.clay) == has(pending=3400)


def test_a_category_says_for_how_long_its_goods_are_taken_back(shop, case):
    db = shop.db
    root, cups = (db.one("insert into category (id, slug, name, parent_id) values "
                         "(gen_random_uuid(), %s, 'Cups', %s) returning id", fresh("cups").lower(),
                         parent) for parent in (None, None))
    db.rows("update category set parent_id = %s where id = %s", root, cups)
    db.rows("update product set category_id = %s where id = %s", cups, case.pot.id)
    db.rows("update sub_order_history set at = at - interval '10 days' where sub_order_id = %s "
            "and to_state = 'delivered'", case.part)
    finance = shop.admin("operations")
    finance.do("updateCategory", category_id=str(root), body={"return_days": 9})
    refused(case.ask(), 400, "invalid_input", "/lines/0/line_id")
    finance.do("updateCategory", category_id=str(cups), body={"return_days": 11})
    case.asked()
    finance.do("updateCategory", category_id=str(cups), body={"return_days": None})
    refused(case.ask(), 400, "invalid_input", "/lines/0/line_id")
    finance.do("updateCategory", category_id=str(root), body={"return_days": None})
    case.asked()


def due(case):
    case.shop.db.rows("update goods_return set deadline_at = now() where id = %s", case.id)


def test_the_clock_approves_what_nobody_answers_and_cancels_what_nobody_sends(shop, case):
    case.asked()
    due(case)
    until(lambda: case.seen()["status"] == "approved")
    assert case.seen()["deadline_at"] is None  # nobody knows where to send it
    refused(case.to("approveReturn"), 400, "invalid_input", "/instructions")
    told_where = good(case.to("approveReturn", instructions="Kiln Lane 4"))
    assert told_where["instructions"] == "Kiln Lane 4" and told_where["deadline_at"]
    due(case)
    until(lambda: case.seen()["status"] == "cancelled")
    seen = case.seen()
    assert seen["deadline_at"] is None and seen["decision_reason"] == "Not sent in time"
    assert [h["by"] for h in seen["history"]] == ["customer", "system", "staff", "system"]


def test_admins_find_what_a_vendor_leaves_lying_and_end_it(shop, case):
    case.asked()
    support, finance = shop.admin("support"), shop.admin("finance")
    good(case.to("approveReturn"))
    good(case.to("shipReturn"))

    def overdue():
        return [r["id"] for r in support.do("adminListReturns", overdue=True,
                                            sub_order_id=case.part)["items"]]
    assert case.seen()["deadline_at"] and overdue() == []
    due(case)
    assert overdue() == [case.id]
    until(lambda: {"count": 1} in mailed(shop, support, "mail.returns_overdue"))
    support.do("adminReceiveReturn", return_id=case.id)
    seen = support.do("adminInspectReturn", return_id=case.id, body={})
    assert seen["allowed_transitions"] == ["refunded", "refused"] and overdue() == []
    ended = finance.do("adminRefundReturn", return_id=case.id, key=fresh("key"), body={})
    assert ended["status"] == "refunded" and ended["customer"]["id"] == case.customer.id
    assert balance(case.clay) == has(pending=2000 + 700 - 200)


def test_what_is_being_returned_is_refunded_with_its_return_only(shop, case):
    case.asked(2)
    lines = {"lines": some(case.line, 2)}
    problem = refused(refund(case.clay, case.order, **lines), 400, "invalid_input",
                      "/lines/0/quantity")
    assert "2 are being returned" in problem["errors"][0]["detail"]
    granted(case.clay, case.order, lines=some(case.line, 1))
    good(case.to("refuseReturn", reason="They are whole"))
    granted(case.clay, case.order, **lines)


def test_earnings_are_not_released_while_something_may_go_back(shop, case):
    case.asked()
    shop.db.rows("update ledger_share set release_at = now() where sub_order_id = %s", case.part)
    assert shop.db.one("select ledger_release(10)") == 0
    assert balance(case.clay) == has(pending=3400)
    good(case.to("cancelReturn"))
    until(lambda: balance(case.clay) == has(available=3400))


def test_only_what_was_delivered_is_returned_and_only_by_its_customer(shop, case):
    clay = shop.vendor()
    order = shop.customer().order(clay.product())
    good(clay.accept(order))
    customer = shop.customer()
    refused(customer.call("requestReturn", sub_order_id=case.part, key=fresh("key"), body={
        "lines": some(case.line, 1), "reason": "other"}), 404)
    mine = customer.order(clay.product())
    refused(customer.call("requestReturn", sub_order_id=clay.part(mine)["id"], key=fresh("key"),
                          body={"lines": some(line_of(mine, clay), 1), "reason": "other"}), 409)
    photo = attachable(shop.server, customer, purpose="return_evidence")
    refused(case.ask(upload_ids=[photo]), 400, "invalid_input", "/upload_ids/0")


def test_both_sides_and_admins_list_returns(shop, case):
    first, second = case.asked(), case.asked()
    good(case.to("approveReturn"))
    admin = shop.admin("support")
    for actor, operation, more in (
            (case.customer, "listMyReturns", {}), (case.clay, "listVendorReturns", {}),
            (admin, "adminListReturns", {"vendor": case.clay.slug})):
        ids = [r["id"] for r in actor.do(operation, **more)["items"]]
        assert ids == [second["id"], first["id"]]
        one = actor.do(operation, limit=1, **more)
        rest = actor.do(operation, limit=1, cursor=one["next_cursor"], **more)
        assert [r["id"] for r in one["items"] + rest["items"]] == ids
        (open_one,) = actor.do(operation, status="requested", sub_order_id=case.part,
                               **more)["items"]
        assert open_one["id"] == first["id"]
    seen = admin.do("adminGetReturn", return_id=first["id"])
    assert seen["customer"]["id"] == case.customer.id
    refused_one = admin.do("adminRefuseReturn", return_id=first["id"], body={"reason": "Used"})
    assert refused_one["status"] == "refused"
