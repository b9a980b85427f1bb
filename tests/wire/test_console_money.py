"""The console's pages of money in a browser: what a vendor earned, and what each amount was for."""
from harness.browser import LAPTOP, PHONE, browser, in_a_browser
from harness.console import Console
from harness.shop import PASSWORD
from harness.sub_orders import good
from harness.wait import until

KEEP = """
    window.saved = [];
    const made = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
        blob.text().then((text) => saved.push(text));
        return made(blob);
    };"""


@in_a_browser
def test_who_may_see_money_sees_it_come_and_what_each_amount_was_for(shop):
    vendor, customer = shop.vendor(), shop.customer()
    mug = vendor.product(price=2500)
    with browser(*LAPTOP) as page:
        console = Console(page, shop.server.url)
        console.open(f"/shop/{vendor.slug}/money")
        console.signs_in(vendor.owner.account["email"], PASSWORD)
        console.sees("Earned, not released")
        order = customer.order(mug, method="manual")
        shop.admin().do("markPaymentReceived", order_id=order["id"], body={})
        earned = vendor.do("getBalance")["pending"]["amount"]
        assert earned > 0
        console.sees(f"${earned / 100:.2f}")
        console.sees("Left to you")
        assert console.findings() == []
        page.run(KEEP)
        console.presses("CSV")
        until(lambda: page.run("return saved[0]"))
        assert page.run("return saved[0]").startswith("day,Title,Orders,")

        console.presses("Every amount")
        console.sees(vendor.part(order)["number"])
        lines = vendor.do("listLedger")["items"]
        assert page.run("return document.querySelectorAll('tbody tr').length") == len(lines)
        assert console.findings() == []
        console.presses("Payouts")
        console.sees("No payouts yet")
        console.presses("Statements")
        console.sees("not over")
        page.run("document.querySelector('.statements button').click()")
        until(lambda: page.run("return saved[1]"))
        assert page.run("return saved[1]").startswith("Entry,Time,")
        assert console.findings() == []
        assert console.complaints() == []


@in_a_browser
def test_who_may_not_see_money_has_no_way_there_and_a_telephone_shows_all(shop):
    vendor = shop.vendor()
    good(vendor.accept(shop.customer().order(vendor.product())))
    for role, is_shown in (("fulfilment", False), ("finance", True)):
        with browser(*PHONE) as page:
            console = Console(page, shop.server.url)
            console.open(f"/shop/{vendor.slug}")
            console.signs_in(vendor.staff(role).account["email"], PASSWORD)
            console.presses("Menu")
            console.sees("Sign out")
            assert page.run("return document.body.innerText.includes('Money')") == is_shown
            if is_shown:
                console.presses("Money")
                console.sees("Available")
                assert page.run("return document.documentElement.scrollWidth <= innerWidth")
                assert console.findings() == []
            assert console.complaints() == []
