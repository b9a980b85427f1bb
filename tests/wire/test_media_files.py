"""/media/…: clients send parts of uploads and read files by links that S3 would take too."""
import os
import signal
import socket
import subprocess
import urllib.parse
import uuid

import pytest
import requests
from harness.feed import members
from harness.media import files_of, folder_of, keep, put_headers, signed
from harness.wait import until

DATA = bytes(range(256)) * 1200  # 300 KB: more than any buffer on the way
GROUP = "c0ffee00c0ffee00c0ffee00c0ffee00"


def part():
    return f"incoming/{uuid.uuid4()}/1"


def put(server, key, data=DATA, link=None, **more):
    headers = {**put_headers(data), **more}
    return requests.put(link or signed(server, "PUT", key, headers=put_headers(data)), data=data,
                        headers=headers, timeout=60)


def refused(answer, status, code):
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return answer.json()["detail"]


def is_kept(server, key, data=DATA):
    return (folder_of(server) / key).read_bytes() == data


# -- sending

def test_a_part_is_stored_by_its_link(server):
    key = part()
    answer = put(server, key)
    assert (answer.status_code, answer.content) == (200, b"")
    assert is_kept(server, key)


def test_a_part_that_is_sent_again_replaces_itself(server):
    key = part()
    assert put(server, key).status_code == put(server, key, DATA[::-1]).status_code == 200
    assert is_kept(server, key, DATA[::-1])


def test_a_part_may_be_sent_with_expect_and_on_a_kept_connection(server):
    with requests.Session() as session:
        for _ in range(3):
            key = part()
            link = signed(server, "PUT", key, headers=put_headers(DATA))
            lines = ["Expect: 100-continue", "Transfer-Encoding:",
                     *(f"{name}: {value}" for name, value in put_headers(DATA).items())]
            subprocess.run(["curl", "-sSf", "-T", "-", link,
                            *(word for line in lines for word in ("-H", line))],
                           input=DATA, check=True)
            assert is_kept(server, key)
            assert session.put(link, data=DATA, headers=put_headers(DATA),
                               timeout=60).status_code == 200


@pytest.mark.parametrize("link, said", [
    ({"expires": 60, "age": 61}, "expired"), ({"age": -1000}, "not valid yet"),
    ({"secret": "0" * 64}, "not for this request"), ({"region": "us-east-1"}, "not for this"),
    ({"host": "other.example"}, "not for this request"),
    ({"headers": put_headers(DATA[1:])}, "not for this request"),
    ({"headers": put_headers(DATA, "text/html")}, "not for this request")])
def test_a_link_that_is_not_for_this_is_refused(server, link, said):
    key = part()
    link = signed(server, "PUT", key, **{"headers": put_headers(DATA), **link})
    assert said in refused(put(server, key, link=link), 403, "link_refused")
    assert key not in files_of(server)


@pytest.mark.parametrize("change", [
    lambda url: url.replace("/1?", "/2?"), lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
    lambda url: url.replace("Expires=600", "Expires=900"), lambda url: url + "&x-id=PutObject"])
def test_a_link_that_was_changed_is_refused(server, change):
    key = part()
    link = change(signed(server, "PUT", key, headers=put_headers(DATA)))
    refused(put(server, key, link=link), 403, "link_refused")


def test_a_link_to_read_is_none_to_send(server):
    key = part()
    link = signed(server, "GET", key, headers=put_headers(DATA))
    refused(put(server, key, link=link), 403, "link_refused")


@pytest.mark.parametrize("query, status, code", [
    ("", 403, "link_refused"), ("?X-Amz-Signature=1", 400, "invalid_input"),
    ("?a=%zz&X-Amz-Signature=1", 400, "invalid_input"),
    ("?" + "a=1&" * 40 + "X-Amz-Signature=1", 400, "invalid_input")])
def test_what_is_no_link_is_refused(server, query, status, code):
    refused(put(server, part(), link=f"{server.url}/media/{part()}{query}"), status, code)


def test_another_type_is_refused(server):
    key = part()
    answer = put(server, key, **{"Content-Type": "text/html"})
    refused(answer, 415, "unsupported_media_type")


def test_a_part_larger_than_any_is_refused_before_it_is_read(server):
    headers = put_headers(b"")
    headers["Content-Length"] = str(8 * 1024 * 1024 + 1)
    link = urllib.parse.urlsplit(signed(server, "PUT", part(), headers=headers))
    answer = talk(server, f"PUT {link.path}?{link.query} HTTP/1.1", **headers)
    assert b" 413 " in answer.splitlines()[0]


