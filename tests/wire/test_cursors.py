"""Forged cursors: whoever makes one up gets a page or is told so, whatever its key is."""
import base64
import random
import urllib.parse
import uuid

import pytest
from conftest import SEED
from harness import contract
from harness.client import refused
from harness.contract import OPERATIONS
from test_isolation import actor_for

PAGED = sorted(o.id for o in OPERATIONS.values() if "cursor" in o.names("query"))
EDGES = [-2**63, -2**63 + 1, -2**62, -2**61, -946684800000001, -1, 0, 1, 2**53, 2**61,
         2**63 - 946684800000001, 2**63 - 2, 2**63 - 1]
IDS = [b"\0" * 16, b"\xff" * 16, uuid.uuid4().bytes]
SORTS = 5  # of the list that has most
REQUIRED = {"listProducts": {"q": "clay"}, "listSubOrders": {"status": "placed"}}  # by some sorts


def fnv(text):
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 % 2**64
    return value


def scope_of(url):
    """As web/page.c: of the path and the filters, so that the forgery passes for one of ours."""
    parts = urllib.parse.urlsplit(url)
    pairs = [pair for pair in parts.query.split("&")
             if pair and pair.partition("=")[0] not in ("cursor", "limit")]
    value = (fnv(parts.path) + sum(map(fnv, pairs))) % 2**64
    return (value ^ value >> 32) % 2**32


def forged(sort, scope, key, last):
    return base64.urlsafe_b64encode(bytes([1, sort]) + scope.to_bytes(4, "big")
                                    + key.to_bytes(8, "big", signed=True) + last).decode()


def orders(operation):
    """Each way in which the list can be sorted: query parameters."""
    for parameter in operation.parameters:
        if parameter["name"] in ("sort", "order"):
            return [{parameter["name"]: word}
                    for word in contract.resolve(parameter["schema"])["enum"]]
    return [{}]


@pytest.mark.parametrize("operation_id", PAGED)
def test_a_forged_cursor_is_a_page_or_named_as_wrong(world, operation_id):
    operation = OPERATIONS[operation_id]
    who = actor_for(world, operation)
    arguments = world.arguments(operation, who, world.a)
    chance = random.Random(SEED)
    keys = EDGES + [chance.randrange(-2**63, 2**63) for _ in range(20)]
    for order in orders(operation):
        order = {**order, **REQUIRED.get(operation_id, {})}
        first = who.call(operation_id, **arguments, **order)
        assert first.status_code == 200, first.text
        scope = scope_of(first.request.url)
        taken = 0
        for sort in range(SORTS):
            for key in keys:
                answer = who.call(operation_id, **arguments, **order,
                                  cursor=forged(sort, scope, key, chance.choice(IDS)))
                if answer.status_code == 200:
                    taken += 1
                else:
                    refused(answer, 400, "invalid_input", field="?cursor")
        assert taken, "no forgery got past the scope: this test has lost its object"


def test_no_time_before_the_epoch_is_a_cursor_of_ours(shop):
    visitor = shop.anonymous()
    first = visitor.call("listVendors")
    cursor = forged(0, scope_of(first.request.url), -2**61, IDS[0])
    refused(visitor.call("listVendors", cursor=cursor), 400, field="?cursor")
