"""Products as WooCommerce has them: in and out."""
from harness.sheet import exported, imported, remarks, row, table


def item(kind, sku, **more):
    names = {"name": "Name", "parent": "Parent", "price": "Regular price", "sale": "Sale price",
             "stock": "Stock", "images": "Images", "id": "ID"}
    cells = {names.get(key, key): value for key, value in more.items()}
    return {"ID": "", "Type": kind, "SKU": sku, "Published": "1", "In stock?": "1"} | cells


def options(*pairs):
    cells = {}
    for number, (name, value) in enumerate(pairs, 1):
        cells |= {f"Attribute {number} name": name, f"Attribute {number} value(s)": value,
                  f"Attribute {number} visible": "1", f"Attribute {number} global": "1"}
    return cells


def file_of(*rows):
    return table(*rows, columns=None)


def have(shop, vendor, *columns):
    rows = shop.db.rows(f"select {', '.join(columns)} from product p "
                        "join variant v on v.product_id = p.id where p.vendor_id = %s "
                        "and v.deleted_at is null order by p.id, v.position", vendor.id)
    return [tuple(r.values()) for r in rows]


def test_a_simple_product_goes_in_with_all_that_it_says(shop):
    vendor = shop.vendor()
    data = file_of(
        item("simple", "Mug 1", id=7, name="Mug", price="9.99", sale="8.50", stock="5")
        | {"Description": "<p>Red</p>\\n<p>Round</p>", "Tags": "red, round",
           "Categories": "Home, Home > Mugs, Gifts", "Weight (kg)": "0.34",
           "Images": "https://e.com/1.jpg, https://e.com/2\\,5.jpg",
           "GTIN, UPC, EAN, or ISBN": "4006381333931", "Backorders allowed?": "notify",
           "Short description": "A mug"} | options(("Brand", "Acme")),
        item("simple, virtual", "free", name="Free", price="1") | {"Published": "-1"},
        item("simple", "gone", name="Gone", price="1") | {"In stock?": "0"})
    report = imported(vendor, data)
    assert (report["dialect"], report["errors"], report["warnings"]) == ("woocommerce", [], [])
    assert have(shop, vendor, "handle", "sku", "v.price", "v.compare_at_price", "available",
                "tracked", "backorder", "weight_grams", "barcode", "p.status") == [
        ("mug-1", "Mug 1", 850, 999, 5, True, True, 340, "4006381333931", "active"),
        ("free", "free", 100, None, 0, False, False, 0, None, "draft"),
        ("gone", "gone", 100, None, 0, True, False, 0, None, "active")]
    *texts, images = have(shop, vendor, "p.title", "description", "product_type", "tags",
                          "images")[0]
    assert texts == ["Mug", "<p>Red</p>\n<p>Round</p>", "Home > Mugs", ["red", "round"]]
    assert [(i["url"], i["alt"]) for i in images] == [("https://e.com/1.jpg", ""),
                                                      ("https://e.com/2,5.jpg", "")]
    extra = have(shop, vendor, "p.extra")[0][0]
    assert extra == {"ID": "7", "Short description": "A mug", "Categories": "Home, Gifts",
                     "Attribute 1 name": "Brand", "Attribute 1 value(s)": "Acme",
                     "Attribute 1 visible": "1", "Attribute 1 global": "1"}
    assert imported(vendor, data)["unchanged"] == 3


def test_variations_find_their_product_however_far_behind(shop):
    vendor = shop.vendor()
    between = [item("simple", f"s{n}", name="S", price="1") for n in range(250)]
    data = file_of(
        item("variable", "SHIRT", id=1, name="Shirt", stock="9")
        | options(("Brand", "Acme"), ("Size", "S, M"), ("Color", "Red, Blue")),
        item("variable", "", id=2, name="Bag") | options(("Size", "S")),
        item("variation", "b", parent="id:2", price="3", name="Bag - S") | options(("Size", "S")),
        *between,
        item("variation", "m", parent="shirt", price="5", stock="parent",
             images="https://e.com/m.jpg") | options(("Size", "M"), ("Color", "Red")),
        item("variation", "s", parent="SHIRT", price="6")
        | options(("color", "Blue"), ("size", "")),
        item("variation", "off", parent="id:1", price="6", stock="4")
        | options(("Size", "S"), ("Color", "Red")) | {"Published": "0"})
    report = imported(vendor, data)
    assert (report["errors"], report["products_created"]) == ([], 252)
    assert remarks(report, "warnings") == [(255, "Stock"), (256, "Attribute 1 value(s)"),
                                           (257, "Published")]
    rows = have(shop, vendor, "handle", "sku", "option1", "option2", "v.price", "available",
                "tracked", "image ->> 'url' as image")
    assert [r for r in rows if r[0] == "shirt"] == [
        ("shirt", "m", "M", "Red", 500, 9, True, "https://e.com/m.jpg"),
        ("shirt", "s", "Any", "Blue", 600, 0, False, None),
        ("shirt", "off", "S", "Red", 600, 0, True, None)]
    assert [r[:3] for r in rows if r[1] == "b"] == [("bag-2", "b", "S")]
    assert have(shop, vendor, "p.title", "p.extra->>'Attribute 1 name' as one",
                "p.extra->>'Attribute 2 name' as two")[-1] == ("Shirt", "Brand", None)
    again = imported(vendor, data)
    assert (again["unchanged"], again["warned"], again["rows"]) == (253, 3, 256)


