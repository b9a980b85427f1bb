"""PDFs of invoices and statements: what others' programs read in them."""
import re
import shutil
import subprocess
import tempfile

import pytest
import yaml

from harness.contract import ROOT
from harness.shop import ADDRESS, money
from harness.sub_orders import line_of, some
from test_invoices import LAW, papers
from test_ledger import received
from test_refunds import delivered, granted
from test_statements import MONTH

pytestmark = pytest.mark.skipif(not shutil.which("pdftotext"),
                                reason="poppler-utils is not installed")
SCRIPTS = "ሸክላ Глина إبريق 陶器"


def read(pdf, *program):
    with tempfile.NamedTemporaryFile() as file:
        file.write(pdf)
        file.flush()
        to = ["-"] if program[0] == "pdftotext" else []
        return subprocess.run([*program, file.name, *to], capture_output=True,
                              check=True).stdout.decode()


def text_of(pdf):
    return read(pdf, "pdftotext", "-layout")


def paper(who, operation, language, **arguments):
    answer = who.call(operation, format="pdf", headers={"Accept-Language": language}, **arguments)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/pdf"
    return answer


def sold(shop):
    clay, customer = shop.vendor(shipping=[("Parcel", 700)]), shop.customer()
    clay.do("putTaxProfile", body={**LAW, "legal_name": f"Clay {SCRIPTS}"})
    pot = clay.product(price=1234, stock=10, title=f"Pot {SCRIPTS}")
    order = customer.order((pot, 3), method="manual",
                           shipping_address={**ADDRESS, "name": "Ada\tByron"})
    received(shop, order)
    delivered(clay, order)
    return clay, customer, order


@pytest.mark.parametrize("language, title", [("en", "Invoice"), ("fr-CA", "Facture"),
                                             ("am", "ደረሰኝ"), ("ar", None)])
def test_an_invoice_is_a_pdf_in_the_language_of_its_reader(shop, language, title):
    clay, customer, order = sold(shop)
    granted(clay, order, lines=some(line_of(order, clay), 1))
    invoice, note = papers(customer)
    seen = paper(customer, "getInvoice", language, invoice_id=invoice["id"])
    assert f'filename="{invoice["number"]}.pdf"' in seen.headers["Content-Disposition"]
    text = text_of(seen.content)
    for part in (invoice["number"], clay.part(order)["number"], "12.34", "37.02", "44.02 USD",
                 LAW["tax_number"], "ሸክላ", "Глина", "陶器", ADDRESS["name"]):
        assert part in text, text
    assert title is None or text.lstrip().startswith(title)
    fonts = read(seen.content, "pdffonts").splitlines()[2:]
    assert len(fonts) >= 4 and all(line.split()[-5:-2] == ["yes"] * 3 for line in fonts)
    again = paper(clay, "getVendorInvoice", language, invoice_id=invoice["id"])
    assert again.content == seen.content and again.headers["ETag"] == seen.headers["ETag"]
    text = text_of(paper(clay, "getVendorInvoice", language, invoice_id=note["id"]).content)
    assert note["number"] in text and invoice["number"] in text and "12.34 USD" in text


def test_a_statement_is_a_pdf_of_all_its_lines(shop):
    clay, customer, order = sold(shop)
    statement = clay.do("getStatement", month=MONTH)
    text = text_of(paper(clay, "getStatement", "en", month=MONTH).content)
    lines = [line for line in text.splitlines() if clay.part(order)["number"] in line]
    assert len(lines) == len(statement["lines"]) > 2
    assert sum("Payment received" in line for line in lines) == len(lines)
    closing = statement["closing"]["pending"]["amount"]
    assert f"{closing / 100:.2f} USD" in text.partition("At the end")[2]
    assert money(closing) == statement["closing"]["pending"]


def test_whatever_a_ledger_says_has_a_word():
    keys = re.findall(r"^  (paper\.[\w.]+):", (ROOT / "texts/keys.yaml").read_text(), re.M)
    schemas = yaml.safe_load((ROOT / "api/ledger.yaml").read_text())["components"]["schemas"]
    for group, schema in (("accounts", "VendorAccount"), ("causes", "JournalCause"),
                          ("items", "LedgerItem")):
        assert {f"paper.{group}.{name}" for name in schemas[schema]["enum"]} == {
            key for key in keys if key.startswith(f"paper.{group}.")}
