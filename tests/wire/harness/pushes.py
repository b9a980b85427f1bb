"""A server that sends push messages to the fake of all providers, and who gets them there."""
import contextlib
import pathlib
import tempfile

from . import devices, providers
from .server import Server
from .shop import Shop
from .wait import until


@contextlib.contextmanager
def credentials(fake):
    """The settings for the fake; their files are there meanwhile."""
    with tempfile.TemporaryDirectory(prefix="sebez-push-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # for the user of the processes

        def write(file, text):
            (folder / file).write_text(text)
            return str(folder / file)
        yield providers.settings(fake, write)


def browser(fake):
    """(the browser, what it registers)"""
    one = fake.browser()
    return one, {"platform": "web", "provider": "webpush", "address_kind": "endpoint",
                 "address": one.endpoint, "p256dh": one.p256dh, "auth": one.auth}


def data_of(request):
    """What the app gets besides the text."""
    body = request.json
    return body["message"]["data"] if request.provider == "fcm" else body


class Pushes:
    """What the fake got, and the rows of the outbox behind it."""

    def __init__(self, shop, fake):
        self.shop, self.fake, self.db = shop, fake, shop.db
        self.vendor = shop.vendor()
        self.mug = self.vendor.product(stock=10000)

    def somebody(self, *bodies):
        """A customer with these devices."""
        customer = self.shop.customer()
        for body in bodies:
            devices.registered(customer, body)
        return customer

    def tell(self, customer):
        """Makes something of which the customer is told: the order, which its vendor accepts."""
        order = customer.order(self.mug)
        assert self.vendor.accept(order).status_code == 200
        return order

    def of(self, address):
        """Requests for this address, whatever became of them."""
        path = address.removeprefix(self.fake.origin)
        with self.fake.changed:
            return [request for request in self.fake.got if request.address == path]

    def sent(self, address, count=1):
        """Waits until so many were acknowledged."""
        def good():
            return [r for r in self.of(address) if r.status in (200, 201)]
        self.fake.wait(lambda: len(good()) >= count)
        return good()

    def waiting(self, customer):
        return self.db.one(
            "select count(*) from outbox x join notice n on n.id = x.subject_id "
            "where x.topic like 'push_%%' and n.account_id = %s", customer.id)

    def settled(self, customer):
        """Once no row is left of what the customer is told of."""
        self.followed()
        until(lambda: self.waiting(customer) == 0)

    def followed(self):
        newest = self.db.one("select coalesce(max(tx), 0) from event")
        until(lambda: self.db.one("select tx >= %s from event_follower where name = 'notices'",
                                  newest))

    def hurry(self):
        """Lets rows that wait for their next attempt be due; those that are leased are so for
        some 90 seconds, and none waits for that long."""
        self.db.rows("update outbox set due_at = now() where topic ~ '^(push_|live_activity)' "
                     "and attempts > 0 and failed_with is not null and due_at > now() "
                     "and due_at not between now() + interval '61 s' and now() + interval '91 s'")

    def has_device(self, address):
        return self.db.one("select exists (select from device where address = %s)", address)

    def failed(self, customer):
        """Rows that wait for another attempt after one that failed."""
        return self.db.one("select count(*) from outbox x join notice n on n.id = x.subject_id "
                           "where n.account_id = %s and x.failed_with is not null", customer.id)

    def dead(self, customer):
        return self.db.rows("select l.why from dead_letter l join notice n on n.id = l.subject_id "
                            "where n.account_id = %s", customer.id)


@contextlib.contextmanager
def sending(**settings):
    """A server of its own with the fake: Pushes. It may be stopped and started meanwhile."""
    with providers.fake() as fake, credentials(fake) as given:
        server = Server(**given, **settings)
        try:
            server.start()
            yield Pushes(Shop(server), fake)
        finally:
            server.remove()
