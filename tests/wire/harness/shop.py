"""The world that tests act in. A test takes `shop` (conftest.py) and speaks in sentences:

    def test_a_vendor_sees_only_its_part(shop):
        clay, iron = shop.vendor(), shop.vendor()
        mug, pan = clay.product(price=1800, stock=5), iron.product(price=4500, stock=5)
        customer = shop.customer()
        order = customer.order(mug, (pan, 2))                # asserts 201, gives the order's JSON
        assert len(order["sub_orders"]) == 2
        queue = clay.do("listSubOrders")["items"]            # vendor_id is filled in
        assert [s["number"] for s in queue] == [clay.part(order)["number"]]

People
    shop.customer()              a new account, signed in            Actor + cart, order
    shop.guest()                 nobody yet; gets a cart token with the first line
    shop.anonymous()             nobody
    shop.admin(role="support")   one account per role, kept for the session
    shop.vendor(...)             a new approved vendor with its owner and one shipping method
    vendor.staff(role)           an account with that role there

Goods
    vendor.product(price=1000, stock=10, **body)   published; .id, .variant (its id), .handle
    shop.product(...)                              the same, of a new vendor
    shop.mug, shop.lamp                            plenty, of two vendors, kept for the session

Buying
    cart = customer.cart(mug, (lamp, 3))   puts the lines and quotes them
    cart.quote(shipping=…)                 quotes anew; cart.total is what was shown
    cart.place(key=…, method="manual")     POST /v1/orders, the response; any number of times
    customer.order(mug)                    cart and place, the order's JSON

Selling: vendor.accept(order), .pack(order), .ship(order, **body), .deliver(order), .cancel(
order, reason=…) take the customer's order (or a sub-order) and give the response.

shop.sees("getProduct", product_id=…): the public's view past every process's cache; None for 404.

Asking anything else: actor.call / actor.do / actor.request (client.py), `refused(response, 404)`,
`together(50, cart.place)`. Looking inside: shop.db.rows("select …") (db.py). Breaking things: a
test that kills or restarts takes `own_server` (conftest.py), never `shop`.

Everything that a test makes is its own: tests share one server and never clean up.
"""
import itertools
import secrets

from .client import AUTO, Actor, refused, together  # noqa: F401  (for tests to import)

PASSWORD = "correct horse battery staple"
ADDRESS = {"name": "Ada Byron", "line1": "12 St James's Square", "city": "London",
           "postal_code": "SW1Y 4JH", "country": "GB", "phone": "+44 20 7946 0101"}
_numbers = itertools.count(1)
_reads = itertools.count()
_run = secrets.token_hex(3)


def fresh(word):
    """A name that was never used: mug-3f9a2c-17."""
    return f"{word}-{_run}-{next(_numbers)}"


def money(amount, currency="USD"):
    return {"amount": amount, "currency": currency}


def uncached(actor, operation_id, **arguments):
    """A public read as the database has it now: other processes may show what they keep for up to a
    second, but not of an address that nobody wrote like this for a hundred reads."""
    return actor.call(operation_id, padding=(1 + next(_reads) % 100) * "&", **arguments)


class Cart:
    def __init__(self, actor):
        self.actor = actor
        self.total = None

    def put(self, product, quantity=1):
        return self.actor.do("putCartLine", variant_id=variant_of(product),
                             body={"quantity": quantity})

    def quote(self, **body):
        quote = self.actor.do("quoteCart", body={"shipping_address": ADDRESS, **body})
        self.total = quote["total"]
        return quote

    def place(self, *, key=AUTO, method="cash_on_delivery", total=None, may_fail=False, **body):
        whole = {"quote_total": total or self.total, "shipping_address": ADDRESS,
                 "payment": {"method": method}, **body}
        return self.actor.call("placeOrder", body=whole, key=key, may_fail=may_fail)


class Customer(Actor):
    def cart(self, *goods):
        """goods: products, or (product, quantity)."""
        cart = Cart(self)
        for each in goods:
            cart.put(*each) if isinstance(each, tuple) else cart.put(each)
        if goods:
            cart.quote()
        return cart

    def order(self, *goods, **how):
        response = self.cart(*goods).place(**how)
        assert response.status_code == 201, response.text
        return response.json()

    def see(self, order):
        """The order as it is now."""
        return self.do("getOrder", order_id=order["id"])


class Product:
    def __init__(self, vendor, body):
        self.vendor = vendor
        self.id = body["id"]
        self.handle = body["handle"]
        self.variants = body["variants"]
        self.variant = self.variants[0]["id"]
        self.price = self.variants[0]["price"]["amount"]

    @property
    def available(self):
        """As the database has it, at this moment."""
        return self.vendor.shop.db.one("select available from variant where id = %s", self.variant)


