"""What products show of their stock, and that nobody who changes a product and its stock waits in a
ring."""
import pytest

from harness.shop import money, together
from harness.sub_orders import good

ROUNDS = 15


@pytest.fixture(autouse=True)
def the_data_stays_sound(shop):
    yield
    assert shop.check() == []


def two_colors(vendor, **stock):
    return vendor.product(options=[{"name": "Color", "values": list(stock)}], variants=[
        {"options": {"Color": color}, "price": money(1000), "available": available}
        for color, available in stock.items()])



def in_stock(shop, product):
    return shop.db.one("select in_stock from product where id = %s", product.id)


def test_a_product_whose_last_pieces_are_ordered_at_once_is_out_of_stock(shop):
    clay, customers = shop.vendor(), [shop.customer(), shop.customer()]
    for _ in range(ROUNDS):
        mug = two_colors(clay, Blue=1, Red=1)
        carts = [customers[i].cart(mug.variants[i]["id"]) for i in range(2)]
        assert [r.status_code for r in together(2, lambda i: carts[i].place())] == [201, 201]
        assert not in_stock(shop, mug)


def test_a_product_is_in_stock_when_one_piece_goes_while_another_comes_back(shop):
    clay, buyer, regretful = shop.vendor(), shop.customer(), shop.customer()
    for _ in range(ROUNDS):
        mug = two_colors(clay, Blue=1, Red=1)
        order = regretful.order(mug.variants[1]["id"])
        cart = buyer.cart(mug.variants[0]["id"])
        together(2, lambda i: good(regretful.call("cancelOrder", order_id=order["id"], body={}))
                 if i else cart.place())
        assert in_stock(shop, mug)
