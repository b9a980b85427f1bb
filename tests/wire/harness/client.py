"""An actor: somebody who speaks to the server over HTTP.

    actor.call("getOrder", order_id=order["id"])        the response, whatever its status
    actor.do("getOrder", order_id=order["id"])          the JSON of a 2xx; anything else fails

Keyword arguments are path and query parameters by their names in the contract; `body` is JSON,
`data` raw bytes, `headers` extra headers, `padding` what stands before the query, `key` the
Idempotency-Key (made when the operation requires one; None sends none). Every response is checked
against the contract, and one of 5xx fails the test, unless `may_fail=True` (tests that kill
processes).

Each actor has a loopback address of its own, so that limits per address meet one actor only. One
that meets a limit all the same has the counters forgotten and asks again; tests of the limits
themselves set `actor.patient = False`.
"""
import itertools
import threading
import time
import uuid

import requests
import requests.adapters

from . import contract
from .codes import digits_of
from .through import Http2

AUTO = object()
TOKEN_AGE_S = 10 * 60  # access tokens live 15 minutes; long test runs outlive that
_numbers = itertools.count(2)
IDLE_MAX_S = 60


class _FromAddress(requests.adapters.HTTPAdapter):
    def __init__(self, address):
        self.address = address
        super().__init__(pool_connections=2, pool_maxsize=64)

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, source_address=(self.address, 0), **kwargs)


