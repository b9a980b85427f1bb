"""`sebez nginx-conf`: TLS, uploads, links, a cache, what nginx answers itself, and options."""
import contextlib
import http.client
import json
import socket
import ssl
import subprocess

import pytest
import requests
from conftest import serving
from harness import certificate, contract, nginx, sent
from harness.contract import BUILD, ROOT
from harness.media import folder_of, keep
from harness.server import free_port
from harness.shop import Shop, money
from harness.wait import until

GROUP = "c0ffee00c0ffee00c0ffee00c0ffee00"
DATA = bytes(range(256)) * 100



class Proxied:
    """A marketplace behind nginx."""

    def __init__(self, folder, server, port):
        self.shop, self.server = Shop(server), server
        self.url = f"https://localhost:{port}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(folder / "cert")
        self.folder = folder

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


@contextlib.contextmanager
def front(folder, port, back, *options):
    """nginx with what the command prints."""
    certificate.write(folder)
    made = conf("--name", "localhost", "--cert", folder / "cert", "--key", folder / "key",
                "--https", f"127.0.0.1:{port}", "--http", f"unix:{folder}/http", "--log",
                folder / "requests", "--upstream", f"127.0.0.1:{back}", "--nginx", nginx.version(),
                *options)
    assert made.returncode == 0, made.stderr
    process = nginx.start(folder, made.stdout)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def conf(*options):
    return subprocess.run([BUILD / "sebez", "nginx-conf", *options], cwd=ROOT, check=False,
                          capture_output=True, text=True)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    with serving(through=None, SEBEZ_BEHIND_PROXY="yes", SEBEZ_MEDIA_PROCESSES=1) as server, \
            front(folder, port, server.port, "--cache", folder / "cache", "--acme", folder):
        proxied = Proxied(folder, server, port)
        until(proxied.answers)
        yield proxied


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
    assert image["url"].startswith("/media/public/")
    shown = proxied.call("GET", proxied.url + image["url"])
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
    url = f"{proxied.url}/media/public/{key}"
    assert proxied.call("GET", url).status_code == 404
    keep(proxied.server, f"public/{key}", DATA)
    assert proxied.call("GET", url, headers={"Range": "bytes=5-9"}).content == DATA[5:10]
    assert proxied.call("GET", url).content == DATA
    (folder_of(proxied.server) / "public" / key).unlink()
    assert proxied.call("GET", f"{proxied.server.url}/media/public/{key}").status_code == 404
    kept = proxied.call("GET", url)
    assert (kept.status_code, kept.content) == (200, DATA)
    known = proxied.call("GET", url, headers={"If-None-Match": kept.headers["ETag"]})
    assert known.status_code == 304


def test_nginx_leads_to_nothing_else_by_the_address_of_pictures(proxied):
    key = keep(proxied.server, f"private/{GROUP}/original.pdf", DATA)
    for path in (f"../{key}", f"%2e%2e/{key}", f"..%2f{key}", "../../v1/products"):
        answer = requests.Request("GET", f"{proxied.url}/media/public/").prepare()
        answer.url = f"{proxied.url}/media/public/{path}"
        assert proxied.session.send(answer, timeout=60).status_code in (400, 403, 404)


def test_strangers_do_not_see_the_metrics(proxied):
    assert proxied.call("GET", proxied.url + "/metrics").status_code == 403


def test_answers_over_tls_are_never_asked_for_without_it_again(proxied):
    answer = proxied.call("GET", proxied.url + "/v1/products?limit=1")
    assert int(answer.headers["Strict-Transport-Security"].removeprefix("max-age=")) > 31536000
    assert answer.headers["Server"] == "nginx"


