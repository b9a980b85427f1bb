"""Addresses of pictures, parcels and pages: on the public internet, and without a password."""
import uuid

import pytest
from harness.client import refused
from harness.sheet import imported, remarks, row, table

BAD = [
    "https://ada:secret@img.example.com/a.jpg",
    "https://img.example.com@127.0.0.1/a.jpg",
    "http://localhost/a.jpg",
    "http://127.1/a.jpg",
    "http://0x7f000001/a.jpg",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.168.0.10/a.jpg",
    "http://[::1]/a.jpg",
    "http://[::ffff:10.0.0.1]/a.jpg",
    "http://metadata.google.internal/a.jpg",
    "http://router/a.jpg",
]


@pytest.fixture(scope="module")
def clay(shop):
    return shop.vendor()


def test_no_picture_or_parcel_is_at_such_an_address(clay):
    mug = clay.product()
    price = {"amount": 700, "currency": "USD"}
    for url in BAD:
        refused(clay.call("updateVendorProduct", product_id=mug.id, body={
            "images": [{"url": url}]}), 400, field="/images/0/url")
        refused(clay.call("createVendorProduct", body={
            "title": "Mug", "variants": [{"price": price, "image": {"url": url}}]}), 400,
            field="/variants/0/image/url")
        refused(clay.call("shipSubOrder", sub_order_id=str(uuid.uuid4()), body={
            "tracking_url": url}), 400, field="/tracking_url")


def test_no_picture_of_a_file_is_at_such_an_address(clay):
    report = imported(clay, table(*(
        row(f"cup-{n}", title="Cup", price="7.00", image=url) for n, url in enumerate(BAD))))
    assert remarks(report, "warnings") == [(n + 2, "Image Src") for n in range(len(BAD))]
    assert report["errors"] == [] and clay.shop.db.one(
        "select count(*) from product where vendor_id = %s and images::text <> '[]'", clay.id) == 0
