"""Which apps open links to the marketplace, as Apple and Google read it."""
import re

from conftest import serving
from harness.client import refused
from harness.contract import ROOT
from harness.shop import Shop


def test_apple_reads_which_apps_open_which_links(shop):
    answer = shop.anonymous().call("getAppleAppSiteAssociation")
    assert answer.headers["Content-Type"] == "application/json"
    (detail,) = answer.json()["applinks"]["details"]
    assert answer.json()["webcredentials"] == {"apps": detail["appIDs"]}
    assert detail["appIDs"] == ["ABCDE12345.com.example.shop", "ABCDE12345.com.example.beta"]
    assert {component["/"] for component in detail["components"]} == {
        "/orders/*", "/conversations/*", "/vendors/*", "/products/*", "/categories/*",
        "/invitations/*", "/password-resets/*", "/registrations/*",
        "/email-changes/*", "/email-undos/*", "/sign-ins/*", "/sessions/*", "/returns/*",
        "/disputes/*"}


def test_google_reads_which_app_opens_links(shop):
    answer = shop.anonymous().call("getAssetLinks")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == [{
        "relation": ["delegate_permission/common.handle_all_urls",
                     "delegate_permission/common.get_login_creds"],
        "target": {"namespace": "android_app", "package_name": "com.example.shop",
                   "sha256_cert_fingerprints": [":".join(32 * ["A0"])]}}]


def test_every_link_of_a_notice_is_one_that_apps_open(shop):
    answer = shop.anonymous().do("getAppleAppSiteAssociation")
    opened = [component["/"].removesuffix("*")
              for component in answer["applinks"]["details"][0]["components"]]
    links = re.findall(r"^ +link: (\S+)$", "\n".join(
        path.read_text() for path in (ROOT / "api").glob("*.yaml")), re.M)
    links = [link for link in links if "{" in link]
    assert links and all(link.startswith(tuple(opened)) for link in links)


def test_without_an_app_there_is_nothing_to_read():
    with serving(IOS_APP_IDS="", ANDROID_PACKAGE="", ANDROID_CERTIFICATES="") as server:
        for name in ("getAppleAppSiteAssociation", "getAssetLinks"):
            refused(Shop(server).anonymous().call(name), 404, "not_found")