def talk(server, line, data=b"", **headers):
    """Sends a request and reads until the server has closed the connection."""
    head = [line, f"Host: 127.0.0.1:{server.port}", "Connection: close",
            *(f"{name}: {value}" for name, value in headers.items())]
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as wire:
        wire.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + data)
        wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(65536), b""))


def test_a_body_of_unknown_length_is_refused(server):
    key = part()
    link = signed(server, "PUT", key, headers=put_headers(DATA))
    answer = requests.put(link, data=iter([DATA]), timeout=60,
                          headers={"Content-Type": "application/octet-stream"})
    refused(answer, 403, "link_refused")
    link = signed(server, "PUT", key)
    answer = requests.put(link, data=iter([DATA]), timeout=60,
                          headers={"Content-Type": "application/octet-stream"})
    assert "Content-Length" in refused(answer, 400, "invalid_input")


def begun(server, key, count):
    """A connection on which the first bytes of a part were sent."""
    link = urllib.parse.urlsplit(signed(server, "PUT", key, headers=put_headers(DATA)))
    head = [f"PUT {link.path}?{link.query} HTTP/1.1", f"Host: 127.0.0.1:{server.port}",
            *(f"{name}: {value}" for name, value in put_headers(DATA).items())]
    wire = socket.create_connection(("127.0.0.1", server.port), timeout=60)
    wire.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + DATA[:count])
    until(lambda: files_of(server, "tmp") or files_of(server, key.rpartition("/")[0]))
    return wire


def test_a_part_that_is_cut_off_is_not_stored(server):
    key = part()
    with begun(server, key, len(DATA) - 1):
        pass
    until(lambda: not files_of(server, "tmp"))
    assert key not in files_of(server)


def test_bytes_behind_a_part_are_another_request(server):
    key = part()
    with begun(server, key, len(DATA)) as wire:
        wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answers = b"".join(iter(lambda: wire.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 200 OK") == 2 and b'"status":"ok"' in answers
    assert is_kept(server, key)


def is_put(server, key):
    try:
        return put(server, key).status_code == 200
    except requests.RequestException:
        return False


def test_a_killed_process_leaves_no_object(own_server):
    server = own_server(SEBEZ_PROCESSES=1)
    key = part()
    with begun(server, key, len(DATA) - 1):
        for pid in members(server):
            os.kill(pid, signal.SIGKILL)
    until(lambda: is_put(server, key))
    assert files_of(server, "incoming") == [key]
    (left,) = files_of(server, "tmp")
    old = folder_of(server) / left
    os.utime(old, (0, 0))
    server.process.send_signal(signal.SIGHUP)  # a process that starts removes what is old
    until(lambda: not files_of(server, "tmp"))


def test_a_full_disk_is_said_and_nothing_is_left(own_server):
    server = own_server()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k,mode=0777", "none",
                           folder_of(server)], check=False, capture_output=True)
    if done.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        server.stop()
        for name in ("tmp", "incoming"):
            (folder_of(server) / name).mkdir(mode=0o777)
            (folder_of(server) / name).chmod(0o777)
        server.start()
        refused(put(server, part()), 507, "storage_full")
        assert files_of(server) == []
        small = part()
        assert put(server, small, b"small").status_code == 200
    finally:
        subprocess.run(["umount", "-l", folder_of(server)], check=True)


# -- reading

@pytest.fixture(name="photo", scope="module")
def a_photo(server):
    return server.url + "/media/" + keep(server, f"public/{GROUP}/640.webp", DATA)


def get(url, **headers):
    return requests.get(url, headers=headers, timeout=60)


def test_a_public_file_is_read_and_kept_for_ever(photo):
    answer = get(photo)
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"] == 'inline; filename="640.webp"'


