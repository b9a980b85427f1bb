"""Codes by text message and by mail, made as the server makes them, but by code of our own."""
import hashlib
import pathlib
import uuid

# Settings with which codes can be asked for, and get nowhere.
NOWHERE = {"SMS_GATEWAY_URL": "http://127.0.0.1:9/", "SMS_GATEWAY_BODY": "{to} {text}"}


def code_of(server, phone, id=None):
    """The latest that a number was sent, or that of an id."""
    id = id or server.db.one("select id from phone_code where phone = %s "
                             "order by created_at desc limit 1", phone)
    return digits_of(server, id)


def secret_of(server):
    """As the server is told it, or keeps it."""
    told = server.environment.get("SEBEZ_SECRET")
    file = server.environment.get("SEBEZ_SECRET_FILE", server.data / "var/secret")
    return bytes.fromhex(told or pathlib.Path(file).read_text().strip())


def hash_of(server, id):
    secret = secret_of(server)
    key = hashlib.blake2b(b"codes by text message", key=secret, digest_size=32).digest()
    return hashlib.blake2b(uuid.UUID(str(id)).bytes, key=key, digest_size=16).digest()


def digits_of(server, id):
    """The code of six digits that follows from an id."""
    return f"{int.from_bytes(hash_of(server, id)[:8], 'big') % 1000000:06d}"


def letters_of(server, id):
    """The code of ten letters and digits."""
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(letters[byte % 32] for byte in hash_of(server, id)[:10])


def fresh_phone():
    return "+2519" + f"{uuid.uuid4().int % 10 ** 8:08d}"


def coded(server, actor, phone=None):
    """{"phone", "code_id", "code"} after a code was asked for."""
    phone = phone or fresh_phone()
    id = actor.do("requestPhoneCode", body={"phone": phone})["code_id"]
    return {"phone": phone, "code_id": id, "code": code_of(server, phone, id)}


def reset_of(shop, email):
    """{"request_id", "code"} after a new password was asked for."""
    id = shop.anonymous().do("requestPasswordReset", body={"email": email})["request_id"]
    return {"request_id": id, "code": letters_of(shop.server, id)}


def mailed(shop, email, who=None):
    """{"request_id", "secret", "code"} after a mail was asked for to sign in with."""
    asked = (who or shop.anonymous()).do("requestEmailCode", body={"email": email})
    return {"request_id": asked["request_id"], "secret": asked["secret"],
            "code": letters_of(shop.server, asked["request_id"])}


def registered(shop, email, password="correct horse battery", name="Ada Byron"):
    """{"registration_id", "code"} after somebody has asked for an account."""
    id = shop.anonymous().do("registerAccount", body={
        "email": email, "password": password, "name": name})["registration_id"]
    return {"registration_id": id, "code": digits_of(shop.server, id)}


def change_of(shop, person, email):
    """{"change_id", "code"} after somebody has asked for another address."""
    id = person.do("requestEmailChange", body={"email": email})["change_id"]
    return {"change_id": id, "code": digits_of(shop.server, id)}


def undo_of(shop, email):
    """{"undo_id", "code"} of the last mail to a former address."""
    id = str(shop.db.one("select id from email_code where purpose = 'email_undo' and email = %s "
                         "order by created_at desc limit 1", email))
    return {"undo_id": id, "code": letters_of(shop.server, id)}
