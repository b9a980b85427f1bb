"""HTML of vendors: what of it may be shown comes out, and a script never does."""
import csv
import io

import pytest
from harness.client import refused
from harness.sheet import exported, imported, table
from harness.shop import fresh, uncached

pytestmark = pytest.mark.plain
WRITTEN = [
    ("<p onclick=x()>A <b>mug</b></p><script>alert(1)</script>", "<p>A <b>mug</b></p>"),
    ("<img src=x onerror=alert(1)>A mug", "A mug"),
    ("<a href=\"jav&#x09;ascript:alert(1)\">A mug</a>", "A mug"),
    ("<svg><script>alert(1)</script></svg>A mug", "A mug"),
    ("<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 "
     "onerror=alert(1)&gt;\">", ""),
    ("<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", ""),
    ("<a href=https://x.example/?a=1&b=2 style=position:fixed>A mug",
     "<a href=\"https://x.example/?a=1&amp;b=2\">A mug</a>"),
    ("<img src=//cdn.example/a.jpg class=big alt=Mug>",
     "<img src=\"https://cdn.example/a.jpg\" alt=\"Mug\">"),
    ("5 < 6 & 7", "5 &lt; 6 &amp; 7"),
    ("Salt & pepper", "Salt & pepper"),
]


@pytest.fixture(scope="module")
def clay(shop):
    return shop.vendor()


def described(clay, product_id):
    return clay.do("getVendorProduct", product_id=product_id)["description"]


def test_a_description_is_clean_however_it_comes(shop, clay):
    mug = clay.product()
    for written, clean in WRITTEN:
        clay.do("updateVendorProduct", product_id=mug.id, body={"description": written})
        assert described(clay, mug.id) == clean
        seen = uncached(shop.anonymous(), "getProduct", product_id=mug.id).json()
        assert seen["description"] == clean
        assert described(clay, clay.product(description=written).id) == clean
        assert clay.do("updateVendor", body={"description": written})["description"] == clean
    owner = shop.customer()
    made = owner.do("applyVendor", body={"name": "Kiln", "slug": fresh("kiln"),
                                         "description": WRITTEN[0][0]})
    assert made["description"] == WRITTEN[0][1]


def test_a_description_of_a_file_is_clean_and_comes_back_the_same(shop):
    clay = shop.vendor()
    report = imported(clay, table(*(
        {"Handle": f"mug-{n}", "Title": "Mug", "Body (HTML)": written, "Variant Price": "7.00"}
        for n, (written, _) in enumerate(WRITTEN)), columns=None))
    assert report["errors"] == []
    file = exported(clay)
    rows = csv.DictReader(io.StringIO(file.decode("utf-8-sig")))
    assert {row["Handle"]: row["Body (HTML)"] for row in rows} \
        == {f"mug-{n}": clean for n, (_, clean) in enumerate(WRITTEN)}
    again = imported(clay, file)
    assert again["products_updated"] == 0 and again["errors"] == []


def test_a_description_is_not_too_long_once_it_is_clean(clay):
    mug = clay.product()
    refused(clay.call("updateVendorProduct", product_id=mug.id, body={
        "description": "<b>" + 20000 * "&"}), 400, field="/description")
    clay.do("updateVendorProduct", product_id=mug.id, body={"description": 20000 * "&"})
