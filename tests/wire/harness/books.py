"""Books that are kept beside the server's: what each event does to every account, computed here
from prices, quantities and rates alone, in integers. Nothing of it is read from the ledger."""
import collections
import dataclasses

PLATFORM = ("bank", "refund_due", "commission", "commission_tax", "service_fee", "goodwill",
            "provider:sandbox", "chargebacks", "chargeback_costs")


def half_up(amount, part, whole):
    """amount × part ÷ whole, rounded half up."""
    return (2 * amount * part + whole) // (2 * whole)


def allocated(amount, weights):
    """By largest remainder, ties to the first."""
    total = sum(weights)
    if not total:
        weights, total = [1] * len(weights), len(weights)
    shares = [amount * weight // total for weight in weights]
    rest = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i))
    for i in rest[:amount - sum(shares)]:
        shares[i] += 1
    return shares


@dataclasses.dataclass(frozen=True)
class Terms:
    """What a rule of commission takes."""
    basis_points: int
    per_unit: int = 0
    minimum: int = 0
    maximum: int | None = None
    on_shipping: bool = False
    tax: int = 0


class Line:
    def __init__(self, price, quantity, terms):
        self.price, self.quantity, self.left = price, quantity, quantity
        self.shipped, self.terms = 0, terms
        self.refunded = self.kept = 0  # of those, how many the commission stayed on
        self.of_shipping_left = lambda of_shipping: of_shipping  # set by the part
        taken = half_up(price * quantity, terms.basis_points, 10_000) + terms.per_unit * quantity
        taken = max(taken, terms.minimum * quantity)
        if terms.maximum is not None:
            taken = min(taken, terms.maximum * quantity)
        self.whole_commission = min(taken, price * quantity)
        self.of_shipping = 0  # set by the part

    @property
    def goods(self):
        return self.price * (self.left - self.refunded)

    @property
    def commission(self):
        return half_up(self.whole_commission, self.left - self.refunded + self.kept,
                       self.quantity) + self.of_shipping_left(self.of_shipping)

    @property
    def tax(self):
        return half_up(self.commission, self.terms.tax, 10_000)


class Part:
    """A sub-order: what of it is not cancelled, and what was done with its money."""

    def __init__(self, vendor, part_id, lines, shipping):
        self.vendor, self.id, self.lines, self.shipping = vendor, part_id, lines, shipping
        self.fee = self.percent = 0  # set by the order
        shares = allocated(shipping, [line.price * line.quantity for line in lines.values()])
        for line, share in zip(lines.values(), shares):
            if line.terms.on_shipping:
                line.of_shipping = half_up(share, line.terms.basis_points, 10_000)
            line.of_shipping_left = self.shipping_commission
        self.paid = self.released = self.delivered = False
        self.reserved = self.held = 0
        self.dispute = None  # the id of the one that is open
        self.received = self.back = self.charged = 0  # of a card, and what its bank takes back
        self.shipping_back = self.shipping_free = 0  # of that, without its commission
        self.goodwill = self.platform_goodwill = 0  # as granted

    def shipping_commission(self, whole):
        return half_up(whole, self.shipping - self.shipping_free, self.shipping) \
            if self.shipping else whole

    @property
    def whole_goods(self):
        return sum(line.price * line.quantity for line in self.lines.values())

    @property
    def is_cancelled(self):
        return not any(line.left for line in self.lines.values())

    def worth(self):
        """(what the vendor earns, commission, tax on it, service fee, less what the marketplace
        gives) of what is left. What was given counts as far as anything is left."""
        if self.is_cancelled:
            return 0, 0, 0, 0, 0
        earned, commission, tax, fee = self.worth_before_goodwill()
        room = earned + commission + tax + fee
        ours = min(self.goodwill, room)
        return (earned - ours, commission, tax, fee, -min(self.platform_goodwill, room - ours))

    def worth_before_goodwill(self):
        goods = sum(line.goods for line in self.lines.values())
        commission = sum(line.commission for line in self.lines.values())
        tax = sum(line.tax for line in self.lines.values())
        gone = self.whole_goods - goods
        less = half_up(self.percent, gone, self.whole_goods) if self.whole_goods else 0
        return (goods + self.shipping - self.shipping_back - commission - tax, commission, tax,
                self.fee - less)

    @property
    def due(self):
        return sum(self.worth())

    @property
    def total(self):
        return self.whole_goods + self.shipping + self.fee


