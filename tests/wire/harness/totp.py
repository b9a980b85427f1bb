"""An authenticator app, by code of our own (RFC 6238)."""
import base64
import hashlib
import hmac
import struct
import time


class App:
    """Codes of a secret."""

    def __init__(self, secret):
        self.key = base64.b32decode(secret)

    def at(self, step):
        digest = hmac.new(self.key, struct.pack(">Q", step), hashlib.sha1).digest()
        at = digest[-1] & 15
        return f"{(struct.unpack('>I', digest[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}"

    @staticmethod
    def now():
        return int(time.time()) // 30


def forget_steps(shop, person):
    """As if no code of the account had been used, so that the present one is good again."""
    shop.db.rows("update totp set last_step = 0 where account_id = %s", person.id)


def code_of(shop, person):
    """A code that is good now."""
    forget_steps(shop, person)
    return person.app.at(App.now())


def enrolled(shop, person):
    """Turns the second factor on: person.app has its codes, person.recovery_codes the others."""
    begun = person.do("beginTotp", body={})
    person.app = App(begun["secret"])
    person.recovery_codes = person.do("confirmTotp", body={
        "code": person.app.at(App.now())})["recovery_codes"]
    return person
