"""Traces: whose they are, what of a request is in them, and that they reach a collector as
OpenTelemetry's protocol has them."""
import contextlib
import http.server
import json
import secrets
import threading

import pytest

from conftest import serving
from harness.payment_fakes import Chapa, Stripe, settings
from harness.shop import Shop
from harness.wait import until
from test_attempts import attempt

class Collector(http.server.ThreadingHTTPServer):
    """Takes traces: `spans` by trace. `status` is what it answers."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Taker)
        self.lock, self.spans, self.status, self.refused = threading.Lock(), {}, 200, 0

    def of(self, trace):
        with self.lock:
            return list(self.spans.get(trace, []))


class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            status = self.server.status
            if status == 200 and self.path == "/v1/traces":
                self.keep(body)
            else:
                self.server.refused += 1
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def keep(self, body):
        for resource in body["resourceSpans"]:
            told = values(resource["resource"])
            assert told["service.name"] == "sebez" and told["process.pid"] > 1
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
                    span["attributes"] = values(span)
                    self.server.spans.setdefault(span["traceId"], []).append(span)

    def log_message(self, *_):
        pass


def values(of):
    return {a["key"]: a["value"].get("stringValue", int(a["value"].get("intValue", 0)))
            for a in of["attributes"]}


def parent(sampled=True, trace=None):
    """What a caller sends, and its parts."""
    trace, span = trace or secrets.token_hex(16), secrets.token_hex(8)
    return {"traceparent": f"00-{trace}-{span}-{'01' if sampled else '00'}"}, trace, span


class Scene:
    def __init__(self, server, collector, chapa, seen):
        self.server, self.collector, self.chapa, self.seen = server, collector, chapa, seen
        self.shop = Shop(server)


@pytest.fixture(scope="module")
def scene():
    collector, chapa, stripe, seen = Collector(), Chapa(), Stripe(), []
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    take = chapa.take

    def look(method, path, headers, body):
        seen.append(headers["traceparent"])
        return take(method, path, headers, body)

    chapa.take = look
    url = f"http://127.0.0.1:{collector.server_address[1]}/v1/traces"
    with contextlib.closing(chapa), contextlib.closing(stripe):
        with serving(SEBEZ_TRACES_URL=url, SEBEZ_TRACES_PERCENT=0,
                     SEBEZ_PUBLIC_URL="https://shop.example", **settings(chapa, stripe)) as server:
            yield Scene(server, collector, chapa, seen)
    collector.shutdown()
    collector.server_close()


def arrived(scene, trace, count=1):
    until(lambda: len(scene.collector.of(trace)) >= count)
    return scene.collector.of(trace)


def test_a_request_is_a_part_of_its_callers_trace(scene):
    headers, trace, span = parent()
    customer = scene.shop.customer()
    customer.do("getMe", headers=headers)
    spans = arrived(scene, trace, 2)
    (mine,) = [s for s in spans if s["kind"] == 2]
    assert (mine["name"], mine["parentSpanId"]) == ("getMe", span)
    assert mine["attributes"] == {"http.request.method": "GET", "http.response.status_code": 200}
    trips = [s for s in spans if s["kind"] == 3]
    assert trips and all(s["parentSpanId"] == mine["spanId"] for s in trips)
    assert {s["attributes"]["db.system.name"] for s in trips} == {"postgresql"}
    assert all(s["attributes"]["db.query.summary"] for s in trips)


def test_what_a_request_asks_of_a_provider_carries_the_trace_on(scene):
    vendor = scene.shop.vendor(shipping=[("Gift", 0)])
    customer = scene.shop.customer()
    order = customer.order(vendor.product(price=1500, stock=10), method="chapa")
    headers, trace, _ = parent()
    made = customer.call("createPaymentAttempt", order_id=order["id"], body={}, headers=headers)
    assert made.status_code == 201, made.text
    spans = arrived(scene, trace, 2)
    (call,) = [s for s in spans if s["attributes"].get("server.address")]
    assert call["attributes"] == {"http.request.method": "POST", "http.response.status_code": 200,
                                  "server.address": scene.chapa.url.removeprefix("http://")}
    assert f"00-{trace}-{call['spanId']}-01" in scene.seen
    assert attempt(customer, order).status_code == 201
    assert scene.seen[-1] is None, "who has no trace passes none on"


def test_a_problem_names_the_trace_whether_or_not_it_is_recorded(scene):
    for sampled in (True, False):
        headers, trace, _ = parent(sampled)
        answer = scene.shop.guest().call("getProduct", product_id="nothing-here", headers=headers)
        assert answer.json()["trace_id"] == trace
        if sampled:
            (span,) = [s for s in arrived(scene, trace) if s["kind"] == 2]
            assert span["attributes"]["http.response.status_code"] == answer.status_code
        else:
            assert scene.collector.of(trace) == []


@pytest.mark.parametrize("header", [
    "", "00", f"00-{'0' * 32}-{'1' * 16}-01", f"00-{'1' * 32}-{'0' * 16}-01",
    f"ff-{'1' * 32}-{'1' * 16}-01", f"00-{'A' * 32}-{'1' * 16}-01",
    f"00-{'1' * 32}-{'1' * 16}-01-x",
])
def test_a_malformed_header_counts_as_none(scene, header):
    answer = scene.shop.guest().call("getProduct", product_id="nothing-here",
                                     headers={"traceparent": header})
    assert answer.status_code in (400, 404) and "trace_id" not in answer.json()


def test_traces_wait_while_the_collector_is_away_and_a_stop_sends_them(scene):
    scene.collector.status = 503
    headers, trace, _ = parent()
    scene.shop.guest().do("listProducts", q="teapot", headers=headers)
    until(lambda: scene.collector.refused)
    assert scene.collector.of(trace) == []
    scene.collector.status = 200
    assert arrived(scene, trace)
    assert '"traces are not taken"' in scene.server.log.read_text()
    until(lambda: '"traces are taken again"' in scene.server.log.read_text())
    headers, trace, _ = parent()
    scene.shop.guest().do("listProducts", q="teapot", headers=headers)
    assert scene.server.stop() == []
    assert scene.collector.of(trace)
    scene.server.start()


def test_what_the_collector_refuses_counts_as_lost(scene):
    scene.collector.status, scene.collector.refused = 400, 0
    scene.shop.guest().do("listProducts", q="teapot", headers=parent()[0])
    until(lambda: scene.collector.refused)
    scene.collector.status = 200

    def is_told():
        """By the process that lost something, which has to send again: any may get this."""
        scene.shop.guest().do("listProducts", q="teapot", headers=parent()[0])
        return any(json.loads(line)["lost"] > 0
                   for line in scene.server.log.read_text().splitlines()
                   if '"traces are taken again"' in line)
    until(is_told)
