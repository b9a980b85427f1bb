"""A server that sends mails to a mail server of the tests, and what becomes of them."""
import contextlib
import hashlib
import uuid

from . import notices
from .mail_server import MailServer, free_port
from .server import Server
from .shop import Shop
from .wait import until

FROM = "shop@shop.example"
SITE = "https://shop.example"
LISTS = ("orders", "chat", "promotions", "all")


def key_of(server):
    secret = bytes.fromhex((server.data / "var" / "secret").read_text().strip())
    return hashlib.blake2b(b"links in mails", key=secret, digest_size=32).digest()


def unsubscribe_token(server, name, account_id):
    """As the server signs it."""
    import base64
    content = bytes([LISTS.index(name)]) + uuid.UUID(account_id).bytes
    code = hashlib.blake2b(content, key=key_of(server), digest_size=16).digest()
    return base64.urlsafe_b64encode(content + code).decode().rstrip("=")


class Mails:
    """What the mail server got, and the rows of the outbox behind it."""

    def __init__(self, shop, smtp):
        self.shop, self.smtp, self.db = shop, smtp, shop.db
        self.vendor = shop.vendor()
        self.mug = self.vendor.product(stock=10000)

    def tell(self, customer):
        """Makes two mails: the receipt of an order, and that its vendor accepts it."""
        order = customer.order(self.mug)
        assert self.vendor.accept(order).status_code == 200
        return order

    def got(self, person):
        return self.smtp.to(person.account["email"])

    def wait_for(self, person, count=1):
        return self.smtp.wait_for(person.account["email"], count)

    def waiting(self, person):
        return self.db.one("select count(*) from outbox x join notice n on n.id = x.subject_id "
                           "where x.topic = 'mail' and n.account_id = %s", person.id)

    def settled(self, person):
        """Once no row is left of what the person is told of: the mails."""
        notices.followed(self.db)
        until(lambda: self.waiting(person) == 0)
        return self.got(person)

    def hurry(self):
        """Lets rows that wait for their next attempt be due, but those that are leased."""
        self.db.rows("update outbox set due_at = now() where topic = 'mail' "
                     "and attempts > 0 and failed_with is not null and due_at > now() "
                     "and due_at not between now() + interval '61 s' and now() + interval '91 s'")

    def dead(self, person):
        return [row["why"] for row in self.db.rows(
            "select l.why from dead_letter l join notice n on n.id = l.subject_id "
            "where n.account_id = %s", person.id)]

    def suppressed(self, person):
        return self.db.rows("select reason, detail from mail_suppression where address = %s",
                            person.account["email"])


def settings(smtp, **changes):
    return {"SEBEZ_SMTP_URL": smtp.url, "SEBEZ_SMTP_TLS": "none", "SEBEZ_MAIL_FROM": FROM,
            "SEBEZ_MAIL_NAME": "Souq & Co", "SEBEZ_PUBLIC_URL": SITE, **changes}


@contextlib.contextmanager
def sending(**changes):
    """A server of its own with a mail server: Mails. Both may be stopped meanwhile."""
    smtp = MailServer(port=free_port())
    server = Server(**settings(smtp, **changes))
    try:
        server.start()
        yield Mails(Shop(server), smtp)
    finally:
        server.remove()
        smtp.close()