class Books:
    def __init__(self):
        self.platform = collections.Counter()
        self.pending, self.available = collections.Counter(), collections.Counter()
        self.reserved, self.in_payout = collections.Counter(), collections.Counter()

    def place(self, order, fixed, basis_points):
        """order: parts in the order of their numbers. Allocates the service fee; moves no money."""
        goods = [part.whole_goods for part in order.parts]
        percent = half_up(sum(goods), basis_points, 10_000)
        if not sum(goods):
            return
        fees = allocated(fixed + percent, goods)
        for part, fee, of_it in zip(order.parts, fees, allocated(percent, fees)):
            part.fee, part.percent = fee, of_it

    def _earn(self, part, earned, commission, tax, fee, given):
        account = self.available if part.released else self.pending
        account[part.vendor] += earned
        taken = min(part.reserved, max(0, -earned))  # what is held back of it goes first
        self.reserved[part.vendor] -= taken
        account[part.vendor] += taken
        part.reserved -= taken
        self.platform["commission"] += commission
        self.platform["commission_tax"] += tax
        self.platform["service_fee"] += fee
        self.platform["goodwill"] -= given

    def receive(self, order, amount):
        due = sum(part.due for part in order.parts)
        for part in order.parts:
            part.paid, part.received = True, part.due
            self._earn(part, *part.worth())
        self.platform[order.account] += amount
        self.platform["refund_due"] += amount - due
        order.refund_due += amount - due
        order.is_paid = True

    def cancel(self, order, part, quantities):
        """quantities: {line id: how many}; all of what is not shipped when None."""
        before = part.worth()
        for line_id, line in part.lines.items():
            unshipped = line.left - line.shipped
            line.left -= unshipped if quantities is None else quantities.get(line_id, 0)
        if part.paid:
            change = [new - old for new, old in zip(part.worth(), before)]
            self._earn(part, *change)
            self.platform["refund_due"] -= sum(change)
            order.refund_due -= sum(change)

    def grant(self, order, part, quantities, shipping, goodwill, by_platform, keeps):
        """A refund of what was shipped. Returns what the customer gets back."""
        before = part.worth()
        for line_id, count in quantities.items():
            part.lines[line_id].refunded += count
            part.lines[line_id].kept += count if keeps else 0
        part.shipping_back += shipping
        part.shipping_free += 0 if keeps else shipping
        part.platform_goodwill += goodwill if by_platform else 0
        part.goodwill += 0 if by_platform else goodwill
        change = [new - old for new, old in zip(part.worth(), before)]
        self._earn(part, *change)
        self.platform["refund_due"] -= sum(change)
        order.refund_due -= sum(change)
        return -sum(change)

    def charge_back(self, order, fee, wanted=None):
        """So much, at most all that was not paid back. Returns how much."""
        here = [part.received - part.back for part in order.parts]
        amount = sum(here) if wanted is None else min(wanted, sum(here))
        in_order = sorted(zip(order.parts, here), key=lambda pair: pair[0].id)
        shares = allocated(amount, [left for _, left in in_order])
        for (part, _), share in zip(in_order, shares):
            part.charged = share
            if part.charged and not part.held:
                self.hold(order, part)
        self.platform["chargebacks"] += amount
        self.platform["chargeback_costs"] += fee
        self.platform[order.account] -= amount + fee
        return amount

    def end_chargeback(self, order, is_lost):
        """The money is back, or counts as paid back."""
        amount = sum(part.charged for part in order.parts)
        self.platform["chargebacks"] -= amount
        self.platform[order.account] += amount
        if is_lost:
            self._pay_back(order, amount)
        for part in order.parts:
            part.back += part.charged if is_lost else 0
            part.charged = 0
            self.unhold(part)

    def _pay_back(self, order, amount):
        self.platform[order.account] -= amount
        self.platform["refund_due"] -= amount
        order.refund_due -= amount

    def refund_uncharged(self, order):
        """What is due back, but what a bank has taken and may pay back."""
        for part in order.parts:
            back = max(0, part.received - part.back - part.due - part.charged)
            part.back += back
            self._pay_back(order, back)

    def refund(self, order):
        for part in order.parts:
            part.back = part.received - part.due
        self.platform[order.account] -= order.refund_due
        self.platform["refund_due"] -= order.refund_due
        order.refund_due = 0

    def deliver(self, order, part):
        """The vendor has cash of what it delivered; what of it is not its own, it owes."""
        if part.delivered:
            return
        part.delivered = True
        if order.in_cash:
            _, commission, tax, fee, _ = part.worth()
            part.paid = part.released = True
            self.available[part.vendor] -= commission + tax + fee
            self.platform["commission"] += commission
            self.platform["commission_tax"] += tax
            self.platform["service_fee"] += fee

    def debt_paid(self, vendor_id, amount):
        """Negative: taken back."""
        self.available[vendor_id] += amount
        self.platform["bank"] += amount

    def release(self, part, basis_points=0):
        """basis_points: of the reserve that is held back."""
        earned = part.worth()[0]
        part.released = True
        part.reserved = half_up(earned, basis_points, 10_000) if earned > 0 else 0
        self.pending[part.vendor] -= earned
        self.available[part.vendor] += earned - part.reserved
        self.reserved[part.vendor] += part.reserved

    def hold(self, order, part):
        """While it is disputed; not of cash, which the vendor has."""
        part.held = max(0, part.worth()[0] - part.reserved)
        if order.in_cash or not part.released:
            part.held = 0
        self.available[part.vendor] -= part.held
        self.reserved[part.vendor] += part.held

    def unhold(self, part):
        """Unless something else holds it."""
        if part.dispute or part.charged:
            return
        self.available[part.vendor] += part.held
        self.reserved[part.vendor] -= part.held
        part.held = 0

    def release_reserve(self, part):
        self.reserved[part.vendor] -= part.reserved
        self.available[part.vendor] += part.reserved
        part.reserved = 0

    def pay_out(self, vendor_id):
        """All that is available. Returns how much."""
        amount = max(self.available[vendor_id], 0)
        self.available[vendor_id] -= amount
        self.in_payout[vendor_id] += amount
        return amount

    def payout_moved(self, payout, state):
        """payout: a vendor, an amount and a state."""
        came_from = {"paid": self.in_payout, "failed": self.in_payout, "returned": None}[state]
        if came_from is not None:
            came_from[payout.vendor] -= payout.amount
        if state == "paid":
            self.platform["bank"] -= payout.amount
        else:
            self.available[payout.vendor] += payout.amount
        if state == "returned":
            self.platform["bank"] += payout.amount
        payout.state = state


@dataclasses.dataclass
class Payout:
    id: str
    vendor: str
    amount: int
    state: str = "pending"


class Order:
    def __init__(self, order_id, customer, parts, in_cash):
        self.id, self.customer, self.parts, self.in_cash = order_id, customer, parts, in_cash
        self.refund_due, self.is_paid = 0, False
        self.attempt = None  # by card, that paid it
        self.account = "bank"  # of the marketplace, where its money comes to
