"""Pictures that are fetched by their URLs: their uploads, and files that name them."""
from .images import shown
from .sheet import table
from .shop import fresh
from .wait import until


def row_of(shop, url):
    """The upload that has the address."""
    (row,) = shop.db.rows("select * from upload where source_url = %s and not superseded", url)
    return row


def settled(shop, url):
    """The row, once it is ready or has failed, and nothing is left to do."""
    def is_settled():
        row = row_of(shop, url)
        return row["state"] in ("ready", "failed") and not row["work"]

    until(is_settled)
    shown(shop, row_of(shop, url)["id"])
    return row_of(shop, url)


def images(vendor, product_id):
    return vendor.do("getVendorProduct", product_id=product_id)["images"]


def failed(shop, url):
    row = settled(shop, url)
    return row["state"], row["failure"], row["http_status"]


def sheet(*rows):
    """A file as Shopify's, with the pictures of each product in rows of their own."""
    columns = ("Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src,"
               "Image Position,Image Alt Text,Variant Image").split(",")
    return table(*(dict(zip(columns, row)) for row in rows), columns=columns)


def yesterday(shop, url):
    shop.db.rows("update upload set fetched_at = now() - interval '25 hours' where source_url = %s"
                 " and not superseded", url)


def tea(url):
    handle = fresh("tea")
    return sheet((handle, "Tea", "", "", handle, "3.00", url, 1, "A cup", ""))
