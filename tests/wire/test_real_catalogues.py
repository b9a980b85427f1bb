"""Files as real shops have them: SKUs and handles that come twice, cells with what people write."""
import pytest

from harness.sheet import imported, remarks, row, table


def variants_of(shop, vendor):
    have = shop.db.rows("select p.handle, v.option1, v.sku, v.available from variant v "
                        "join product p on p.id = v.product_id "
                        "where v.vendor_id = %s and v.deleted_at is null "
                        "order by p.id, v.position", vendor.id)
    return [tuple(r.values()) for r in have]


def test_variants_that_share_a_sku_all_go_in_and_are_known_again(shop):
    vendor = shop.vendor()
    data = table(row("shirt", title="Shirt", name="Size", value="S", sku="X", stock=3, price="5"),
                 row("shirt", value="M", sku="X", stock=4, price="5"),
                 row("bag", title="Bag", sku="X", stock=7, price="9"))
    report = imported(vendor, data)
    assert (report["errors"], report["variants_created"]) == ([], 3)
    assert remarks(report, "warnings") == [(3, "Variant SKU"), (4, "Variant SKU")]
    again = imported(vendor, data.replace("X,4", "X,8"))
    assert (again["variants_created"], again["variants_updated"]) == (0, 1)
    # Neither the same SKU once more nor another case makes it another variant.
    imported(vendor, table(row("bag", sku="x", stock=1)))
    assert variants_of(shop, vendor) == [("shirt", "S", "X", 3), ("shirt", "M", "X", 8),
                                         ("bag", None, "x", 1)]


def test_a_sku_that_one_variant_has_finds_it_by_whatever_options(shop):
    vendor = shop.vendor()
    imported(vendor, table(row("a", title="A", name="Size", value="S", sku="one", price="1"),
                           row("a", value="M", sku="two", price="1"),
                           row("a", value="L", sku="two", price="1")))
    report = imported(vendor, table(row("a", value="Small", sku="ONE", price="1"),
                                    row("a", value="XL", sku="two", price="1")))
    assert (report["variants_updated"], report["variants_created"]) == (1, 1)
    assert [v[1] for v in variants_of(shop, vendor)] == ["Small", "M", "L", "XL"]


def test_a_sku_may_be_255_characters_long(shop):
    vendor = shop.vendor()
    report = imported(vendor, table(row("a", title="A", sku="S" * 255, price="1"),
                                    row("b", title="B", sku="S" * 256, price="1")))
    assert (report["errors"], remarks(report, "warnings")) == ([], [(3, "Variant SKU")])
    assert [v[2] for v in variants_of(shop, vendor)] == ["S" * 255, None]


@pytest.mark.parametrize("between", [0, 250])
def test_a_handle_that_is_there_twice_is_one_product_at_any_distance(shop, between):
    vendor = shop.vendor()
    red = row("mug", title="Red mug", name="Size", value="One", sku="RED", stock=3, price="5")
    blue = row("Mug", title="Blue bowl", name="Color", value="One", sku="BLUE", stock=9, price="7")
    more = row("MUG", title="Red mug", name="Size", value="Two", price="6")
    report = imported(vendor, table(
        red, *(row(f"p{n}", title="P", price="1") for n in range(between)), blue, more))
    assert remarks(report, "warnings") == [(3 + between, "Title")]
    assert [(e["line"], e["reason"]) for e in report["errors"]] == [
        (3 + between, "It is the same variant as in line 2")]
    assert [v for v in variants_of(shop, vendor) if v[0] == "mug"] == [
        ("mug", "One", "RED", 3), ("mug", "Two", None, 0)]
    assert shop.db.one("select title from product where vendor_id = %s and handle = 'mug'",
                       vendor.id) == "Red mug"


def test_cells_are_taken_as_a_person_means_them(shop):
    vendor = shop.vendor()
    base = {"Title": "A", "Variant Price": "5", "Variant Inventory Tracker": "shopify"}
    lines = [base | {"Handle": f"h{n}"} | more for n, more in enumerate([
        {"Variant Inventory Qty": "-4", "Variant Inventory Policy": "deny"},
        {"Variant Inventory Qty": "-4", "Variant Inventory Policy": "continue"},
        {"Status": "Unlisted"}, {"Status": "strange"}, {"Variant Compare At Price": "cheap"},
        {"Variant Grams": "0.6"}, {"Published": "FALSCH"}, {"Tags": "x" * 300},
        {"Title": "T" * 300}, {"Option1 Name": "Size", "Option1 Value": "E\u0301\u00a0x"},
        {"Variant SKU": "'007"}])]
    report = imported(vendor, table(*lines, columns=None))
    assert (report["errors"], report["products_created"]) == ([], len(lines))
    assert remarks(report, "warnings") == [
        (2, "Variant Inventory Qty"), (4, "Status"), (5, "Status"), (6, "Variant Compare At Price"),
        (7, "Variant Grams"), (8, "Published"), (9, "Tags"), (10, "Title"),
        (11, "Option1 Value"), (11, "Option1 Value"), (12, "Variant SKU")]
    have = shop.db.rows(
        "select p.status, v.available, v.weight_grams, v.option1, v.sku from product p "
        "join variant v on v.product_id = p.id where p.vendor_id = %s order by p.id", vendor.id)
    assert [r["available"] for r in have][:2] == [0, -4]
    assert [r["status"] for r in have] == ["active", "active", "draft", "draft", "active", "active",
                                           "draft", "active", "active", "active", "active"]
    assert (have[5]["weight_grams"], have[9]["option1"], have[10]["sku"]) == (1, "\u00c9 x", "007")
    assert shop.check() == []


def test_a_file_without_prices_updates_what_it_names(shop):
    vendor = shop.vendor()
    imported(vendor, table(row("a", title="A", sku="S1", stock=3, price="5")))
    data = "Handle,Title,Variant SKU,Variant Inventory Qty\na,A,S1,9\nb,B,S2,9\n"
    report = imported(vendor, data)
    assert (report["variants_updated"], remarks(report, "errors")) == (1, [(3, "Variant Price")])
    assert imported(vendor, "Handle,Variant Inventory Qty\na,4\n")["variants_updated"] == 1
    assert variants_of(shop, vendor) == [("a", None, "S1", 4)]