class Actor:
    def __init__(self, server, name="anonymous"):
        number = next(_numbers)
        self.server = server
        self.name = name
        self.patient = True
        self.address = f"127.{1 + (number >> 16) % 250}.{(number >> 8) % 256}.{number % 256}"
        self.account = None       # the user object of the contract
        self.password = None
        self.access_token = None
        self.refresh_token = None
        self.signed_in_at = 0
        self.cart_token = None    # of a guest
        self.asked_at = time.monotonic()
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount("http://", _FromAddress(self.address))
        if server.through:
            self.session.verify = server.trusted
            self.session.mount("https://", Http2(server.through, self.address)
                               if server.through.kind == "h2" else _FromAddress(self.address))
        self._refreshing = threading.Lock()

    def __repr__(self):
        return self.name

    @property
    def id(self):
        return self.account["id"]

    # -- signing in ---------------------------------------------------------------------------

    def register(self, email, password, name):
        self.password = password
        body = {"email": email, "password": password, "name": name}
        id = self.do("registerAccount", body=body)["registration_id"]
        return self._signed_in(self.do("confirmRegistration", body={
            "registration_id": id, "code": digits_of(self.server, id)}))

    def login(self, email, password):
        self.password = password
        return self._signed_in(self.do("login", body={"email": email, "password": password}))

    def _signed_in(self, answer):
        self.access_token = answer["access_token"]
        self.refresh_token = answer["refresh_token"]
        self.account = answer["user"]
        self.signed_in_at = time.monotonic()
        self.cart_token = None
        return self

    def _keep_signed_in(self):
        with self._refreshing:
            if self.refresh_token and time.monotonic() - self.signed_in_at > TOKEN_AGE_S:
                self.signed_in_at = time.monotonic()
                token = self.refresh_token
                self._signed_in(self.do("refresh", body={"refresh_token": token}, token=None))

    # -- asking -------------------------------------------------------------------------------

    def call(self, operation_id, *, body=None, data=None, headers=None, key=AUTO, token=AUTO,
             may_fail=False, timeout=60, padding="", **parameters):
        operation = contract.OPERATIONS[operation_id]
        in_path = operation.names("path")
        known = set(in_path) | set(operation.names("query"))
        unknown = set(parameters) - known
        assert not unknown, f"{operation_id} has no parameter {unknown}, only {known}"
        query = {k: v for k, v in parameters.items() if k not in in_path and v is not None}
        headers = dict(headers or {})
        if key is AUTO and operation.idempotency == "required":
            key = str(uuid.uuid4())
        if key not in (AUTO, None):
            headers.setdefault("Idempotency-Key", key)
        if data is not None and operation.body:
            headers.setdefault("Content-Type", operation.body[0])
        url = operation.url(parameters) + (padding and f"?{padding}")
        return self.request(operation.method, url, params=query, json=body,
                            data=data, headers=headers, token=token, may_fail=may_fail,
                            timeout=timeout, operation=operation)

    def do(self, operation_id, **arguments):
        response = self.call(operation_id, **arguments)
        assert response.status_code < 300, \
            f"{self} {operation_id}: {response.status_code} {response.text}"
        return response.json() if response.content and is_json(response) else None

    def request(self, method, path, *, token=AUTO, may_fail=False, operation=None, headers=None,
                timeout=60, **arguments):
        """Any request at all; checked against the operation that serves the path, if one does."""
        headers = dict(headers or {})
        if token is AUTO:
            self._keep_signed_in()
            token = self.access_token
        if token is not None:
            headers.setdefault("Authorization", f"Bearer {token}")
        elif self.cart_token:
            headers.setdefault("X-Cart-Token", self.cart_token)
        if "params" in arguments:
            arguments["params"] = {k: spell(v) for k, v in arguments["params"].items()}
        response = self._send(method, path, headers=headers, timeout=timeout, **arguments)
        if response.headers.get("X-Cart-Token") and not self.access_token:
            self.cart_token = response.headers["X-Cart-Token"]
        operation = operation or contract.operation_at(method, path.partition("?")[0])
        if self._must_prove(operation, response):
            self.do("stepUp", body={"password": self.password})
            response = self._send(method, path, headers=headers, timeout=timeout, **arguments)
        contract.check_response(operation, response)
        if response.status_code >= 500 and not may_fail:
            raise contract.Violation(f"{method} {path}: {response.status_code} {response.text}")
        return response

    def _must_prove(self, operation, response):
        """A session that is older than a quarter of an hour; its tests are not patient."""
        return (self.patient and self.password and response.status_code == 403
                and operation and "x-recent" in operation.spec
                and "password" in response.json().get("methods", ()))

    def _send(self, method, path, **arguments):
        # The server ends idle connections after 75 s, and who asks at that moment is reset.
        now = time.monotonic()
        if now - self.asked_at > IDLE_MAX_S:
            self.session.close()
        self.asked_at = now
        for attempt in range(3):
            response = self.session.request(method, self.server.url + path, allow_redirects=False,
                                            **arguments)
            if response.status_code != 429 or not self.patient:
                break
            self.server.forget_limits()
            if attempt:  # a process counts for itself while Redis does not answer
                time.sleep(float(response.headers.get("Retry-After", 1)))
        return response

    def get(self, path, **arguments):
        return self.request("GET", path, **arguments)

    def post(self, path, **arguments):
        return self.request("POST", path, **arguments)

    # -- pages --------------------------------------------------------------------------------

    def pages(self, operation_id, **arguments):
        """Each page of a list, following next_cursor to the end."""
        cursor = None
        while True:
            page = self.do(operation_id, cursor=cursor, **arguments)
            yield page
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def all(self, operation_id, **arguments):
        return [item for page in self.pages(operation_id, **arguments) for item in page["items"]]


def is_json(response):
    return "json" in response.headers.get("Content-Type", "")


def spell(value):
    """A query value as the contract writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value


def refused(response, status, code=None, field=None):
    """Asserts a refusal: its status, its code, and that it names the field when one is given."""
    assert response.status_code == status, f"{response.status_code}, not {status}: {response.text}"
    problem = response.json()
    if code:
        assert problem["code"] == code, f"{problem['code']}, not {code}: {response.text}"
    if field:
        named = [error["field"] for error in problem.get("errors", [])]
        assert field in named, f"{field} is not among {named}: {response.text}"
    return problem


def together(n, call):
    """n calls at the same moment, in threads: call() or call(i). Their results, in order of i."""
    results = [None] * n
    gate = threading.Barrier(n)
    takes_index = call.__code__.co_argcount - hasattr(call, "__self__") > 0 \
        if hasattr(call, "__code__") else False

    def one(i):
        gate.wait()
        try:
            results[i] = call(i) if takes_index else call()
        except BaseException as error:  # carried to the caller's thread
            results[i] = error

    threads = [threading.Thread(target=one, args=(i,), daemon=True) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results