def test_a_file_that_is_known_is_not_sent_again(photo):
    tag = get(photo).headers["ETag"]
    assert tag.startswith('"')
    answer = get(photo, **{"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == tag
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert get(photo, **{"If-None-Match": '"other"'}).status_code == 200


def test_head_tells_what_get_would(photo):
    answer, whole = requests.head(photo, timeout=60), get(photo)
    assert (answer.status_code, answer.content) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Cache-Control", "Accept-Ranges"):
        assert answer.headers[name] == whole.headers[name]


LAST = len(DATA) - 1


@pytest.mark.parametrize("asked, first, last", [
    ("bytes=0-0", 0, 0), ("bytes=0-99", 0, 99), (f"bytes={LAST}-", LAST, LAST),
    ("bytes=100-", 100, LAST), ("bytes=-1", LAST, LAST), ("bytes=-100", LAST - 99, LAST),
    (f"bytes=5-{10**30}", 5, LAST), (f"bytes=-{10**30}", 0, LAST), ("BYTES=7-8", 7, 8)])
def test_a_range_is_answered_with_its_bytes(photo, asked, first, last):
    answer = get(photo, Range=asked)
    assert answer.status_code == 206
    assert answer.content == DATA[first:last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(DATA)}"
    assert answer.headers["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=5-4", "bytes=", "bytes=-", "bytes=a-b", "bytes=0-1,5-6",
                                   "bytes 0-1", "lines=0-1", "bytes=0-1x", "bytes=--1"])
def test_a_range_that_is_none_counts_for_nothing(photo, asked):
    answer = get(photo, Range=asked)
    assert (answer.status_code, answer.content) == (200, DATA)


@pytest.mark.parametrize("asked", [f"bytes={len(DATA)}-", f"bytes={10**40}-", "bytes=-0"])
def test_a_range_beyond_the_file_is_refused(photo, asked):
    answer = get(photo, Range=asked)
    refused(answer, 416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(DATA)}"


def test_a_range_is_only_of_the_file_that_is_meant(photo):
    tag = get(photo).headers["ETag"]
    assert get(photo, Range="bytes=0-9", **{"If-Range": tag}).content == DATA[:10]
    assert get(photo, Range="bytes=0-9", **{"If-Range": '"other"'}).content == DATA
    assert get(photo, Range="bytes=0-9", **{"If-None-Match": tag}).status_code == 304


def test_an_empty_file_is_a_file(server):
    answer = get(f"{server.url}/media/" + keep(server, f"public/{GROUP}/empty.jpg", b""))
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("path", [
    f"public/{GROUP}/none.webp", f"public/{GROUP}", "public/..%2f..%2fsecret/x",
    "public/%2e%2e/secret", "public/.hidden/x", f"public/{GROUP.upper()}/640.webp", "tmp/x/y",
    "public/a/" + "x" * 300])
def test_what_is_no_file_is_not_found(server, path):
    answer = get(f"{server.url}/media/{path}")
    assert answer.status_code in (400, 404)
    assert answer.json()["code"] in ("not_found", "invalid_input")


def test_incoming_parts_are_read_by_nobody(server):
    key = part()
    assert put(server, key).status_code == 200
    for link in (f"{server.url}/media/{key}", signed(server, "GET", key)):
        refused(get(link), 405, "method_not_allowed")


def test_a_private_file_needs_a_link(server):
    key = keep(server, f"private/{GROUP}/original.pdf", DATA)
    refused(get(f"{server.url}/media/{key}"), 403, "link_refused")
    refused(get(signed(server, "GET", key, age=601)), 403, "link_refused")
    refused(get(signed(server, "HEAD", key)), 403, "link_refused")
    refused(get(signed(server, "GET", key, secret="1" * 64)), 403, "link_refused")
    answer = get(signed(server, "GET", key))
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="original.pdf"'
    part_of = get(signed(server, "GET", key), Range="bytes=1-2")
    assert (part_of.status_code, part_of.content) == (206, DATA[1:3])
    assert requests.head(signed(server, "HEAD", key), timeout=60).status_code == 200


def test_links_of_the_previous_secret_are_valid_for_a_while(own_server):
    server = own_server()
    link = signed(server, "GET", keep(server, f"private/{GROUP}/1.jpg", DATA))
    server.stop()
    server.environment["SEBEZ_SECRET_PREVIOUS"] = (server.data / "var/secret").read_text().strip()
    server.environment["SEBEZ_SECRET"] = "0" * 63 + "1"
    server.start()
    assert get(link).status_code == 200


def test_a_slow_reader_costs_no_memory_and_others_nothing(server, photo):
    path = urllib.parse.urlsplit(photo).path
    wires = []
    for _ in range(50):
        wire = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        wires.append(wire)
    assert get(photo).content == DATA
    for wire in wires:
        wire.close()


def test_a_page_of_a_named_origin_may_send_and_read(own_server):
    server = own_server(SEBEZ_ORIGINS="https://shop.example")
    key = part()
    asked = requests.options(f"{server.url}/media/{key}", timeout=60, headers={
        "Origin": "https://shop.example", "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type"})
    assert "PUT" in asked.headers["Access-Control-Allow-Methods"]
    assert "content-type" in asked.headers["Access-Control-Allow-Headers"].lower()
    answer = put(server, key, Origin="https://shop.example")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert "Access-Control-Allow-Origin" not in put(server, key, Origin="https://x.y").headers