def test_what_cannot_go_in_is_refused_by_its_column(shop):
    vendor = shop.vendor()
    report = imported(vendor, file_of(
        item("variation", "a", parent="nobody", price="1"), item("variation", "b", price="1"),
        item("grouped", "c", name="C"), item("simple", "", price="1"),
        item("variable", "v", name="V"), item("external", "e", name="E", price="1"),
        item("simple", "d", name="D", price="dear")))
    assert remarks(report, "errors") == [(2, "Parent"), (3, "Parent"), (4, "Type"), (5, "SKU"),
                                         (6, None), (8, "Regular price")]
    assert remarks(report, "warnings") == [(7, "Type")]
    assert (report["rows"], report["refused"], report["warned"]) == (7, 6, 1)
    assert have(shop, vendor, "sku", "p.status") == [("e", "draft")]


def test_a_sale_counts_while_it_is_on(shop):
    vendor = shop.vendor()
    dates = ("Date sale price starts", "Date sale price ends")
    spans = [("", "2001-01-01"), ("2999-01-01", ""), ("2001-01-01", "2999-01-01"), ("", "")]
    report = imported(vendor, file_of(*(
        item("simple", f"s{n}", name="S", price="9", sale="5") | dict(zip(dates, span))
        for n, span in enumerate(spans))))
    assert remarks(report, "warnings") == [(2, "Sale price"), (3, "Sale price"), (4, "Sale price")]
    assert have(shop, vendor, "v.price", "v.compare_at_price") == [
        (900, None), (900, None), (500, 900), (500, 900)]


def test_a_file_with_semicolons_and_pounds_may_update_some_columns(shop):
    vendor = shop.vendor()
    imported(vendor, file_of(item("simple", "x", name="X", price="9", stock="2")))
    report = imported(vendor, "SKU;Regular price;Weight (lbs)\nX;9,50;1,5\n")
    assert (report["dialect"], report["errors"], report["decimals"]) == ("woocommerce", [], "comma")
    assert have(shop, vendor, "v.price", "weight_grams", "available") == [(950, 680, 2)]
    assert imported(vendor, "Handle,Variant Price\nx,9\n")["dialect"] == "shopify"


def test_a_round_trip_changes_nothing(shop):
    vendor, other = shop.vendor(), shop.vendor()
    imported(vendor, table(
        row("shirt", title="Shirt, blue", name="Size", value="S, M", sku="S1", stock=3, price="5",
            image="https://e.com/a,b.jpg")
        | {"Image Alt Text": "Front, back", "Body (HTML)": "<p>a\\nb</p>\n",
           "Type": "Home > A, B", "Variant Compare At Price": "9", "Variant Grams": "1250",
           "Vendor": "Brand", "Variant Image": "https://e.com/v.jpg",
           "Variant Inventory Policy": "continue"},
        row("shirt", value="L", price="6", image="https://e.com/c.jpg"),
        row("Bag", title="Bag", price="7", sku="=1+1") | {"Status": "archived"},
        columns=None))
    imported(vendor, file_of(
        item("simple", "mug", name="Mug", price="9", stock="2", id=4)
        | {"Categories": "A, B > C", "Short description": "x"} | options(("Brand", "Acme")),
        item("variable", "cap", name="Cap")
        | options(("Brand", "Acme"), ("Size", "S"), ("Fit", "")),
        item("variation", "cap-s", parent="cap", price="3") | options(("Size", "S"), ("Fit", ""))))
    before, plain = exported(vendor, dialect="woocommerce"), exported(vendor)
    again = imported(vendor, before)
    assert (again["errors"], again["changed"], again["taken"]) == ([], 0, 0)
    assert imported(other, before)["errors"] == []
    assert exported(other, dialect="woocommerce") == before
    assert exported(vendor) == plain
    assert exported(other).replace(other.name.encode(), vendor.name.encode()) == plain