def variant_of(product):
    return product.variant if isinstance(product, Product) else product


class Vendor:
    """A business and its owner. call and do act as the owner, with vendor_id filled in."""

    def __init__(self, shop, owner, body):
        self.shop = shop
        self.owner = owner
        self.id = body["id"]
        self.slug = body["slug"]
        self.name = body["name"]
        self._staff = {"owner": owner}

    def call(self, operation_id, **arguments):
        return self.owner.call(operation_id, vendor_id=self.id, **arguments)

    def do(self, operation_id, **arguments):
        return self.owner.do(operation_id, vendor_id=self.id, **arguments)

    def staff(self, role):
        """An account with this role, the same one each time."""
        if role not in self._staff:
            person = self.shop.customer(name=f"{role} of {self.name}")
            # Straight into the table: how an invitation travels is for its own tests.
            self.shop.db.rows("insert into staff (vendor_id, account_id, role) values (%s, %s, %s)",
                              self.id, person.id, role)
            self._staff[role] = person
        return self._staff[role]

    def product(self, *, price=1000, stock=10, title=None, status="active", **body):
        title = title or fresh("Thing")
        body.setdefault("variants", [{"price": money(price), "available": stock,
                                      "sku": fresh("SKU")}])
        made = self.do("createVendorProduct", body={"title": title, "status": status, **body})
        return Product(self, made)

    def stock(self, product, available):
        return self.do("setVariantStock", variant_id=variant_of(product),
                       body={"available": available})

    def shipping_method(self, name="Parcel", price=500, **body):
        return self.do("createShippingMethod", body={"name": name, "price": money(price), **body})

    def part(self, order):
        """This vendor's sub-order of an order; a sub-order is its own part."""
        if "sub_orders" not in order:
            return order
        (mine,) = [s for s in order["sub_orders"] if s["vendor"]["id"] == self.id]
        return mine

    def see(self, order):
        return self.do("getSubOrder", sub_order_id=self.part(order)["id"])

    def _move(self, operation_id, order, body, **arguments):
        return self.call(operation_id, sub_order_id=self.part(order)["id"], body=body, **arguments)

    def accept(self, order, **arguments):
        return self._move("acceptSubOrder", order, {}, **arguments)

    def pack(self, order, **arguments):
        return self._move("packSubOrder", order, {}, **arguments)

    def ship(self, order, **body):
        return self._move("shipSubOrder", order, body)

    def deliver(self, order, **body):
        return self._move("deliverSubOrder", order, body)

    def cancel(self, order, reason="Broken in the kiln", **body):
        return self._move("cancelSubOrderByVendor", order, {"reason": reason, **body})


class Shop:
    def __init__(self, server):
        self.server = server
        self._admins = {}
        self._kept = {}

    @property
    def db(self):
        return self.server.db

    # -- people -------------------------------------------------------------------------------

    def anonymous(self):
        return Actor(self.server)

    def guest(self):
        return Customer(self.server, "guest")

    def customer(self, name="Ada Byron"):
        email = fresh("ada") + "@example.com"
        return Customer(self.server, email).register(email, PASSWORD, name)

    def admin(self, role="superadmin"):
        if role not in self._admins:
            email = fresh(role) + "@example.com"
            self.server.sebez("admin", "create", "--email", email, "--password", PASSWORD)
            self.db.rows("update account set admin_role = %s where email = %s", role, email)
            self._admins[role] = Actor(self.server, f"admin:{role}").login(email, PASSWORD)
        return self._admins[role]

    def vendor(self, name=None, *, approved=True, shipping=(("Parcel", 500),), slug=None):
        name = name or fresh("Clay")
        owner = self.customer(name=f"owner of {name}")
        owner.name = f"owner of {name}"
        body = owner.do("applyVendor", body={"name": name, "slug": slug or name.lower()})
        vendor = Vendor(self, owner, body)
        if approved:
            self.admin().do("approveVendor", vendor_id=vendor.id, body={})
            for method, price in shipping:
                vendor.shipping_method(method, price)
        return vendor

    # -- goods --------------------------------------------------------------------------------

    def product(self, **body):
        return self.vendor().product(**body)

    def _keep(self, name, **body):
        if name not in self._kept:
            self._kept[name] = self.product(title=name, stock=1_000_000, **body)
        return self._kept[name]

    @property
    def mug(self):
        return self._keep("Mug", price=1800)

    @property
    def lamp(self):
        return self._keep("Lamp", price=7900)

    def sees(self, operation_id, **arguments):
        """What anybody sees at this moment: the JSON, or None for a 404."""
        response = uncached(self.anonymous(), operation_id, **arguments)
        assert response.status_code in (200, 404), response.text
        return response.json() if response.status_code == 200 else None

    def check(self):
        """The invariants that do not hold: none."""
        return self.db.check()
