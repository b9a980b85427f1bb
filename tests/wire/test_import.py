"""Product CSVs over the wire: in, out, and in again."""
import csv
import pathlib
import random
import subprocess
import sys

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from harness.client import refused
from harness.feed import in_background, until_waiting
from harness.sheet import CSV, differences, exported, imported, put, remarks, row, table
from harness.shop import fresh

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A file of our own in Shopify's full layout; and, where they lie beside the project, real ones.
pytestmark = pytest.mark.plain
EXPORT = ROOT / "tests/data/shopify-export.csv"
FILES = [EXPORT, *sorted(ROOT.parent.glob("shared/data/shopify-csv/*.csv"))]


def versions(vendor):
    return vendor.shop.db.rows(
        "select 'product', id::text, version from product where vendor_id = %s union all "
        "select 'variant', id::text, version from variant where vendor_id = %s union all "
        "select 'stock', id::text, delta from stock_adjustment where vendor_id = %s order by 1, 2",
        vendor.id, vendor.id, vendor.id)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_goes_in_whole_and_again_changes_nothing(shop, path):
    vendor = shop.vendor()
    data = path.read_bytes()
    lines = list(csv.DictReader(data.decode("utf-8-sig").splitlines(keepends=True)))
    report = imported(vendor, data)
    assert report["errors"] == []
    assert report["products_created"] == len({line["Handle"] for line in lines})
    assert report["variants_created"] == len([line for line in lines if line["Variant Price"]])
    before = versions(vendor)
    again = imported(vendor, data)
    assert differences(again) == []
    assert versions(vendor) == before


def test_what_comes_in_is_for_sale(shop):
    vendor = shop.vendor()
    handle = fresh("mug")
    imported(vendor, table(
        row(handle, title="Blue mug", tags="clay, kitchen", name="Color", value="Blue",
            sku=fresh("S"), stock=4, price="18.00", image="https://images.example.com/a.jpg"),
        row(handle, value="Sand", stock=2, price="18.5")))
    (item,) = shop.anonymous().do("listProducts", vendor=vendor.slug)["items"]
    product = shop.anonymous().do("getProduct", product_id=item["id"])
    assert product["title"] == "Blue mug" and product["handle"] == handle
    assert product["options"] == [{"name": "Color", "values": ["Blue", "Sand"]}]
    assert [(v["title"], v["price"]["amount"], v["available"]) for v in product["variants"]] == [
        ("Blue", 1800, 4), ("Sand", 1850, 2)]
    assert product["tags"] == ["clay", "kitchen"]
    assert product["price"]["amount"] == 1800


def test_bad_rows_are_named_and_the_good_ones_go_in(shop):
    vendor = shop.vendor()
    handle = fresh("mug")
    report = imported(vendor, table(
        row(handle, title="Mug", name="Size", value="S", price="1.00"),
        row(handle, value="M", price="12,5o"),
        row(handle, value="L", price="3.00", stock="many"),
        row(handle, value="XL", price="4.00", image="ftp://nowhere"),
        row(handle, value="S", price="5.00"),
        row("", title="Nobody", price="1"),
        row(fresh("no-title"), price="1"),
        row(fresh("no-price"), title="No price", stock="3")))
    assert remarks(report, "errors") == [
        (3, "Variant Price"), (6, "Option1 Value"), (7, "Handle"), (8, "Title"),
        (9, "Variant Price")]
    assert remarks(report, "warnings") == [(4, "Variant Inventory Qty"), (5, "Image Src")]
    assert (report["errors_total"], report["warnings_total"]) == (5, 2)
    assert (report["products_created"], report["variants_created"]) == (1, 3)


@pytest.mark.parametrize("data, words", [
    (b"", "empty"), (b"\xef\xbb\xbf\r\n", "empty"),
    (b"Name,Cost\nMug,3\n", "missing: Handle, Title, Variant Price."),
    (b"Handle|Title|Variant Price\na|A|1\n", "separated by commas"),
    (b"Handle,Colour\na,red\n", "missing: Title, Variant Price."),
    ("Handle,Title,Variant Price\na,A,1\n".encode("utf-16"), "not UTF-8"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(300000), "not UTF-8"),
    (b"Handle,Title,Title,Variant Price\n", "Title: The column is repeated."),
    (b'Handle,"Title,Variant Price\na,A,1\n', "quote")])
