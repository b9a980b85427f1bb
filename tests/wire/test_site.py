"""What somebody sees who comes with a browser: the front page and the reference of the API."""
import gzip
import json
import os
import re
import subprocess

import pytest
import requests

from harness import contract
from harness.browser import ESCAPE, LAPTOP, PHONE, browser, in_a_browser
from harness.shop import ADDRESS

NEVER = "0190b0b0-0000-7000-8000-00000000dead"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
LINK = re.compile(r'(?:href|src)="([^"]+)"')


@pytest.fixture(scope="module")
def anybody(shop):
    return shop.anonymous()


def test_the_front_answers_a_program_with_json_and_a_browser_with_a_page(anybody):
    for accept in (None, "*/*", "application/json", "text/html;q=0, application/json"):
        facts = anybody.call("getRoot", headers={"Accept": accept})
        assert facts.json()["name"] == "Sebez"
        for name in ("docs", "openapi", "health", "readiness", "metrics"):
            assert anybody.request("GET", facts.json()[name]).status_code == 200
    for accept in (BROWSER, "Text/HTML"):
        page = anybody.call("getRoot", headers={"Accept": accept})
        assert "<title>Sebez</title>" in page.text
        assert (page.headers["Content-Type"], page.headers["Vary"]) == (
            "text/html; charset=utf-8", "Accept")


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_links_only_to_what_this_server_has(anybody, path):
    page = anybody.request("GET", path, headers={"Accept": BROWSER})
    links = set(LINK.findall(page.text))
    assert links
    for link in links:
        assert link.startswith("/") and not link.startswith("//")
        assert anybody.request("GET", link).status_code == 200, link
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe-eval" not in policy and "http" not in policy


def test_what_has_a_version_in_its_name_is_kept_for_ever(anybody):
    page = anybody.request("GET", "/docs").text
    [script] = [link for link in LINK.findall(page) if "scalar" in link]
    answer = anybody.request("GET", script, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) < 1_500_000 < len(answer.content)
    known = {"If-None-Match": answer.headers["ETag"]}
    assert anybody.request("GET", script, headers=known).status_code == 304
    own = anybody.request("GET", "/docs/docs.js")
    assert own.headers["Cache-Control"] == "public, max-age=0, must-revalidate"


@pytest.mark.parametrize("name", ["nothing.js", "scalar", "..%2Fdocs", "packages.json", "x" * 65])
def test_other_files_are_not_there(anybody, name):
    assert anybody.request("GET", f"/docs/{name}").status_code in (400, 404)


def test_the_contract_comes_small_to_who_takes_gzip(server):
    url = server.url + "/openapi.json"
    plain = requests.get(url, headers={"Accept-Encoding": "gzip;q=0"}, timeout=60, stream=True)
    small = requests.get(url, headers={"Accept-Encoding": "br, gzip"}, timeout=60, stream=True)
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["Vary"] == small.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != small.headers["ETag"]
    packed = small.raw.read(decode_content=False)
    assert gzip.decompress(packed) == plain.raw.read() and len(packed) < 150_000


def test_the_contract_is_whole(anybody):
    document = anybody.do("getOpenapi")
    references = re.findall(r'"\$ref": "([^"]*)"', json.dumps(document))
    assert references
    for reference in set(references):
        target = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


@pytest.fixture(scope="module")
def operations(anybody):
    """As they are served: {operationId: node}."""
    paths = anybody.do("getOpenapi")["paths"]
    return {node["operationId"]: node for item in paths.values() for method, node in item.items()
            if method in contract.METHODS}


def test_the_introduction_lists_every_problem(anybody):
    row = re.compile(r"^\| (\d{3}) \| (.*) \|$", re.MULTILINE)
    told = {code: int(status) for status, codes in
            row.findall(anybody.do("getOpenapi")["info"]["description"])
            for code in re.findall(r"`(\w+)`", codes)}
    assert told == contract.problem_codes()


def samples(operations, label):
    found = {name: [sample["source"] for sample in node["x-codeSamples"]
                    if sample["label"] == label] for name, node in operations.items()}
    assert set(found) == set(contract.OPERATIONS)
    assert all(len(sources) == 1 for sources in found.values())
    return {name: sources[0] for name, sources in found.items()}


def test_every_operation_says_who_may_call_it(operations):
    for name, node in operations.items():
        kinds = set(contract.OPERATIONS[name].actors)
        expected = [] if "public" in kinds else [{"access_token": []}]
        assert node["security"] == ([{}] if "guest" in kinds else []) + expected, name
        assert all(kind in node["description"].rpartition("Who: ")[2] for kind in kinds), name


