"""Shops: how many one account may ask for, and what one may have."""
from harness.shop import fresh, money, refused


def test_an_account_has_only_so_many_applications_open(shop):
    owner = shop.customer()
    made = [owner.do("applyVendor", body={"name": fresh("Shop")})["id"] for _ in range(5)]
    refused(owner.call("applyVendor", body={"name": fresh("Shop")}), 409, "conflict")
    shop.admin().do("rejectVendor", vendor_id=made[0], body={"reason": "One is enough"})
    owner.do("applyVendor", body={"name": fresh("Shop")})


def test_a_vendor_sees_what_it_lacks_before_its_first_customer_does(shop):
    vendor = shop.vendor(approved=False)

    def lacking():
        return [item["code"] for item in vendor.do("getVendorChecklist")["items"]
                if not item["done"]]

    assert lacking() == ["approved", "shipping_method", "product"]
    shop.admin().do("approveVendor", vendor_id=vendor.id, body={})
    product = vendor.product(status="draft")
    vendor.shipping_method(active=False)
    assert lacking() == ["shipping_method", "product"]
    vendor.shipping_method()
    vendor.do("updateVendorProduct", product_id=product.id, body={"status": "active"})
    assert lacking() == []


def test_a_shop_has_only_so_many_shipping_methods(shop):
    vendor = shop.vendor(shipping=())
    body = {"name": "Parcel", "price": money(500)}
    made = [vendor.do("createShippingMethod", body=body)["id"] for _ in range(20)]
    refused(vendor.call("createShippingMethod", body=body), 409, "conflict")
    vendor.call("deleteShippingMethod", method_id=made[0])
    vendor.do("createShippingMethod", body=body)