def test_a_file_of_no_use_is_refused_whole(shop, data, words):
    vendor = shop.vendor()
    answer = put(vendor, data)
    refused(answer, 400, "invalid_input")
    assert words in answer.json()["detail"]
    assert shop.db.one("select count(*) from audit_log where vendor_id = %s and action = 'import'",
                       vendor.id) == 0


def test_a_missing_quote_costs_its_row_only(shop):
    vendor = shop.vendor()
    lines = table(row("a", title="A", price="1"), row("b", title="B", price="1"),
                  row("c", title="C,", price="1"), row("d", title="D", price="1"))
    report = imported(vendor, lines.replace("b,B,", 'b,"B,'))
    assert [(e["line"], e["column"]) for e in report["errors"]] == [(3, "Title")]
    assert (report["rows"], report["products_created"]) == (4, 3)
    report = imported(vendor, lines.replace("d,D,", 'd,"D,') + 'e,E,,,,,,1,\n')
    assert [(e["line"], e["column"]) for e in report["errors"]] == [(5, "Title")]
    assert report["products_created"] == 2


def test_bytes_that_are_not_utf8_cost_their_row_only(shop):
    vendor = shop.vendor()
    data = table(row("a", title="A", price="1"), row("b", title="B", price="1")).encode()
    data = data.replace(b",B,", b",\xff,").replace(b"\r\n", b"\n")
    report = imported(vendor, b"\xef\xbb\xbf" + data)
    assert [(e["line"], e["column"]) for e in report["errors"]] == [(3, "Title")]
    assert report["products_created"] == 1


def test_a_handle_that_comes_back_continues_its_product(shop):
    vendor = shop.vendor()
    report = imported(vendor, table(
        row("a", title="A", name="Size", value="S", price="1"),
        row("b", title="B", price="2"),
        row("a", value="M", price="3")))
    assert report["errors"] == [] and report["products_created"] == 2
    assert report["variants_created"] == 3


def test_an_update_changes_what_it_says_and_nothing_else(shop):
    vendor = shop.vendor()
    first, second = fresh("S"), fresh("S")
    imported(vendor, table(
        row("a", title="A", name="Size", value="S", sku=first, stock=5, price="1"),
        row("a", value="M", sku=second, stock=7, price="2")))
    report = imported(vendor, table(row("a", title="A", name="Size", value="S", sku=first, stock=3,
                                        price="1.50")))
    assert (report["variants_updated"], report["products_updated"]) == (1, 1)
    have = shop.db.rows("select sku, price, available from variant where vendor_id = %s "
                        "order by position", vendor.id)
    assert [tuple(r.values()) for r in have] == [(first, 150, 3), (second, 200, 7)]


def test_a_file_that_names_every_sku_may_replace_the_options(shop):
    vendor = shop.vendor()
    one, two = fresh("S"), fresh("S")
    imported(vendor, table(row("a", title="A", name="Size", value="S", sku=one, price="1"),
                           row("a", value="M", sku=two, price="1")))
    columns = ["Handle", "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value",
               "Variant SKU"]
    new = [["a", "Size", "S", "Color", "Red", one], ["a", "", "M", "", "Red", two]]
    lines = [dict(zip(columns, line)) for line in new]
    titles = [{"Title": "A", "Variant Price": "1"} | line for line in lines]
    columns = [*columns, "Title", "Variant Price"]
    (error,) = imported(vendor, table(titles[0], columns=columns))["errors"]
    assert error["column"] == "Option1 Name" and "2 variants by SKU" in error["reason"]
    report = imported(vendor, table(*titles, columns=columns))
    assert (report["errors"], report["variants_updated"]) == ([], 2)
    (item,) = shop.sees("listProducts", vendor=vendor.slug)["items"]
    seen = shop.sees("getProduct", product_id=item["id"])
    assert [(o["name"], o["values"]) for o in seen["options"]] == [
        ("Size", ["S", "M"]), ("Color", ["Red"])]
    assert [v["title"] for v in seen["variants"]] == ["S / Red", "M / Red"]


