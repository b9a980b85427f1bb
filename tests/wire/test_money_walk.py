"""A long random walk over everything that moves money, beside books that are kept in Python
(harness/books.py): equal to the cent after every step.

    SEBEZ_TEST_MONEY=200000 SEBEZ_TEST_SEED=7 pytest tests/wire/test_money_walk.py     the full size
"""
import os
import random

import pytest

from conftest import SEED
from harness import contract
from harness.books import PLATFORM, Books, Line, Order, Part, Payout, Terms
from harness.shop import fresh, money
from harness.wait import until
from test_attempts import sandbox

STEPS = int(os.environ.get("SEBEZ_TEST_MONEY", "200"))
KEPT = 8  # orders that go on, few enough that each gets far; older ones rest
NEXT = {"placed": ["accept"] * 3 + ["cancel"], "accepted": ["ship", "ship", "cancel"],
        "partially_shipped": ["ship", "deliver", "cancel"], "shipped": ["deliver"]}
MOVES = {"pending": ["approvePayout"] * 3 + ["markPayoutFailed"],
         "approved": ["markPayoutPaid"] * 3 + ["markPayoutFailed"],
         "paid": ["markPayoutReturned"]}
CAUSES = set(contract.resolve({"$ref": "#/components/schemas/JournalCause"})["enum"]
             ) - {"extra_received", "extra_refunded", "refund_failed",
                  "extra_refund_failed"}  # of providers: test_attempts.py
RATES = (0, 1, 333, 1000, 2550, 10_000)
FEE = 1500  # of the sandbox, for a chargeback


