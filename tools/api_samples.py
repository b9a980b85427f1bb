"""How an operation is called, in the shell, in TypeScript and in Dart: made from the contract's
examples.

The server is $SHOP, the access token $TOKEN, what the path names $VENDOR_ID and so on. In
TypeScript `sebez` is a client of the SDK, vendor_id a variable; what the SDK lacks is fetched. In
Dart it is vendorId."""

import json
import re

import clients_dart
import clients_ts


def given(parameter):
    """(name, its example, or None for a variable) of what a call by an SDK needs."""
    name = parameter["name"]
    if parameter["in"] == "path" or (parameter["in"] == "query" and parameter.get("required")):
        return [(name, parameter.get("example"))]
    return []


class Call:
    """What both languages say of an operation's call."""

    def __init__(self, contract, op):
        item = contract.document["paths"][op.path]
        node = item[op.method.lower()]
        self.method = op.method
        parameters = [contract.resolve(entry)[1]
                      for entry in item.get("parameters", []) + node.get("parameters", [])]
        self.path = op.path
        self.given = [member for entry in parameters for member in given(entry)]
        for parameter in parameters:
            if parameter["in"] == "path" and "example" in parameter:
                self.path = self.path.replace("{%s}" % parameter["name"], parameter["example"])
        self.query = [(entry["name"], entry.get("example")) for entry in parameters
                      if entry["in"] == "query" and entry.get("required")]
        for name, example in self.query:
            if not re.fullmatch(r"[\w.-]+", str(example)):
                contract.error(op.id, f"{name} is required: it needs an example, a plain word")
        self.query = "&".join(f"{name}={example}" for name, example in self.query)
        self.signed_in = not op.kinds <= {"public"}
        self.key = next((entry.get("example") for entry in parameters
                         if entry["name"] == "Idempotency-Key"), None)
        self.media_type = op.media_type
        self.body = example_of(contract, node) if op.body and not op.stream else None
        self.file = op.stream
        self.answer = answer_of(contract, node)

    def target(self, spell):
        path = re.sub(r"\{(\w+)\}", lambda found: spell(found[1]), self.path)
        return path + (f"?{self.query}" if self.query else "")


def example_of(contract, node):
    _, body = contract.resolve(node["requestBody"])
    content = next(iter(body["content"].values()))
    if "example" in content:
        return content["example"]
    examples = list(content.get("examples", {}).values())
    return contract.resolve(examples[0])[1]["value"] if examples else {}


def answer_of(contract, node):
    """json, text, or None when a good answer has no body."""
    for status, response in node.get("responses", {}).items():
        if status.startswith("2"):
            content = contract.resolve(response)[1].get("content", {})
            return None if not content else "json" if "application/json" in content else "text"
    return None


def indented(value, by):
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return text.replace("\n", "\n" + " " * by)


def shell(call):
    method = "" if call.method == "GET" else f" -X {call.method}"
    target = call.target(lambda name: "$" + name.upper())
    lines = [f'curl -sS{method} "$SHOP{target}"']
    if call.signed_in:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if call.media_type:
        lines.append(f"-H 'Content-Type: {call.media_type}'")
    if call.key:
        lines.append(f"-H 'Idempotency-Key: {call.key}'")
    if call.file:
        lines.append("--data-binary @" + ("products.csv" if "csv" in call.media_type else "file"))
    elif call.body is not None:
        body = indented(call.body, 2).replace("'", "'\\''")
        lines.append(f"-d '{body}'")
    return " \\\n  ".join(lines)


def fetched(call):
    target = "`${shop}" + call.target(lambda name: "${%s}" % name) + "`"
    method = "" if call.method == "GET" else f', {{ method: "{call.method}" }}'
    return (f"const response = await fetch({target}{method});\n"
            "if (!response.ok) throw await response.json(); // a problem, with its code")


def unquoted(text):
    """JSON as people write objects in TypeScript."""
    return re.sub(r'^(\s*)"([A-Za-z_]\w*)":', r"\1\2:", text, flags=re.MULTILINE)


def typescript(call, op):
    if not clients_ts.is_for_clients(op):
        return fetched(call)
    members = [name if value is None else f"{name}: {json.dumps(value)}"
               for name, value in call.given] + (["body: file"] if call.file else [])
    if isinstance(call.body, dict):
        members += [f"{name}: {unquoted(indented(value, 2))}" for name, value in call.body.items()]
    short = ", ".join(members)
    if not members:
        given_input = "" if call.body is None else "{}"
    elif len(short) <= 60 and "\n" not in short:
        given_input = f"{{ {short} }}"
    else:
        given_input = "{\n" + "".join(f"  {member},\n" for member in members) + "}"
    answer = "const answer = " if call.answer else ""
    return f"{answer}await sebez.{op.id}({given_input});"


def dart(contract, call, op):
    answer = "final answer = " if call.answer else ""
    return f"{answer}await sebez.{clients_dart.Samples(contract).of(op, call.given, call.body)};"


def samples(contract, op):
    call = Call(contract, op)
    made = [{"lang": "Shell", "label": "curl", "source": shell(call)},
            {"lang": "TypeScript", "label": "TypeScript", "source": typescript(call, op)}]
    if clients_ts.is_for_clients(op):
        made.append({"lang": "Dart", "label": "Dart", "source": dart(contract, call, op)})
    return made