def test_who_may_not_sell_may_not_import(shop):
    vendor, other = shop.vendor(), shop.vendor()
    data = table(row("a", title="A", price="1")).encode()
    arguments = {"vendor_id": vendor.id, "data": data, "headers": CSV}
    refused(vendor.staff("support").call("importProducts", **arguments), 403)
    refused(other.owner.call("importProducts", **arguments), 404)
    refused(vendor.staff("fulfilment").call("exportProducts", vendor_id=vendor.id), 403)
    refused(other.owner.call("exportProducts", vendor_id=vendor.id), 404)
    assert shop.db.one("select count(*) from product where vendor_id = %s", vendor.id) == 0


def test_an_import_is_one_row_of_the_audit_trail(shop):
    vendor = shop.vendor()
    imported(vendor, EXPORT.read_bytes())
    rows = shop.db.rows("select action, account_id::text from audit_log where vendor_id = %s "
                        "and object_kind in ('vendor', 'product', 'variant') and actor = 'staff'",
                        vendor.id)
    assert [r["account_id"] for r in rows if r["action"] == "import"] == [vendor.owner.id]
    assert not [r for r in rows if r["action"] == "insert"]


# Out and in again -------------------------------------------------------------------------------

text = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20).map(
    str.strip).filter(bool)
word = st.text("abcdefghijklmnopqrstuvwxyzäößé'\"& ", min_size=1, max_size=12).map(
    str.strip).filter(bool)
price = st.integers(1, 10**7).map(lambda cents: f"{cents // 100}.{cents % 100:02}")


@st.composite
def catalogues(draw):
    rows = []
    for number in range(draw(st.integers(1, 5))):
        names = draw(st.lists(word, max_size=3, unique_by=str.lower))
        values = draw(st.lists(st.tuples(*[word] * len(names)), min_size=1, max_size=4,
                               unique=True))
        images = draw(st.lists(st.integers(1, 99), max_size=5, unique=True))
        for i in range(max(len(values), len(images))):
            line = {"Handle": f"p{number}"}
            if i == 0:
                line |= {"Title": draw(text), "Body (HTML)": draw(st.text(
                    st.characters(blacklist_categories=("Cs", "Cc")), max_size=40)),
                    "Tags": ", ".join(draw(st.lists(word, max_size=4))),
                    "Type": draw(st.sampled_from(["", "Kitchen", "Home > Lamps"])),
                    "Status": draw(st.sampled_from(["active", "draft", "archived", ""]))}
                line |= {f"Option{o + 1} Name": name for o, name in enumerate(names)}
            if i < len(values):
                line |= {f"Option{o + 1} Value": value for o, value in enumerate(values[i])}
                line |= {"Variant SKU": draw(st.sampled_from(["", f"K{number}-{i}"])),
                         "Variant Price": draw(price), "Variant Grams": draw(st.integers(0, 9999)),
                         "Variant Compare At Price": draw(st.one_of(st.just(""), price)),
                         "Variant Inventory Policy": draw(st.sampled_from(["deny", "continue"])),
                         "Variant Inventory Qty": draw(st.integers(0, 999)),
                         "Variant Barcode": draw(st.sampled_from(["", "4006381333931"]))}
            if i < len(images):
                line |= {"Image Src": f"https://images.example.com/{images[i]}.jpg",
                         "Image Alt Text": draw(st.one_of(st.just(""), text))}
            rows.append(line)
    columns = list(dict.fromkeys(key for line in rows for key in line))
    return table(*rows, columns=columns)


