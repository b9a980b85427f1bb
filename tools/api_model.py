"""The contract as Python objects: reads api/*.yaml, merges and checks it, and says for each
operation which fields its input has. What is wrong is collected in `Contract.errors`."""

import re
from dataclasses import dataclass

from api_events import Events
from api_fields import Schemas, Struct, snake
from api_handlers import handlers
from api_notices import Notices

METHODS = ("get", "post", "put", "patch", "delete")
KINDS = ("public", "guest", "customer", "staff", "admin")
# Headers that the request's way reads itself; handlers never see them as input.
OWN_HEADERS = {"idempotency-key", "if-match", "if-none-match", "x-cart-token", "x-request-id",
               "authorization"}


@dataclass
class Operation:
    id: str
    handler: str  # the C function
    method: str
    path: str
    area: str
    summary: str
    description: str
    kinds: set
    staff_roles: list
    admin_roles: list
    idempotency: str
    limit: str
    limit_when: str  # the query parameter for which it counts, or None
    cached: bool
    ticket: bool
    recent_s: int  # how old the proof of who calls may be; 0: any age
    stream: bool
    signed: bool
    rest: bool  # the last path parameter takes the rest of the path
    media_type: str
    body: bool
    body_required: bool
    body_max: int
    input: Struct
    responses: list

    @property
    def cname(self):
        return snake(self.id)


