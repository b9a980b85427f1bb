"""Passwords that very many people have are refused wherever one is set."""
import pytest
from harness.client import refused
from harness.shop import PASSWORD, fresh


def told(response):
    problem = refused(response, 400, "invalid_input")
    assert [(e["field"], e["code"], e["detail"]) for e in problem["errors"]] == [
        ("/password", "common", "is one of the most common passwords")]


@pytest.mark.parametrize("password", ["password1", "QwertyUIOP", "1234567890"])
def test_a_common_password_makes_no_account(shop, password):
    told(shop.anonymous().call("registerAccount", body={
        "email": fresh("ada") + "@example.com", "password": password, "name": "Ada"}))


def test_a_common_password_replaces_none(shop):
    person = shop.customer()
    told(person.call("setMyPassword", body={"password": "Password1",
                                            "current_password": PASSWORD}))


def test_the_operator_makes_no_admin_with_one(shop):
    done = shop.server.sebez("admin", "create", "--email", fresh("root") + "@example.com",
                             "--password", "iloveyou1", check=False)
    assert done.returncode == 1 and "most common passwords" in done.stderr