@given(catalogues())
def test_a_catalogue_comes_back_as_it_went_out(shop, data):
    name = fresh("Twin")
    one, two = shop.vendor(name), shop.vendor(fresh("Twin"))
    shop.db.rows("update vendor set name = %s where id = %s", name, two.id)
    report = imported(one, data)
    assert report["errors"] == []
    out = exported(one)
    assert imported(one, out)["products_updated"] == 0
    assert imported(two, out)["errors"] == []
    assert exported(two) == out


def test_rows_that_are_cut_anywhere_are_the_same_rows(shop):
    vendor = shop.vendor()
    data = EXPORT.read_bytes()
    rng = random.Random(7)

    def pieces():
        at = 0
        while at < len(data):
            size = rng.randint(1, 700)
            yield data[at:at + size]
            at += size

    report = vendor.call("importProducts", data=pieces(), headers=CSV).json()
    assert (report["errors"], report["products_created"]) == ([], 8)


def test_a_large_file_goes_in_whole(shop):
    vendor = shop.vendor()
    data = subprocess.run([sys.executable, ROOT / "bench/make_csv.py", "--rows", "6000"],
                          capture_output=True, check=True).stdout
    report = imported(vendor, data)
    assert (report["rows"], report["errors"]) == (6000, [])
    assert vendor.shop.db.one("select count(*) from variant where vendor_id = %s",
                              vendor.id) == report["variants_created"]
    assert len(exported(vendor).splitlines()) > 6000


def test_an_export_that_fails_half_way_does_not_look_whole(shop):
    vendor = shop.vendor()
    imported(vendor, table(*(row(f"g{n}", title="Goods", price="1") for n in range(100))))
    shop.db.rows("update product set description = repeat('x', 20000000) "
                 "where vendor_id = %s and handle = 'g99'", vendor.id)  # more than a page holds
    with pytest.raises(requests.exceptions.RequestException) as raised:
        exported(vendor)
    assert "timed out" not in str(raised.value)
    shop.db.rows("update product set description = '' where vendor_id = %s", vendor.id)
    assert exported(vendor).count(b"\n") == 101


def test_the_command_line_imports_and_says_what_was_refused(shop, tmp_path):
    vendor = shop.vendor()
    path = tmp_path / "goods.csv"
    path.write_text(table(row("a", title="A", price="1"), row("b", title="B", price="x")))
    result = shop.server.sebez("import", "--vendor", vendor.slug, str(path), check=False)
    assert result.returncode == 1
    assert "line 3, Variant Price" in result.stdout
    path.write_text(table(row("a", title="A", price="1")))
    assert shop.server.sebez("import", "--vendor", vendor.slug, str(path)).returncode == 0
    imports = shop.admin().all("listAudit", vendor=vendor.slug, action="import")
    assert [entry["by"] for entry in imports] == [{"kind": "import", "id": None, "name": None}] * 2
    path.write_text("nothing of use")
    result = shop.server.sebez("import", "--vendor", vendor.slug, str(path), check=False)
    assert result.returncode == 1 and "missing: Handle" in result.stdout + result.stderr
    assert shop.server.sebez("import", str(path), check=False).returncode == 2


def test_an_import_and_who_adds_a_variant_meanwhile_do_not_pass_the_bound(shop):
    vendor = shop.vendor()
    handle = fresh("mug")
    imported(vendor, table(*[row(handle, title="Mug" if n == 0 else "", name="Size", value=str(n),
                                 price="9.00") for n in range(249)]))
    product = shop.db.one("select id from product where handle = %s", handle)
    connection = shop.db.connect()
    with connection, connection.cursor() as other:
        other.execute("select from product where id = %s for no key update", (product,))
        report = in_background(lambda: imported(vendor, table(
            row(handle, title="Mug", name="Size", value="one more", price="9.00"))))
        until_waiting(shop.db, 1)
        other.execute("insert into variant (vendor_id, id, product_id, title, option1, price, "
                      "currency) values (%s, gen_random_uuid(), %s, 'x', 'x', 900, 'USD')",
                      (vendor.id, product))
    connection.close()
    (error,) = report()["errors"]
    assert "more than 250 variants" in error["reason"]