def test_every_curl_sample_reaches_its_operation(server, operations):
    found = samples(operations, "curl")
    variables = {name.upper(): NEVER for operation in contract.OPERATIONS.values()
                 for name in operation.names("path")}
    script = "curl() { command curl -o /dev/null -w '%{http_code}\\n' --noproxy '*' \"$@\"; }\n"
    script += "\n".join(found.values())
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=False,
                          env={**os.environ, **variables, "SHOP": server.url, "TOKEN": "none"})
    assert done.returncode == 0, done.stderr
    answers = dict(zip(found, map(int, done.stdout.split()), strict=True))
    for name, status in answers.items():
        if {"public", "guest"} & set(contract.OPERATIONS[name].actors):
            # A sample has no signature, and some ask for what this server does not offer.
            expected = {403} if "x-signed" in operations[name] else {200, 201, 202, 204, 401, 409}
            assert status in expected | {404}, (name, status)
        else:
            assert status == 401, (name, status)


@in_a_browser
def test_every_typescript_sample_can_be_read(operations):
    parse = """
        const made = Object.getPrototypeOf(async function () {}).constructor;
        return Object.entries(arguments[0]).flatMap(([name, source]) => {
            try { new made(source); return []; } catch (error) { return [name + ": " + error]; }
        });"""
    with browser(*LAPTOP) as page:
        assert page.run(parse, {"bad": "const = 1;"}) != []
        assert page.run(parse, samples(operations, "TypeScript")) == []


def is_of(server, url):
    return url.startswith(("data:", "blob:")) or url.startswith(server.url + "/")


@in_a_browser
@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_the_reference_shows_an_operation_with_its_fields(server, size):
    with browser(*size) as page:
        page.open(server.url + "/docs#tag/orders/POST/v1/orders")
        for text in ("Place the cart as one order", "quote_total", "shipping_address",
                     "Idempotency-Key", "curl -sS -X POST"):
            page.wait_for("return document.body.innerText.includes(arguments[0])", text)
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")
        page.look()
        assert page.complaints == []
        assert server.url + "/openapi.json" in page.asked
        assert [url for url in page.asked if not is_of(server, url)] == []


PRESS = """
    const there = [...document.querySelectorAll("button")].filter(button =>
        button.innerText.trim().startsWith(arguments[0]) && button.checkVisibility());
    there[0]?.click();
    return there.length > 0;"""
SHOWN = "return document.body.innerText.includes(arguments[0])"


@in_a_browser
def test_the_reference_is_searched_and_sends_requests_to_this_server(server):
    with browser(*LAPTOP) as page:
        page.open(server.url + "/docs#tag/node/GET/")
        page.wait_for(SHOWN, "Description of this server and links to its parts")
        page.wait_for(PRESS, "Open Search")
        page.wait_for("return document.activeElement.tagName === 'INPUT'")
        page.press(*"payment")
        page.wait_for("return document.querySelector('[role=listbox]')?.innerText.includes("
                      "'payment-received')")
        page.press(ESCAPE)
        page.wait_for(PRESS, "Test Request")
        page.wait_for(PRESS, "Send")
        page.wait_for(SHOWN, "200 OK")
        page.look()
        assert page.complaints == []
        assert server.url + "/" in page.asked
        assert [url for url in page.asked if not is_of(server, url)] == []


@in_a_browser
def test_the_client_for_app_developers_does_what_its_page_says(server, shop):
    page_of_apps = (contract.ROOT / "docs/APPS.md").read_text()
    [client] = re.findall(r"^```js\n(.*?)^```$", page_of_apps, re.MULTILINE | re.DOTALL)
    vendor, person = shop.vendor(), shop.customer()
    products = [vendor.product().id for _ in range(3)]
    script = client + """
        const [email, password, vendor, address] = arguments;
        const shop = new Shop(location.origin);
        await shop.signIn(email, password);
        const refused = [];
        shop.access = "worn out";
        const [me] = await Promise.all(["/v1/me", "/v1/me/sessions", "/v1/me"].map(
            (path) => shop.call("GET", path)));
        const made = [];
        for (const key of ["one", "one", "two"])
            made.push(await shop.call("POST", "/v1/me/addresses", address, key));
        const listed = [];
        for await (const each of shop.list("/v1/products?vendor=" + vendor, 2))
            listed.push(each.id);
        await shop.call("POST", "/v1/orders", {}).catch((problem) => refused.push(problem.code));
        return {me, made, listed, refused, renewed: shop.access !== "worn out"};"""
    with browser(*LAPTOP) as page:
        page.open(server.url)
        done = page.run(f"return (async function () {{ {script} }}).apply(null, arguments)",
                        person.account["email"], person.password, vendor.id, ADDRESS)
    assert done["me"]["id"] == person.id and done["renewed"]
    assert [each["id"] == done["made"][0]["id"] for each in done["made"]] == [True, True, False]
    assert sorted(done["listed"]) == sorted(products)
    assert done["refused"] == ["invalid_input"]


@in_a_browser
def test_the_front_page_fits_a_phone(server):
    with browser(*PHONE) as page:
        page.open(server.url)
        assert page.run("return document.querySelector('h1').innerText") == "Sebez"
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")
        page.look()
        assert page.complaints == []
        assert page.asked and all(is_of(server, url) for url in page.asked)