class Walk:
    def __init__(self, shop, seed):
        self.shop, self.chance, self.books = shop, random.Random(seed), Books()
        self.placed = []
        self.finance, self.admin = shop.admin("finance"), shop.admin()
        self.vendors = [shop.vendor(shipping=[("Parcel", price)]) for price in (0, 499, 1250)]
        self.rates = {vendor.id: 1000 for vendor in self.vendors}
        self.goods = [vendor.product(price=price, stock=1_000_000)
                      for vendor in self.vendors for price in (0, 1, 333, 1999, 100_000)]
        self.customers = [shop.customer() for _ in range(2)]
        self.orders, self.rules, self.tax = [], [], 0
        self.payouts, self.reserves = [], {vendor.id: 0 for vendor in self.vendors}
        self.fixed = self.basis_points = 0
        self.keeps = False  # the commission of what is refunded
        self.start = self.platform()
        for vendor in self.vendors:
            vendor.do("putPayoutAccount", body={
                "holder": "Walk", "country": "DE", "iban": "DE89370400440532013000"})
            self.set_terms(vendor)

    def set_terms(self, vendor, reserve=None):
        self.reserves[vendor.id] = reserve or self.chance.choice((0, 1000, 3333))
        self.finance.do("putPayoutTerms", vendor_id=vendor.id, body={
            "schedule": "manual", "reserve_days": 30,
            "reserve_basis_points": self.reserves[vendor.id]})

    def platform(self):
        seen = {a["account"]: a["balance"]["amount"]
                for a in self.finance.do("listMoneyAccounts")["items"]}
        return {account: seen.get(account, 0) for account in PLATFORM}

    # -- steps ------------------------------------------------------------------------------------

    def change_rules(self):
        vendor = self.chance.choice(self.vendors)
        self.rates[vendor.id] = self.chance.choice(RATES)
        self.admin.do("setVendorCommission", vendor_id=vendor.id,
                      body={"commission_basis_points": self.rates[vendor.id]})
        self.tax = self.chance.choice((0, 0, 2000))
        self.change_a_rule()
        self.set_terms(vendor)
        self.fixed, self.basis_points = self.chance.choice((0, 1, 100)), self.chance.choice(RATES)
        self.shop.db.rows("update platform set service_fee_fixed = %s, "
                          "service_fee_basis_points = %s, commission_tax_basis_points = %s",
                          self.fixed, self.basis_points, self.tax)

    def change_a_rule(self):
        """One for a vendor or a product is added, changed, or removed."""
        if len(self.rules) > 3:
            gone = self.rules.pop(0)
            self.admin.do("deleteCommissionRule", rule_id=gone[0])
        goods = self.chance.choice(self.goods)
        body = {"name": "Walk", "position": self.chance.randint(1, 5),
                "vendor_id": goods.vendor.id,
                **({"product_id": goods.id} if self.chance.random() < 0.5 else {}),
                "basis_points": self.chance.choice(RATES),
                "per_unit": money(self.chance.choice((0, 25))),
                "minimum": money(self.chance.choice((0, 40))),
                **({"maximum": money(1500)} if self.chance.random() < 0.5 else {}),
                "on_shipping": self.chance.random() < 0.5,
                **({"tax_basis_points": 1900} if self.chance.random() < 0.3 else {})}
        if self.rules and self.chance.random() < 0.5:
            rule_id = self.rules.pop(self.chance.randrange(len(self.rules)))[0]
            self.admin.do("putCommissionRule", rule_id=rule_id, body=body)
        else:
            rule_id = self.admin.do("createCommissionRule", body=body)["id"]
        self.rules.append((rule_id, body))
        self.rules.sort(key=lambda rule: (rule[1]["position"], rule[0]))

    def terms(self, vendor_id, product_id):
        for _, rule in self.rules:
            if rule["vendor_id"] == vendor_id and rule.get("product_id", product_id) == product_id:
                return Terms(rule["basis_points"], rule["per_unit"]["amount"],
                             rule["minimum"]["amount"], rule.get("maximum", {}).get("amount"),
                             rule["on_shipping"], rule.get("tax_basis_points", self.tax))
        return Terms(self.rates[vendor_id], tax=self.tax)

    def place(self, method=None, goods=None):
        customer = self.chance.choice(self.customers)
        picked = goods or self.chance.sample(self.goods, self.chance.choice((1, 2, 4)))
        counts = {product.variant: self.chance.choice((1, 2, 3, 7)) for product in picked}
        prices = {product.variant: product.price for product in picked}
        self.product_of = {product.variant: product.id for product in picked}
        method = method or self.chance.choice(
            ("cash_on_delivery", "manual", "manual", "sandbox"))
        in_cash = method == "cash_on_delivery"
        customer.call("clearCart")
        made = customer.order(*((product, counts[product.variant]) for product in picked),
                              method=method)
        order = Order(made["id"], customer, [
            self.part_of(seen, prices, counts) for seen in sorted(
                made["sub_orders"], key=lambda seen: seen["number"])], in_cash)
        self.books.place(order, self.fixed, self.basis_points)
        assert sum(part.total for part in order.parts) == made["total"]["amount"]
        order.is_paid = made["payment"]["status"] == "received"  # of nothing
        order.account = "provider:sandbox" if method == "sandbox" else "bank"
        self.orders = [*self.orders, order][-KEPT:]
        self.placed.append(order.id)
        return order

    def part_of(self, seen, prices, counts):
        vendor = seen["vendor"]["id"]
        lines = {line["id"]: Line(prices[line["variant_id"]], counts[line["variant_id"]],
                                  self.terms(vendor, self.product_of[line["variant_id"]]))
                 for line in seen["lines"]}
        return Part(vendor, seen["id"], lines, seen["shipping"]["amount"])

    def charge(self, order):
        """By card: what is due, and what goes back of it goes by itself."""
        due = sum(p.due for p in order.parts)
        answer = order.customer.call("createPaymentAttempt", order_id=order.id, body={})
        if answer.status_code == 201 and answer.json()["status"] == "captured":
            self.books.receive(order, due)
            order.attempt = answer.json()

    def charge_back(self):
        """The bank takes back what was paid by a card, or decides."""
        chosen = [o for o in self.orders if o.attempt]
        if not chosen:
            return
        order = self.chance.choice(chosen)
        if any(part.charged for part in order.parts):
            self.decide_chargeback(order)
        elif any(part.received > part.back for part in order.parts):
            before = len(self.chargebacks(order))
            wanted = self.chance.choice((None, 1, 700, 20_000))
            assert sandbox(self.shop, order.attempt, "dispute", wanted).status_code == 200
            until(lambda: len(self.chargebacks(order)) > before)
            amount = self.books.charge_back(order, FEE, wanted)
            assert self.chargebacks(order)[0]["amount"] == amount

    def chargebacks(self, order):
        return self.shop.db.rows("select id::text, amount, state from chargeback "
                                 "where order_id = %s order by id desc", order.id)

    def decide_chargeback(self, order, outcome=None):
        outcome = outcome or self.chance.choice(("won", "lost"))
        lost = {part.id: self.seller(part).do("getSubOrder", sub_order_id=part.id)["status"]
                for part in order.parts if outcome == "lost" and part.due}
        where = {"chargeback_id": self.chargebacks(order)[0]["id"]}
        self.finance.do("adminAddChargebackEvidence", **where, key=fresh("key"), body={
            "text": {"won": "winning_evidence", "lost": "losing_evidence"}[outcome]})
        self.finance.do("sendChargebackEvidence", **where)
        until(lambda: self.chargebacks(order)[0]["state"] == outcome)
        for part in order.parts:
            if part.id in lost and part.charged:
                self.lose(order, part, lost[part.id])
        self.books.end_chargeback(order, outcome == "lost")
        self.await_refund(order)

    def lose(self, order, part, status):
        """All of what was shipped is refunded by its lines, and what is left of it by the
        marketplace; else it is goodwill of the vendor."""
        left = part.due - max(0, part.received - part.back - part.charged)
        is_all = left == part.due and status in ("shipped", "delivered", "completed")
        if is_all and left and (self.refundable(part) or part.shipping > part.shipping_back):
            left -= self.books.grant(order, part, self.refundable(part),
                                     part.shipping - part.shipping_back, 0, False, self.keeps)
        if left > 0:
            self.books.grant(order, part, {}, 0, left, is_all, True)

    def await_refund(self, order):
        """Of an order that was paid by card: what the bank has not taken goes back by itself."""
        if order.account == "bank":
            return
        self.books.refund_uncharged(order)
        back = self.books.platform["provider:sandbox"]
        until(lambda: self.platform()["provider:sandbox"] - self.start["provider:sandbox"] == back)

    def receive(self):
        order = self.chance.choice(self.orders)
        if order.account != "bank":
            self.charge(order)
            return
        due, total = sum(p.due for p in order.parts), sum(p.total for p in order.parts)
        amount = self.chance.choice((due, total, self.chance.randint(due, total)))
        answer = self.once("markPaymentReceived", order_id=order.id,
                           body={"amount": money(amount)})
        if answer.status_code == 200:
            self.books.receive(order, amount)

    def seller(self, part):
        (vendor,) = [v for v in self.vendors if v.id == part.vendor]
        return vendor

    def refundable(self, part):
        return {line_id: line.shipped - line.refunded for line_id, line in part.lines.items()
                if line.shipped > line.refunded}

    def send_back(self):
        """A return of something that was delivered, to its end."""
        chosen = [(order, part) for order in self.orders for part in order.parts
                  if part.paid and part.delivered and self.refundable(part)]
        if not chosen:
            return
        order, part = self.chance.choice(chosen)
        sent = {line_id: self.chance.randint(1, count)
                for line_id, count in self.refundable(part).items()}
        made = order.customer.do("requestReturn", sub_order_id=part.id, key=fresh("key"), body={
            "reason": "unwanted", "lines": [{"line_id": line_id, "quantity": count}
                                            for line_id, count in sent.items()]})
        where, vendor = {"return_id": made["id"]}, self.seller(part)
        if self.chance.random() < 0.2:
            order.customer.do("cancelReturn", **where, body={})
            return
        vendor.do("approveReturn", **where, body={})
        vendor.do("receiveReturn", **where)
        kept = {line_id: self.chance.randint(0, count) for line_id, count in sent.items()}
        vendor.do("inspectReturn", **where, body={"lines": [
            {"line_id": line_id, "accepted_quantity": count} for line_id, count in kept.items()]})
        kept = {line_id: count for line_id, count in kept.items() if count}
        if not kept:
            vendor.do("refuseReturn", **where, body={"reason": "Used"})
            return
        vendor.do("refundReturn", **where, key=fresh("key"), body={})
        self.books.grant(order, part, kept, 0, 0, False, self.keeps)
        self.await_refund(order)

    def dispute(self):
        """One is opened, or one that is open ends."""
        chosen = [(order, part) for order in self.orders for part in order.parts
                  if part.paid and self.refundable(part)]
        if not chosen:
            return
        order, part = self.chance.choice(
            [pair for pair in chosen if pair[1].dispute and self.chance.random() < 0.7] or chosen)
        if part.dispute:
            self.end_dispute(order, part)
            return
        answer = order.customer.call("openDispute", sub_order_id=part.id, key=fresh("key"),
                                     body={"reason": "other", "text": "Walk"})
        if answer.status_code == 201:
            part.dispute = answer.json()["id"]
            if not part.held:
                self.books.hold(order, part)

    def end_dispute(self, order, part, outcome=None):
        outcome = outcome or self.chance.choice(("withdrawn", "vendor", "split", "customer"))
        if outcome == "withdrawn":
            order.customer.do("withdrawDispute", dispute_id=part.dispute)
            part.dispute = None
            self.books.unhold(part)
            return
        amount = self.chance.choice((1, 500, 20_000))
        answer = self.once("decideDispute", dispute_id=part.dispute, body={
            "outcome": outcome, "reason": "Walk",
            **({"amount": money(amount)} if outcome == "split" else {})})
        if answer.status_code != 200:
            assert answer.status_code in (400, 409) and outcome != "vendor", answer.text
            return
        part.dispute = None
        self.books.unhold(part)
        if outcome == "split":
            self.books.grant(order, part, {}, 0, amount, False, self.keeps)
        elif outcome == "customer":
            self.books.grant(order, part, self.refundable(part),
                             part.shipping - part.shipping_back, 0, False, self.keeps)
        self.await_refund(order)

    def grant(self):
        """A refund of something that was shipped, by its vendor or by the marketplace."""
        chosen = [(order, part) for order in self.orders for part in order.parts if part.paid
                  and any(line.shipped for line in part.lines.values())]
        if not chosen:
            return
        order, part = self.chance.choice(chosen)
        vendor = self.seller(part)
        keeps = self.keeps = self.chance.random() < 0.3
        self.shop.db.rows("update platform set refund_keeps_commission = %s", keeps)
        left = {line_id: line.shipped - line.refunded for line_id, line in part.lines.items()}
        lines = {line_id: self.chance.randint(1, count) for line_id, count in left.items()
                 if count and self.chance.random() < 0.5}
        shipping = self.chance.choice((0, 0, part.shipping - part.shipping_back, 1))
        goodwill = self.chance.choice((0, 0, 1, 250))
        by_platform = self.chance.random() < 0.5
        body = {"reason": "Walk", "shipping": money(shipping), "goodwill": money(goodwill),
                **({"lines": [{"line_id": line_id, "quantity": count, "restock": True}
                              for line_id, count in lines.items()]} if lines else {})}
        if by_platform:
            answer = self.once("adminRefundSubOrder", sub_order_id=part.id,
                               body={**body, "goodwill_by": "marketplace"})
        else:
            answer = vendor.call("refundSubOrder", sub_order_id=part.id, body=body,
                                 key=fresh("key"))
        if answer.status_code == 201:
            back = self.books.grant(order, part, lines, shipping, goodwill, by_platform, keeps)
            assert answer.json()["amount"] == money(back)
            self.await_refund(order)

    def refund(self):
        order = self.chance.choice([o for o in self.orders if o.account == "bank"] or [None])
        if order is None:
            return
        answer = self.once("markRefunded", order_id=order.id,
                           body={"amount": money(order.refund_due)})
        assert (answer.status_code == 200) == (order.refund_due > 0), answer.text
        if answer.status_code == 200:
            self.books.refund(order)

    def once(self, operation, **arguments):
        """Finance does it; sometimes twice with the same key, which is the same answer."""
        key = fresh("key")
        first = self.finance.call(operation, key=key, **arguments)
        if first.status_code in (200, 201) and self.chance.random() < 0.3:
            assert self.finance.call(operation, key=key, **arguments).text == first.text
        return first

    def cancel_order(self):
        order = self.chance.choice(self.orders)
        answer = order.customer.call("cancelOrder", order_id=order.id, body={})
        if answer.status_code == 200:
            for part in order.parts:
                self.books.cancel(order, part, None)
            self.await_refund(order)

    def sell(self):
        """A step of a vendor with a part; one step in ten is not allowed in its state."""
        order = self.chance.choice(self.orders)
        part = self.chance.choice(order.parts)
        vendor = self.seller(part)
        status = vendor.do("getSubOrder", sub_order_id=part.id)["status"]
        allowed = NEXT.get(status, ["accept"]) if self.chance.random() < 0.9 else ["deliver"]
        step = getattr(self, self.chance.choice(allowed))
        step(order, part, lambda operation, body: vendor.call(
            operation, sub_order_id=part.id, body=body))

    def accept(self, order, part, call):
        call("acceptSubOrder", {})

    def some(self, part):
        """Of each line as many as are left, or fewer."""
        left = {line_id: line.left - line.shipped for line_id, line in part.lines.items()}
        chosen = {line_id: self.chance.randint(1, count) for line_id, count in left.items()
                  if count and self.chance.random() < 0.7}
        return chosen, [{"line_id": line_id, "quantity": n} for line_id, n in chosen.items()]

    def ship(self, order, part, call):
        chosen, lines = self.some(part)
        if not lines:
            return
        if call("shipSubOrder", {"lines": lines}).status_code == 200:
            for line_id, count in chosen.items():
                part.lines[line_id].shipped += count

    def deliver(self, order, part, call):
        self.moved(order, part, call("deliverSubOrder", {}))

    def moved(self, order, part, answer):
        if answer.status_code == 200 and answer.json()["status"] == "delivered":
            self.books.deliver(order, part)

    def cancel(self, order, part, call):
        chosen, lines = self.some(part)
        if not lines:
            return
        answer = call("cancelSubOrderByVendor", {"reason": "Broken", "lines": lines})
        if answer.status_code == 200:
            self.books.cancel(order, part, chosen)
            self.await_refund(order)
            self.moved(order, part, answer)

    def pay_debt(self, by_mistake=None):
        """Of some vendor that has one; half of them by mistake."""
        owing = [v.id for v in self.vendors if self.books.available[v.id] < 0]
        if not owing:
            return
        vendor_id = self.chance.choice(owing)
        amount = self.chance.randint(1, -self.books.available[vendor_id])
        paid = self.once("markDebtPaid", vendor_id=vendor_id, body={"amount": money(amount)})
        self.books.debt_paid(vendor_id, amount)
        if by_mistake or self.chance.random() < 0.5:
            self.once("reverseJournal", journal_id=paid.json()["id"], body={"reason": "Wrong"})
            self.books.debt_paid(vendor_id, -amount)

    def release(self):
        ready = [p for o in self.orders for p in o.parts if p.paid and p.delivered
                 and not p.released and not p.dispute and not p.charged]
        if not ready:
            return
        part = self.chance.choice(ready)
        self.shop.db.rows("update ledger_share set release_at = now() where sub_order_id = %s",
                          part.id)
        while self.shop.db.one("select count(*) from ledger_share where released_at is null "
                               "and sub_order_id = %s", part.id):
            self.shop.db.rows("select ledger_release(10)")  # unless the job was faster
        self.books.release(part, self.reserves[part.vendor])

    def release_reserve(self):
        held = [p for o in self.orders for p in o.parts
                if p.reserved and not p.dispute and not p.charged]
        if not held:
            return
        part = self.chance.choice(held)
        self.shop.db.rows("update ledger_share set reserved_until = now() "
                          "where sub_order_id = %s", part.id)
        while self.shop.db.one("select count(*) from ledger_share where sub_order_id = %s "
                               "and reserved_until is not null", part.id):
            self.shop.db.rows("select ledger_release_reserves(10)")
        self.books.release_reserve(part)

    def pay_out(self, vendor=None):
        vendor = vendor or self.chance.choice(self.vendors)
        amount = self.books.pay_out(vendor.id)
        seen = self.once("runPayouts", body={"vendor_id": vendor.id}).json()
        assert (seen["count"], seen["total"]) == (int(amount > 0), money(amount))
        if amount:
            newest = vendor.do("listPayouts", limit=1)["items"][0]
            self.payouts.append(Payout(newest["id"], vendor.id, amount))

    def move_payout(self, operation=None):
        open_ones = [payout for payout in self.payouts if payout.state in MOVES]
        if not open_ones:
            return
        payout = self.chance.choice(open_ones)
        operation = operation or self.chance.choice(MOVES[payout.state])
        body = {"markPayoutPaid": {"body": {}}, "approvePayout": {}}.get(
            operation, {"body": {"reason": "Closed"}})
        state = self.once(operation, payout_id=payout.id, **body).json()["status"]
        if operation == "approvePayout":
            payout.state = state
        else:
            self.books.payout_moved(payout, state)
        assert payout.state == state

    # -- each cause once, whatever chance does later ---------------------------------------------

    def only(self, method):
        """An order that the next steps are of: their choices are among it alone."""
        dear = max((product for product in self.goods if product.vendor is self.vendors[0]),
                   key=lambda product: product.price)
        self.orders = []
        return self.place(method, [dear])

    def carry(self, order):
        (part,) = order.parts
        where, vendor = {"sub_order_id": part.id}, self.seller(part)
        vendor.do("acceptSubOrder", **where, body={})
        vendor.do("shipSubOrder", **where, body={"lines": [
            {"line_id": line_id, "quantity": line.left} for line_id, line in part.lines.items()]})
        for line in part.lines.values():
            line.shipped = line.left
        self.moved(order, part, vendor.call("deliverSubOrder", **where, body={}))

    def all_causes(self):
        """Generator: the books are compared at each of its steps."""
        in_cash = self.only("cash_on_delivery")
        yield self.carry(in_cash)
        yield self.pay_debt(by_mistake=True)
        yield from self.earn_and_pay_out(self.only("manual"))
        self.only("manual")
        yield self.receive()
        yield self.cancel_order()
        by_card = self.only("sandbox")
        yield self.receive()
        for outcome in ("won", "lost"):
            yield self.charge_back()
            yield self.decide_chargeback(by_card, outcome)
        self.orders = [in_cash]
        yield self.dispute()
        yield self.end_dispute(in_cash, in_cash.parts[0], "customer")
        yield self.refund()

    def earn_and_pay_out(self, order):
        vendor = self.vendors[0]
        self.set_terms(vendor, reserve=1000)
        yield self.receive()
        yield self.carry(order)
        yield self.release()
        yield self.dispute()
        yield self.end_dispute(order, order.parts[0], "vendor")
        yield self.release_reserve()
        yield self.pay_out(vendor)
        yield self.move_payout("markPayoutFailed")
        yield self.pay_out(vendor)
        for operation in ("approvePayout", "markPayoutPaid", "markPayoutReturned"):
            yield self.move_payout(operation)

    def causes(self):
        return {row["kind"] for row in self.shop.db.rows(
            "select distinct cause_kind as kind from journal where vendor_id = any (%s::uuid[]) "
            "or order_id = any (%s::uuid[])", [vendor.id for vendor in self.vendors], self.placed)}

    # -- what must hold ---------------------------------------------------------------------------

    def compare(self):
        now = self.platform()
        assert {a: now[a] - self.start[a] for a in PLATFORM} \
            == {a: self.books.platform[a] for a in PLATFORM}
        for vendor in self.vendors:
            seen = vendor.do("getBalance")
            available = seen["available"]["amount"] - seen["debt"]["amount"]
            books = self.books
            assert (seen["pending"]["amount"], available, seen["reserved"]["amount"],
                    seen["in_payout"]["amount"]) == (
                books.pending[vendor.id], books.available[vendor.id], books.reserved[vendor.id],
                books.in_payout[vendor.id])

    def go(self):
        steps = {self.place: 3, self.receive: 7, self.grant: 5, self.refund: 4, self.send_back: 3,
                 self.dispute: 4, self.charge_back: 5, self.cancel_order: 1, self.sell: 40,
                 self.release: 10, self.release_reserve: 6, self.pay_out: 4, self.move_payout: 5,
                 self.pay_debt: 6, self.change_rules: 1}
        for _ in self.all_causes():
            self.compare()
        assert self.causes() == CAUSES
        for _ in range(STEPS):
            (step,) = self.chance.choices([*steps], [*steps.values()])
            step()
            self.compare()


@pytest.fixture
def former_fees(shop):
    yield
    shop.db.rows("update platform set service_fee_fixed = 0, service_fee_basis_points = 0, "
                 "commission_tax_basis_points = 0, refund_keeps_commission = false")
    shop.db.rows("update commission_rule set replaced_at = now() where replaced_at is null")


@pytest.mark.parametrize("part", [1, 2])
def test_books_that_are_kept_beside_the_ledger_agree_after_every_step(shop, former_fees, part):
    walk = Walk(shop, f"{SEED} {part}")
    walk.go()
    assert shop.check() == []
