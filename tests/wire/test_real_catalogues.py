"""Files as real shops have them: SKUs and handles that come twice, cells with what people write."""
import csv
import io

import pytest

from harness.sheet import exported, imported, put, remarks, row, table


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
        (3 + between, "The variant is the same as in line 2")]
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


# What is only kept ------------------------------------------------------------------------------

def lines_of(vendor):
    return list(csv.DictReader(io.StringIO(exported(vendor).decode())))


def test_what_means_nothing_here_comes_out_as_it_came_in(shop):
    vendor = shop.vendor()
    of_product = {"Vendor": "Brand One", "Gift Card": "TRUE", "SEO Title": "Buy a mug",
                  "Product Category": "Home > Mugs",
                  "Color (product.metafields.shopify.color)": "a; b"}
    of_variant = {"Variant Inventory Tracker": "shipwire", "Variant Requires Shipping": "false",
                  "Variant Taxable": "FALSE", "Cost per item": "2.50", "Variant Tax Code": "P000",
                  "Variant Weight Unit": "lb", "Variant Fulfillment Service": ""}
    plain = dict.fromkeys([*of_product, *of_variant], "") | {"Variant Inventory Tracker": "sebez"}
    data = table(row("a", title="A", name="Size", value="S", price="1") | of_product | of_variant,
                 row("a", value="M", price="1") | plain | {"Cost per item": "3"},
                 row("b", title="B", price="1") | plain | {"Vendor": "Brand Two"}, columns=None)
    assert imported(vendor, data)["errors"] == []
    one, two, other = lines_of(vendor)
    assert {key: one[key] for key in [*of_product, *of_variant]} == of_product | of_variant
    assert (two["Cost per item"], two["Variant Inventory Tracker"]) == ("3", "sebez")
    assert (other["Vendor"], other["Variant Weight Unit"]) == ("Brand Two", "")
    out = exported(vendor)
    assert imported(vendor, out)["unchanged"] == 3
    # A file that says nothing of them leaves them; an empty cell takes them away.
    imported(vendor, table(row("a", title="A", name="Size", value="S", price="2")))
    assert lines_of(vendor)[0]["SEO Title"] == "Buy a mug"
    imported(vendor, table(row("a", title="A", name="Size", value="S", price="2")
                           | {"SEO Title": ""}, columns=None))
    assert "SEO Title" not in lines_of(vendor)[0]


# Other countries' files, and what would be ------------------------------------------------------

@pytest.mark.parametrize("sign, name", [(",", "comma"), (";", "semicolon"), ("\t", "tab")])
def test_what_parts_values_and_decimals_is_found_and_said(shop, sign, name):
    vendor = shop.vendor()
    out = io.StringIO()
    writer = csv.writer(out, delimiter=sign)
    writer.writerows([["Handle", "Title", "Variant Price", "Variant Grams"],
                      ["a", "A, B; C", "12,50", "0,4"], ["b", 'The "B"', "1.234,5", ""],
                      ["c", "C\nD", "7", ""]])
    report = imported(vendor, out.getvalue())
    assert (report["errors"], report["separator"], report["decimals"]) == ([], name, "comma")
    have = shop.db.rows("select p.title, v.price from variant v "
                        "join product p on p.id = v.product_id "
                        "where v.vendor_id = %s order by p.id", vendor.id)
    assert [tuple(r.values()) for r in have] == [("A, B; C", 1250), ('The "B"', 123450),
                                                 ("C\nD", 700)]


def test_a_dry_run_says_what_would_be_and_changes_nothing(shop):
    vendor = shop.vendor()
    imported(vendor, table(row("old", title="Old", sku="O", stock=1, price="1")))
    many = [row(f"p{n}", title="P", name="Size", value="S", price="1") | {"Type": "Toys"}
            for n in range(250)]
    data = table(row("old", title="Old", sku="O", stock=5, price="1"), *many,
                 row("p0", value="M", price="2"), row("p0", value="S", price="2"),
                 row("nameless", price="1"), columns=None)
    before = exported(vendor)
    dry = imported(vendor, data, dry_run="true")
    assert exported(vendor) == before
    assert shop.db.one("select count(*) from audit_log where vendor_id = %s and action = 'import'",
                       vendor.id) == 1
    real = imported(vendor, data)
    assert (dry.pop("dry_run"), real.pop("dry_run")) == (True, False)
    assert dry == real
    assert (real["taken"], real["changed"], real["refused"]) == (251, 1, 2)


def test_every_row_is_counted_once(shop):
    vendor = shop.vendor()
    first = [row("a", title="A", sku="S1", stock=3, price="5"), row("b", title="B", price="1")]
    imported(vendor, table(*first))
    report = imported(vendor, table(
        first[0], row("b", title="B", price="2"), row("c", title="C", sku="S1", price="1"),
        row("d", title="D", price="1"), row("", title="E"), row("d", image="https://e.com/1.jpg"),
        row("f", title="F", price="dear")))
    names = ("taken", "changed", "unchanged", "warned", "refused")
    assert [report[name] for name in names] == [2, 1, 1, 1, 2]
    assert report["rows"] == 7


def test_the_report_comes_as_a_file_too(shop):
    vendor = shop.vendor()
    response = put(vendor, table(row("a", title="A", price='1,"x'), row("b", title="B", price="1")),
                   report="csv")
    assert response.headers["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(response.text)))
    counts = {line["Kind"]: line["Text"] for line in lines if not line["Line"]}
    assert (counts["rows"], counts["taken"], counts["refused"]) == ("2", "1", "1")
    (error,) = [line for line in lines if line["Kind"] == "error"]
    assert (error["Line"], error["Column"]) == ("2", "Variant Price")
    assert '1,"x' in error["Text"]


def test_the_command_line_may_try_first(shop, tmp_path):
    vendor = shop.vendor()
    path = tmp_path / "goods.csv"
    path.write_text(table(row("a", title="A", price="1")))
    result = shop.server.sebez("import", "--vendor", vendor.slug, "--dry-run", str(path))
    assert "1 rows read" in result.stdout and "nothing was written" in result.stdout
    assert exported(vendor).count(b"\n") == 1


def test_however_many_rows_name_nothing_the_good_ones_go_in(shop):
    vendor = shop.vendor()
    bad = "".join(f"h {n},H,1\n" for n in range(60000))
    report = imported(vendor, f"Handle,Title,Variant Price\n{bad}a,A,1\n")
    assert (report["taken"], report["refused"], report["errors_total"]) == (1, 60000, 60000)