def test_long_json_is_compressed_and_its_tag_still_good(proxied):
    clay = proxied.shop.vendor()
    mug = clay.product(description="stoneware " * 500)
    answer = proxied.call("GET", f"{proxied.url}/v1/products/{mug.id}")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.json()["id"] == mug.id
    again = proxied.call("GET", f"{proxied.url}/v1/products/{mug.id}", headers={
        "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def ask_plain(proxied, path):
    """Without TLS, on the socket that stands for port 80."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(str(proxied.folder / "http"))
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                     .encode())
        return b"".join(iter(lambda: wire.recv(65536), b"")).decode()


def test_who_asks_without_tls_is_sent_on(proxied):
    answer = ask_plain(proxied, "/v1/products?limit=1")
    assert answer.startswith("HTTP/1.1 308 ")
    assert f"Location: {proxied.url}/v1/products?limit=1\r\n" in answer


def test_who_makes_certificates_is_answered_without_tls(proxied):
    challenge = proxied.folder / ".well-known/acme-challenge/token"
    challenge.parent.mkdir(parents=True)
    challenge.write_text("token.thumbprint")
    answer = ask_plain(proxied, "/.well-known/acme-challenge/token")
    assert answer.startswith("HTTP/1.1 200 ") and answer.endswith("token.thumbprint")
    assert ask_plain(proxied, "/.well-known/acme-challenge/other").startswith("HTTP/1.1 404 ")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize("version, spoken", [
    (ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
    (ssl.TLSVersion.TLSv1_3, True)])
def test_only_current_versions_of_tls_are_spoken(proxied, version, spoken):
    context = ssl.create_default_context(cafile=proxied.session.verify)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    host, port = proxied.url.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), 60) as wire:
        if spoken:
            with context.wrap_socket(wire, server_hostname=host) as tls:
                assert tls.selected_alpn_protocol() == "h2"
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                context.wrap_socket(wire, server_hostname=host)


def test_nginx_says_in_the_contracts_words_that_a_body_is_too_large(proxied):
    host, port = proxied.url.removeprefix("https://").split(":")
    wire = http.client.HTTPSConnection(
        host, int(port), timeout=60,
        context=ssl.create_default_context(cafile=proxied.session.verify))
    with contextlib.closing(wire):
        wire.request("POST", "/v1/auth/login", headers={"Content-Length": str(1 << 40)})
        answer = wire.getresponse()
        problem = json.loads(answer.read())
    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json")
    assert (problem["status"], problem["code"]) == (413, "too_large")


def test_the_log_of_requests_has_no_codes_of_links(proxied):
    for path in ("/password-resets/0190b0b0-0000-7000-8000-00000000dead/SECRET9999",
                 "/v1/mail/unsubscribe/SECRET9999", "/invitations/SECRET9999"):
        proxied.call("GET", proxied.url + path)
    log = proxied.folder / "requests"
    until(lambda: "GET /invitations/..." in log.read_text())
    assert "GET /password-resets/... " in log.read_text()
    assert "GET /v1/mail/unsubscribe/... " in log.read_text()
    assert "SECRET" not in log.read_text()


def test_the_log_of_requests_has_no_queries(proxied):
    proxied.call("GET", f"{proxied.url}/media/private/{GROUP}/original.pdf?X-Amz-Signature=secret")
    log = proxied.folder / "requests"
    until(lambda: "/media/private/" in log.read_text())
    assert "secret" not in log.read_text()


def test_nginx_says_in_the_contracts_words_that_sebez_is_away(tmp_path):
    port, nowhere = free_port(), free_port()
    with front(tmp_path, port, nowhere):
        session = requests.Session()
        session.trust_env = False
        session.verify = str(tmp_path / "cert")
        until(lambda: not socket.socket().connect_ex(("127.0.0.1", port)))
        answer = session.get(f"https://localhost:{port}/v1/products", timeout=60)
    contract.check_response(None, answer)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_the_whole_file_is_good_for_nginx(tmp_path):
    certificate.write(tmp_path)
    lines = tmp_path / "upstream"
    lines.write_text("server 127.0.0.1:8080;\nserver 127.0.0.1:8081 backup;\n")
    made = conf("--whole", "--name", "shop.example.com", "--name", "*.shop.example.com", "--cert",
                tmp_path / "cert", "--key", tmp_path / "key", "--upstream-file", lines, "--cache",
                tmp_path / "cache", "--acme", "/var/lib/acme", "--metrics", "10.0.0.0/8", "--nginx",
                nginx.version())
    text = made.stdout.replace("/run/nginx.pid", f"{tmp_path}/pid").replace(
        "/var/log/nginx", str(tmp_path)).replace("user www-data;", "")
    (tmp_path / "conf").write_text(text)
    done = subprocess.run([nginx.program("nginx"), "-t", "-e", tmp_path / "log", "-c",
                           tmp_path / "conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr, done.stderr


@pytest.mark.parametrize("options, named", [
    ([], "--name"), (["--name", "a.example", "--cert", "/c"], "--key"),
    (["--name", "a.example; }", "--cert", "/c", "--key", "/k"], "--name"),
    (["--name", "a.example", "--cert", "/c $x", "--key", "/k"], "--cert"),
    (["--name", "a.example", "--cert", "/c", "--key", "/k", "--upstream", "a", "--upstream-file",
      "/u"], "--upstream-file"),
    (["--name"], "--name")])
def test_options_that_make_no_configuration_are_refused(options, named):
    done = conf(*options)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
