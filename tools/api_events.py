"""The kinds of events as Python objects: what the payload of each has (schemas with x-event and
x-passing), and the components that they are made of."""

from dataclasses import dataclass, field

from api_fields import INT32, Field, Struct, c_name, snake

OPTIONAL_MAX = 2  # of one object: the SQL has a case for each combination


@dataclass
class Member:
    name: str
    type: str           # uuid text int bigint bool time enum json money object array nothing
    required: bool
    nullable: bool
    enum: object = None     # Enum
    object: object = None   # Shape, also of an array's items

    @property
    def cname(self):
        return c_name(self.name)

    @property
    def given(self):
        """Null is a value of it, and so says nothing of whether it is there."""
        return self.nullable and not self.required


@dataclass
class Shape:
    name: str
    members: list = field(default_factory=list)
    about: str = ""

    @property
    def optional(self):
        return [member for member in self.members if not member.required]


@dataclass
class Kind:
    name: str
    shape: Shape
    shared: bool  # the payload is a component as it is


class Events:
    """The kinds of a contract, by name; shapes are in the order of their dependency."""

    def __init__(self, contract):
        self.contract = contract
        self.shapes = {}
        self.events = self._kinds(contract.events)
        self.passing = self._kinds(contract.passing)

    def all_shapes(self):
        kinds = [*self.events.values(), *self.passing.values()]
        return [*self.shapes.values(), *(kind.shape for kind in kinds)]

    def _kinds(self, kinds):
        return {kind: self._kind(kind, name) for kind, name in kinds.items()}

    def _kind(self, kind, name):
        node = self.contract.document["components"]["schemas"][name]
        if "$ref" in node:
            component, schema = self.contract.resolve(node)
            return Kind(kind, self._shared(name, component, schema), True)
        return Kind(kind, self._shape(name, kind, node), False)

    def _shared(self, where, component, schema):
        name = snake(component)
        if name not in self.shapes:
            self.shapes[name] = self._shape(where, name, schema)
        return self.shapes[name]

    def _shape(self, where, name, schema):
        schema = self.contract._flat(schema)
        shape = Shape(name, about=" ".join(str(schema.get("description", "")).split()))
        required = schema.get("required", [])
        for key, node in schema.get("properties", {}).items():
            shape.members.append(self._member(f"{where} {key}", key, node, key in required))
        if len(shape.optional) > OPTIONAL_MAX:
            self.contract.error(where, f"an event has {OPTIONAL_MAX} optional members at most")
        return shape

    def _member(self, where, name, node, required):
        component, schema, nullable = self.contract._nullable(node)
        member = Member(name, self._type(schema), required, nullable)
        if member.type == "enum":
            made = Field(name)
            self.contract._enum(where, made, Struct("event"), component, schema)
            member.enum, member.nullable = made.enum, nullable or made.nullable
        elif member.type == "array":
            component, schema = self.contract.resolve(schema.get("items", {}))
            member.object = self._object(where, component, schema)
        elif member.type == "object":
            member.object = self._object(where, component, schema)
        if member.type in ("array", "object") and member.object is None:
            member.type = "json"
        return member

    def _object(self, where, component, schema):
        """The shape of a component whose members are all there; others are JSON to events."""
        if component and set(schema.get("properties", {})) == set(schema.get("required", [])):
            return self._shared(where, component, schema)
        return None

    @staticmethod
    def _type(schema):
        kind, form = schema.get("type"), schema.get("format")
        if "enum" in schema:
            return "enum"
        if kind == "string":
            return {"uuid": "uuid", "date-time": "time"}.get(form, "text")
        if kind == "integer":
            small = form == "int32" or schema.get("maximum", INT32[1] + 1) <= INT32[1]
            return "int" if small else "bigint"
        if kind == "object" and set(schema.get("properties", {})) == {"amount", "currency"}:
            return "money"
        return {"boolean": "bool", "array": "array", "object": "object",
                "null": "nothing"}.get(kind, "json")
