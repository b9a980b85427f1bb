"""What OPERATIONS.md says of nginx is tried as it stands there: TLS, uploads, links, a cache."""
import subprocess
import textwrap

import pytest
import requests
from conftest import serving
from harness import nginx, sent
from harness.contract import ROOT
from harness.media import folder_of, keep
from harness.server import free_port
from harness.shop import Shop, money
from harness.wait import until

GROUP = "c0ffee00c0ffee00c0ffee00c0ffee00"
DATA = bytes(range(256)) * 100


def block(words):
    """The block of nginx's language that has these words."""
    pieces = (ROOT / "docs/OPERATIONS.md").read_text().split("```nginx\n")[1:]
    (found,) = [piece.split("```")[0] for piece in pieces if words in piece.split("```")[0]]
    return textwrap.dedent(found)


def configuration(folder, front, back):
    """Both blocks, with our ports, files and certificate."""
    server, cache = block("upstream sebez"), block("proxy_cache_path")
    path, _, location = cache.partition("\n\n")
    text = path + "\n" + server.rstrip().removesuffix("}") + location + "}"
    for old, new in {"127.0.0.1:8080": f"127.0.0.1:{back}",
                     "listen 443 ": f"listen 127.0.0.1:{front} ",
                     "/var/cache/nginx/media": f"{folder}/cache",
                     "/etc/ssl/shop.": f"{folder}/tls.",
                     "Host $host;": "Host $host:$server_port;"}.items():
        assert old in text
        text = text.replace(old, new)
    return text


class Proxied:
    """A marketplace behind nginx."""

    def __init__(self, folder, server, port):
        self.shop, self.server = Shop(server), server
        self.url = f"https://localhost:{port}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(folder / "tls.pem")

    def call(self, method, url, **more):
        return self.session.request(method, url, timeout=60, **more)

    def as_actor(self, actor, method, path, **more):
        answer = self.call(method, self.url + path, headers={
            "Authorization": f"Bearer {actor.access_token}"}, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def answers(self):
        try:
            return self.call("GET", self.url + "/readyz").status_code == 200
        except requests.RequestException:
            return False


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "tls.key",
                    "-out", folder / "tls.pem"], check=True, capture_output=True)
    with serving(SEBEZ_BEHIND_PROXY="yes", SEBEZ_MEDIA_PROCESSES=1,
                 SEBEZ_MEDIA_URL=f"https://localhost:{port}/m") as server:
        front = nginx.start(folder, configuration(folder, port, server.port))
        try:
            proxied = Proxied(folder, server, port)
            until(proxied.answers)
            yield proxied
        finally:
            front.kill()
            front.wait()


def test_a_picture_is_sent_and_seen_through_nginx(proxied):
    clay = proxied.shop.vendor()
    picture = sent.png("through nginx")
    upload = proxied.as_actor(clay.owner, "POST", "/v1/uploads", json={
        "purpose": "product_image", "vendor_id": clay.id, "content_type": "image/png",
        "bytes": len(picture)})
    assert upload["upload"]["url"].startswith(proxied.url + "/media/incoming/")
    put = proxied.call("PUT", upload["upload"]["url"], data=picture,
                       headers=upload["upload"]["headers"])
    assert put.status_code == 200, put.text
    proxied.as_actor(clay.owner, "POST", f"/v1/uploads/{upload['id']}/complete")
    assert sent.done(clay.owner, upload["id"])["state"] == "ready"
    mug = clay.product(images=[{"upload_id": upload["id"]}], variants=[{"price": money(1000)}])
    (image,) = proxied.as_actor(clay.owner, "GET", f"/v1/products/{mug.id}")["images"]
    assert image["url"].startswith(proxied.url + "/m/")
    shown = proxied.call("GET", image["url"])
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
    assert shown.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_private_file_is_read_by_its_link_through_nginx(proxied):
    customer = proxied.shop.customer()
    pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n0\n%%EOF\n"
    upload = sent.send(customer, pdf, purpose="chat_attachment", content_type="application/pdf")
    assert sent.done(customer, upload)["state"] == "ready"
    link = proxied.as_actor(customer, "GET", f"/v1/uploads/{upload}")["file"]["url"]
    assert link.startswith(proxied.url + "/media/private/")
    assert proxied.call("GET", link).content == pdf
    assert proxied.call("GET", link[:-1] + ("0" if link[-1] != "0" else "1")).status_code == 403


def test_a_part_of_the_largest_size_passes_nginx(proxied):
    customer = proxied.shop.customer()
    upload = proxied.as_actor(customer, "POST", "/v1/uploads", json={
        "purpose": "chat_attachment", "content_type": "video/mp4", "bytes": 9 * 1024 * 1024})
    part = upload["upload"]["parts"][0]
    put = proxied.call("PUT", part["url"], data=bytes(part["bytes"]),
                       headers=upload["upload"]["headers"])
    assert (part["bytes"], put.status_code) == (8 * 1024 * 1024, 200)


def test_nginx_keeps_public_pictures_and_no_other_answer(proxied):
    key = f"{GROUP}/640.jpg"
    url = f"{proxied.url}/m/{key}"
    assert proxied.call("GET", url).status_code == 404
    keep(proxied.server, f"public/{key}", DATA)
    assert proxied.call("GET", url, headers={"Range": "bytes=5-9"}).content == DATA[5:10]
    assert proxied.call("GET", url).content == DATA
    (folder_of(proxied.server) / "public" / key).unlink()
    assert proxied.call("GET", f"{proxied.url}/media/public/{key}").status_code == 404
    kept = proxied.call("GET", url)
    assert (kept.status_code, kept.content) == (200, DATA)
    known = proxied.call("GET", url, headers={"If-None-Match": kept.headers["ETag"]})
    assert known.status_code == 304


def test_nginx_leads_to_nothing_else_by_the_address_of_pictures(proxied):
    key = keep(proxied.server, f"private/{GROUP}/original.pdf", DATA)
    for path in (f"../{key}", f"%2e%2e/{key}", f"..%2f{key}", "../../v1/products"):
        answer = requests.Request("GET", f"{proxied.url}/m/").prepare()
        answer.url = f"{proxied.url}/m/{path}"
        assert proxied.session.send(answer, timeout=60).status_code in (400, 403, 404)


def test_strangers_do_not_see_the_metrics(proxied):
    assert proxied.call("GET", proxied.url + "/metrics").status_code == 403
