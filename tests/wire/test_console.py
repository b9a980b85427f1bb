"""The console: how it is served, and a day of a vendor in a browser."""
import gzip
import re

import pytest
import requests

from harness import contract
from harness.browser import ESCAPE, LAPTOP, PHONE, browser, in_a_browser
from harness.console import ENTER, Console
from harness.shop import PASSWORD
from harness.totp import code_of, enrolled

FILES = re.compile(r'(?:href|src)="(/console/assets/[^"]+)"')
NEVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def anybody(shop):
    return shop.anonymous()


# -- how it is served -----------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["", "/", "/sign-in", "/shop/clay/orders?tab=pack", "/a/b/c/"])
def test_every_page_is_the_one_that_shows_them_all(anybody, path):
    page = anybody.request("GET", "/console" + path)
    assert page.status_code == 200 and '<div id="root">' in page.text
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-cache"
    known = {"If-None-Match": page.headers["ETag"]}
    assert anybody.request("GET", "/console" + path, headers=known).status_code == 304


def test_a_page_may_do_nothing_but_what_its_own_files_do(anybody):
    page = anybody.request("GET", "/console")
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "<style" not in page.text and "http" not in page.text


def test_the_files_of_the_page_are_there_small_and_kept_for_ever(anybody):
    names = FILES.findall(anybody.request("GET", "/console").text)
    assert len(names) >= 3
    for name in names:
        file = anybody.request("GET", name)
        assert file.headers["Cache-Control"] == NEVER and file.headers["Content-Encoding"] == "gzip"
        known = {"If-None-Match": file.headers["ETag"]}
        assert anybody.request("GET", name, headers=known).status_code == 304


def test_what_the_first_page_needs_is_at_most_200_kilobytes(server):
    page = requests.get(server.url + "/console", timeout=60).text
    sizes = {name: int(requests.head(server.url + name, timeout=60).headers["Content-Length"])
             for name in FILES.findall(page)}
    [font] = (contract.ROOT / "clients/console/bundle").glob("inter-latin-wght*")
    assert sum(sizes.values()) + font.stat().st_size <= 200_000, sizes


@pytest.mark.parametrize("path", ["/assets/index.js", "/index.html.gz", "/favicon.ico",
                                  "/assets/..%5cindex.html", "/assets/a/b.js"])
def test_a_file_that_is_missing_is_404(anybody, path):
    assert anybody.request("GET", "/console" + path).status_code == 404


def test_the_bundle_is_gzip_without_a_time():
    for path in (contract.ROOT / "clients/console/bundle").iterdir():
        head = path.read_bytes()
        assert head[4:8] == b"\0\0\0\0" and gzip.decompress(head), path


# -- a day ----------------------------------------------------------------------------------------

@in_a_browser
def test_an_order_appears_is_accepted_and_shipped_without_reading_anything_first(shop):
    vendor, customer = shop.vendor(), shop.customer()
    mug, bowl = vendor.product(title="Stoneware Mug"), vendor.product(title="Bowl")
    owner = vendor.owner.account["email"]
    with browser(*LAPTOP) as page:
        console = Console(page, shop.server.url)
        console.open(f"/shop/{vendor.slug}/orders")
        console.signs_in(owner, "not this one")
        console.sees("E-mail or password is wrong")
        assert console.findings() == []
        console.signs_in(owner, PASSWORD)
        console.sees("Nothing to accept")
        assert console.place() == f"/console/shop/{vendor.slug}/orders"
        console.sees("Live")

        order = customer.order((mug, 2), bowl)
        number = vendor.part(order)["number"]
        console.sees(number)
        console.keys("j", ENTER)
        console.sees("Can you send this?")
        assert console.findings() == []
        console.keys("a")
        console.sees(f"{number} accepted")
        console.sees("Everything is in the box?")
        assert vendor.see(order)["status"] == "accepted"

        console.keys("p")
        console.sees("Ready for the carrier?")
        console.keys("s")
        console.fills("Carrier", "Tortoise Post")
        console.fills("Tracking number", "TP-42")
        console.fills("Bowl", "0")
        assert console.findings() == []
        console.presses("Ship this part")
        console.sees("Partly shipped")
        console.presses("Ship the rest")
        console.sees("In this parcel")
        console.presses("Ship")
        console.sees("Has it arrived?")
        sent = vendor.see(order)
        assert sent["status"] == "shipped"
        assert [each["tracking_number"] for each in sent["shipments"]] == ["TP-42", None]
        assert {each["carrier"] for each in sent["shipments"]} == {"Tortoise Post"}

        console.open(f"/shop/{vendor.slug}")
        console.sees("Nothing needs you now")
        assert page.run("return document.cookie") == ""
        assert "rt1_" not in page.run("return JSON.stringify(localStorage)")
        assert console.findings() == []
        assert console.complaints(("/v1/auth/login", 401)) == []
        assert [url for url in page.asked if not url.startswith((shop.server.url, "data:"))] == []


@in_a_browser
def test_several_are_accepted_at_once_and_a_refusal_tells_the_customer_why(shop):
    vendor, customer = shop.vendor(), shop.customer()
    mug = vendor.product()
    orders = [customer.order(mug) for _ in range(3)]
    refused = vendor.part(orders[2])["number"]
    with browser(*LAPTOP) as page:
        console = Console(page, shop.server.url)
        console.open(f"/shop/{vendor.slug}/orders?open={vendor.part(orders[2])['id']}")
        console.signs_in(vendor.owner.account["email"], PASSWORD)
        console.presses("Refuse")
        console.presses("Out of stock")
        console.presses("Cancel it")
        console.sees(f"{refused} cancelled")
        assert vendor.see(orders[2])["cancel_reason"] == "Out of stock"
        console.keys(ESCAPE)
        console.sees_no(refused)
        page.run("document.querySelector('thead input').click()")
        console.presses("Accept 2 orders")
        console.sees("2 orders accepted")
        assert {vendor.see(order)["status"] for order in orders[:2]} == {"accepted"}
        assert console.complaints() == []


@in_a_browser
def test_a_session_that_was_ended_elsewhere_leads_back_to_where_one_was(shop):
    vendor = shop.vendor()
    owner = enrolled(shop, vendor.owner)
    place = f"/shop/{vendor.slug}/orders?tab=pack"
    with browser(*PHONE) as page:
        console = Console(page, shop.server.url)
        console.open(place)
        console.signs_in(owner.account["email"], PASSWORD)
        console.fills("Code", "000000")
        console.presses("Continue")
        console.sees("The code is wrong")
        console.fills("Code", code_of(shop, owner))
        console.presses("Continue")
        console.sees("Nothing to pack")
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")
        assert console.findings() == []
        console.open(place)  # the cookie signs in again
        console.sees("Nothing to pack")

        owner.do("endOtherSessions")
        console.sees("Your session has ended")
        console.signs_in(owner.account["email"], PASSWORD)
        console.presses("Use a recovery code")
        console.fills("Recovery code", owner.recovery_codes[0])
        console.presses("Continue")
        console.sees("Nothing to pack")
        assert console.place() == "/console" + place
        assert console.complaints(("/v1/", 401)) == []
