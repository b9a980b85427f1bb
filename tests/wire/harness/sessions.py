"""Signing in and staying so, for tests of accounts and sessions."""
from .shop import PASSWORD


def credentials(person, password=PASSWORD):
    return {"email": person.account["email"], "password": password}


def refreshed(person, token=None, **how):
    """The answer to a refresh token, and nothing remembered."""
    return person.call("refresh", body={"refresh_token": token or person.refresh_token}, token=None,
                       **how)


def again(shop, person):
    """The same person on another device."""
    other = shop.anonymous()
    return other.login(person.account["email"], PASSWORD)
