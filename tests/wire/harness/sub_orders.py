"""What tests of sub-orders look at, and say of them."""


def line_of(order, vendor, number=0):
    return vendor.part(order)["lines"][number]["id"]


def some(line_id, quantity):
    return [{"line_id": line_id, "quantity": quantity}]


def due_back(shop, order):
    """The body of markRefunded; of an order of which nothing is due, too."""
    return {"amount": {"currency": "USD", "amount": shop.db.one(
        "select coalesce(sum(received_amount - (total - cancelled_total) - refunded_amount), 0)"
        "::bigint from sub_order where order_id = %s and payment_state = 'refund_due'",
        order["id"])}}


def good(response):
    assert response.status_code == 200, response.text
    return response.json()


def history(shop, order, vendor):
    seen = vendor.do("getSubOrderHistory", sub_order_id=vendor.part(order)["id"])
    return [(h["from"], h["to"], h["by"], h["reason"]) for h in seen["items"]]