class Contract(Schemas):
    def __init__(self, folder):
        super().__init__(folder)
        self.operations = []
        self.roles = {kind: self._words(name) for kind, name in
                      (("staff", "StaffRole"), ("admin", "AdminRole"))}
        for path, item in self.document["paths"].items():
            self._path(path, item)
        ids = [op.id for op in self.operations]
        for name in sorted({i for i in ids if ids.count(i) > 1}):
            self.error(name, "operationId is used more than once")
        for op in self.operations:
            if {op.cname, op.handler} & self.structs.keys():
                self.error(op.id, "a component used inside a body has the operation's name")
        self.handlers = handlers(self)
        self.payloads = Events(self)
        self.notices = Notices(self)

    def _words(self, name):
        """The values of one of the components, which the contract may lack; null is none."""
        schema = self.document.get("components", {}).get("schemas", {}).get(name, {})
        return [value for value in schema.get("enum", []) if value is not None]

    def _path(self, path, item):
        for method in METHODS:
            if method in item:
                self._operation(path, method, item[method], item.get("parameters", []))
        for key in item:
            if key not in METHODS + ("parameters", "summary", "description"):
                self.error(path, f"{key} is not a method that Sebez answers")

    def _operation(self, path, method, node, shared):
        name = node.get("operationId")
        where = name or f"{method.upper()} {path}"
        if not name or not re.fullmatch(r"[a-z][A-Za-z0-9]*", name):
            self.error(where, "operationId must be there, in camelCase")
            return
        if "default" not in node.get("responses", {}):
            self.error(where, "has no 'default' response for problems")
        kinds, staff, admin = self._actors(where, node.get("x-actor"))
        stream = bool(node.get("x-stream", False))
        signed = bool(node.get("x-signed", False))
        if signed and kinds != {"public"}:
            self.error(where, "x-signed is for operations that anybody calls")
        handler = node.get("x-handler", snake(name))
        if not re.fullmatch(r"[a-z][a-z0-9_]*", handler):
            self.error(where, f"x-handler {handler!r} is no name of a C function")
        struct = Struct(handler, about=node.get("summary", ""))
        self._parameters(where, path, self._declared(shared, node), struct)
        body, required, media = self._body(where, method, node, stream, struct)
        self._check_names(where, struct)
        if "staff" in kinds and "{vendor_id}" not in path:
            self.error(where, "staff act for {vendor_id}, which the path lacks")
        cached = bool(node.get("x-cache", False))
        if cached and (method != "get" or kinds != {"public"}):
            self.error(where, "x-cache is for public GETs only")
        ticket = bool(node.get("x-ticket", False))
        if ticket and (method != "get" or ("query", "ticket") not in self._declared(shared, node)):
            self.error(where, "x-ticket is for GETs with a parameter ?ticket")
        recent_s = self._recent(where, kinds, node)
        limit, limit_when = self._limit(where, shared, node)
        idempotency = node.get("x-idempotency",
                               "optional" if method == "post" and not stream else "none")
        if idempotency not in ("required", "optional", "none"):
            self.error(where, f"x-idempotency {idempotency!r} is not known")
        self.operations.append(Operation(
            id=name, handler=handler, method=method.upper(), path=path, area=self.areas[path],
            summary=node.get("summary", ""), description=node.get("description", ""), kinds=kinds,
            staff_roles=staff, admin_roles=admin, idempotency=idempotency,
            limit=limit, limit_when=limit_when, cached=cached, ticket=ticket,
            recent_s=recent_s, stream=stream,
            signed=signed, rest=self._rest(where, path, node), media_type=media, body=body,
            body_required=required, body_max=node.get("x-body-max", 0), input=struct,
            responses=[str(status) for status in node.get("responses", {})]))

    def _rest(self, where, path, node):
        rest = bool(node.get("x-rest", False))
        if rest and not path.endswith("}"):
            self.error(where, "x-rest is for paths that end with a parameter")
        return rest

    def _recent(self, where, kinds, node):
        """x-recent: 15m, in seconds."""
        text = str(node.get("x-recent", "0m"))
        if not re.fullmatch(r"[0-9]{1,4}m", text):
            self.error(where, f"x-recent {text!r} is no number of minutes, such as 15m")
            return 0
        if text != "0m" and kinds & {"public", "guest"}:
            self.error(where, "x-recent is for operations that need a session")
        return 60 * int(text[:-1])

    def _limit(self, where, shared, node):
        """The rate rule of the operation, or of a parameter of its query, and that one's name."""
        rules = [(node["x-limit"], None)] if "x-limit" in node else []
        rules += [(parameter["x-limit"], name)
                  for (place, name), parameter in self._declared(shared, node).items()
                  if place == "query" and "x-limit" in parameter]
        if len(rules) > 1:
            self.error(where, "has more than one x-limit")
        return rules[0] if rules else (None, None)

    def _actors(self, where, actors):
        kinds, staff, admin = set(), [], []
        if not actors:
            self.error(where, "has no x-actor")
        for actor in [actors] if isinstance(actors, str) else actors or []:
            kind, _, roles = str(actor).partition(":")
            if kind not in KINDS:
                self.error(where, f"x-actor {actor!r} is not known")
                continue
            kinds.add(kind)
            known = self.roles.get(kind, ())
            wanted = [role.strip() for role in roles.split(",") if role.strip()] or list(known)
            for role in wanted:
                if role not in known:
                    self.error(where, f"{kind} has no role {role!r}")
            # Owners and superadmins may do whatever anyone of their kind may.
            chosen = [role for role in known if role in wanted or role == known[0]]
            if kind == "staff":
                staff = chosen
            elif kind == "admin":
                admin = chosen
        return kinds, staff, admin

    def staff_of(self, name):
        """The roles of staff who are told of an event: all, unless its schema has x-staff."""
        roles = self.document["components"]["schemas"][name].get("x-staff")
        known = self.roles["staff"]
        for role in set(roles or ()) - set(known):
            self.error(name, f"x-staff: staff has no role {role!r}")
        return [role for role in known if roles is None or role in roles or role == known[0]]

    def _declared(self, shared, operation):
        nodes = [self.resolve(node)[1] for node in [*shared, *operation.get("parameters", [])]]
        return {(node.get("in"), node.get("name")): node for node in nodes}

    def _parameters(self, where, path, declared, struct):
        in_path = re.findall(r"\{([^}]+)\}", path)
        for (place, name), node in declared.items():
            if place == "header" and name.lower() in OWN_HEADERS:
                continue
            if place not in ("path", "query", "header"):
                self.error(where, f"parameter {name} is in {place!r}")
                continue
            if place == "path" and name not in in_path:
                self.error(where, f"path parameter {name} is not in the path")
            struct.fields.append(self._parameter(where, place, name, node, struct))
        for name in in_path:
            if ("path", name) not in declared:
                self.error(where, f"path parameter {name} is not declared")

    def _parameter(self, where, place, name, node, struct):
        required = bool(node.get("required", False))
        if place == "path" and not required:
            self.error(where, f"path parameter {name} must be required")
        made = self.field(f"{where} {name}", struct, name, node.get("schema", {}), required)
        made.place = "IN_" + place.upper()
        made.about = node.get("description") or made.about
        explode = node.get("explode", True)
        made.commas = made.type == "FIELD_ARRAY" and not explode
        if made.nullable:
            self.error(where, f"parameter {name} cannot be null")
        if made.type in ("FIELD_OBJECT", "FIELD_MONEY", "FIELD_JSON") or (
                made.type == "FIELD_MAP" and node.get("style") != "deepObject"):
            self.error(where, f"parameter {name} has a type that only a body can have")
        return made

    def _body(self, where, method, node, stream, struct):
        _, body = self.resolve(node.get("requestBody") or {})
        if not body:
            if stream:
                self.error(where, "x-stream without a requestBody")
            return False, False, None
        if method == "get":
            self.error(where, "a GET has no body")
        media, content = next(iter(body.get("content", {}).items()), (None, {}))
        required = bool(body.get("required", False))
        if stream:
            return True, required, media
        if media != "application/json":
            self.error(where, f"body {media!r}: only application/json, or x-stream")
            return True, required, media
        _, schema = self.resolve(content.get("schema", {}))
        self._members(where, struct, schema)
        if not required and schema.get("required"):
            self.error(where, "the body may be left out, but has required members")
        return True, required, media

    def _check_names(self, where, struct):
        seen = {}
        for made in struct.fields:
            if made.cname in seen:
                self.error(where, f"{made.name} is both in {seen[made.cname]} and {made.place}")
            seen[made.cname] = made.place
