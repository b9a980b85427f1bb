"""Devices that register for push messages, one of each kind."""
import secrets
import uuid

from . import push_crypto


def device_id():
    return str(uuid.uuid4())


def a_phone(**more):
    """With Android and Firebase."""
    return {"platform": "android", "provider": "fcm", "address_kind": "token",
            "address": "fcm:" + secrets.token_urlsafe(60), **more}


def an_iphone(**more):
    return {"platform": "ios", "provider": "apns", "address_kind": "token",
            "address": secrets.token_hex(32), **more}


def an_installation(**more):
    """Firebase, by the id of the installation."""
    return {"platform": "ios", "provider": "fcm", "address_kind": "fid",
            "address": "d" + secrets.token_urlsafe(30)[:21], **more}


def with_expo(**more):
    return {"platform": "android", "provider": "expo", "address_kind": "token",
            "address": f"ExponentPushToken[{secrets.token_urlsafe(16)}]", **more}


def a_browser(**more):
    keys = push_crypto.Browser()
    return {"platform": "web", "provider": "webpush", "address_kind": "endpoint",
            "address": "https://push.example.com/wpush/" + secrets.token_urlsafe(60),
            "p256dh": keys.p256dh, "auth": keys.auth, **more}


def registered(person, body, id=None):
    """The device's answer."""
    return person.do("putDevice", device_id=id or device_id(), body=body)


def ids(person):
    return [device["id"] for device in person.do("listDevices")["items"]]
