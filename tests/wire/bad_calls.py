"""Calls that must be refused and change no row, of every operation."""
import copy

from harness.contract import OPERATIONS
from matrix import ROWS
from test_isolation import actor_for

WITH_JSON = sorted(o.id for o in OPERATIONS.values()
                   if o.body and o.body[0] == "application/json")
WITH_QUERY = sorted(o.id for o in OPERATIONS.values() if o.names("query"))
WITH_ID = sorted(o.id for o in OPERATIONS.values()
                 if o.names("path") and "x-rest" not in o.spec)  # any path is a page
GUARDED = sorted(o.id for o in OPERATIONS.values() if not {"public", "guest"} & set(o.actors))


class Caller:
    """Somebody who may call an operation, a valid call of it, and a watch on every row."""

    def __init__(self, world, operation_id):
        self.world = world
        self.operation = OPERATIONS[operation_id]
        self.who = actor_for(world, self.operation)
        self.arguments = world.arguments(self.operation, self.who, world.a)
        if ROWS[operation_id].twin:
            self.who = ROWS[operation_id].twin(self.who)
        self.calls = []

    def call(self, **changes):
        arguments = {**copy.deepcopy(self.arguments), **changes}
        if "data" in changes:
            arguments.pop("body", None)
        response = self.who.call(self.operation.id, **arguments)
        self.calls.append((changes, response))
        return response

    def __enter__(self):
        self.before = self.world.shop.db.fingerprint()
        return self

    def __exit__(self, kind, *error):
        if kind:
            return
        after = self.world.shop.db.fingerprint()
        changed = [t for t in after if after[t] != self.before[t]]
        if changed:
            # The jobs process may have written; only what happens again is the calls' doing.
            self.before = self.world.shop.db.fingerprint()
            calls, self.calls = self.calls, []
            for changes, _ in calls:
                self.call(**changes)
            after = self.world.shop.db.fingerprint()
            changed = [t for t in after if after[t] != self.before[t]]
        assert not changed, f"refused calls of {self.operation.id} changed {changed}"


def is_refused(response, field=None):
    """A 4xx problem; one about the input names the field, or what holds it."""
    assert 400 <= response.status_code < 500, f"{response.status_code}: {response.text[:500]}"
    problem = response.json()
    if field is not None and problem["code"] == "invalid_input":
        named = [error["field"] for error in problem.get("errors", [])]
        assert any(field == n or field.startswith(n + "/") or n.startswith(field + "/") or n == ""
                   for n in named), f"{field} is not among {named}: {response.text[:500]}"
    return problem


def types_of(schema):
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds
