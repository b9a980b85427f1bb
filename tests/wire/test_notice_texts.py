"""The texts of notices: in the language that is asked for, with what they insert."""
import pytest
from harness.notices import followed, told
from harness.roles import As
from harness.sub_orders import good


@pytest.fixture(scope="module")
def deal(shop):
    """(vendor, customer) after an order that took all of a product."""
    vendor, customer = shop.vendor(), shop.customer()
    order = customer.order((vendor.product(title="Blue\u202e mug", stock=6), 6))
    for step in (vendor.accept, vendor.pack, vendor.ship, vendor.deliver):
        good(step(order))
    followed(shop.db)
    return vendor, customer, order


def texts(actor, language=None):
    headers = {"Accept-Language": language} if language else {}
    return {n["kind"]: n["text"] for n in told(actor, headers=headers)}


def test_a_customer_reads_of_an_order_in_each_language(deal):
    _, customer, order = deal
    shown = {language: texts(customer, language)["order_placed"]
             for language in ("en", "am", "ar", "fr")}
    assert all(f"\u2068{order['number']}\u2069" in text["body"] for text in shown.values())
    assert len({text["body"] for text in shown.values()}) == 4
    assert shown["fr"]["title"] == "Merci pour votre commande"


def test_who_names_no_language_that_we_have_reads_english(deal):
    _, customer, _ = deal
    assert texts(customer) == texts(customer, "sw, en;q=0.5") == texts(customer, "sw")
    assert texts(customer)["order_placed"]["title"] == "Thank you for your order"


def test_what_a_vendor_entered_has_no_effect_beyond_itself(deal):
    vendor, _, _ = deal
    assert texts(vendor.owner, "en")["out_of_stock"]["body"] \
        == "\u2068Blue mug\u2069 is out of stock."


def test_all_that_is_listed_has_a_text_in_each_language(deal):
    vendor, customer, _ = deal
    for language in ("en", "am", "ar", "fr"):
        shown = {**texts(customer, language), **texts(vendor.owner, language)}
        assert {"order_placed", "sub_order_shipped", "vendor_order_received",
                "out_of_stock", "vendor_status_changed"} <= set(shown)
        assert all(text and text["title"] and text["body"] for text in shown.values()), shown


def test_nobody_gets_the_facts_of_anothers_notice(shop, deal):
    _, customer, _ = deal
    ids = [n["id"] for n in told(customer)]
    for account, count in ((customer.id, len(ids)), (shop.customer().id, 0)):
        with As(shop.db, "sebez_customer", account=account) as cursor:
            cursor.execute("select count(*) from notice_facts(%s::uuid[])", (ids,))
            assert cursor.fetchone()[0] == count
