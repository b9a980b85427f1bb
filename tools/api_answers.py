"""What operations answer, for docs/API.md: each status with its type, and each type's fields."""

NULL = {"type": "null"}
FAR = 6  # how deep objects without a name of their own are opened


def anchor(name):
    return f"[{name}](#{name.lower()})"


def is_listed(node):
    return bool(node.get("properties") or node.get("oneOf"))


def kind_of(contract, schema):
    """A schema in a few words; what has a name and fields is linked."""
    name, node = contract.resolve(schema)
    types = node.get("type", [])
    types = [types] if isinstance(types, str) else types
    plain = [kind for kind in types if kind != "null"]
    if name and is_listed(node):
        text = anchor(name)
    elif "enum" in node:
        text = " \\| ".join(f"`{value}`" for value in node["enum"] if value is not None)
    elif plain == ["array"]:
        text = f"list of {kind_of(contract, node.get('items', {}))}"
    elif plain == ["string"]:
        text = node.get("format", "text")
    elif node.get("oneOf") or node.get("anyOf"):
        parts = node.get("oneOf") or node.get("anyOf")
        types = types + ["null"] * (NULL in parts)
        text = " or ".join(kind_of(contract, each) for each in parts if each != NULL)
    else:
        text = " or ".join(plain) or "any"
    return text + (", or null" if "null" in types else "")


def rows(contract, schema, prefix="", depth=FAR):
    for key, child in schema.get("properties", {}).items():
        name, node = contract.resolve(child)
        about = child.get("description", "" if name else node.get("description", ""))
        about = " ".join(about.split())
        needed = "" if key in schema.get("required", []) else "optional"
        text = ". ".join(filter(None, [needed, about])).replace("|", "\\|")
        yield f"| `{prefix}{key}` | {kind_of(contract, child)} | {text} |"
        if depth > 0 and not name:
            _, inner = contract.resolve(node.get("items", {}))
            if "properties" in node:
                yield from rows(contract, node, f"{prefix}{key}.", depth - 1)
            elif "properties" in inner and "$ref" not in node["items"]:
                yield from rows(contract, inner, f"{prefix}{key}[].", depth - 1)


def of_operation(contract, op):
    node = contract.document["paths"][op.path][op.method.lower()]
    out = ["| answer | body | |", "|---|---|---|"]
    for status, response in node.get("responses", {}).items():
        _, response = contract.resolve(response)
        about = " ".join(response.get("description", "").split())
        content = response.get("content", {})
        body = ", ".join(kind_of(contract, entry.get("schema", {})) + (
            "" if media.endswith("json") else f" (`{media}`)") for media, entry in content.items())
        out.append(f"| {'else' if status == 'default' else status} | {body} | {about} |")
    return out


def named(contract, node, found):
    """Collects the components with fields that a schema leads to."""
    if isinstance(node, list):
        for child in node:
            named(contract, child, found)
    elif isinstance(node, dict):
        ref = node.get("$ref", "")
        if ref.startswith("#/components/schemas/"):
            name, target = contract.resolve({"$ref": ref})
            if name in found:
                return
            found[name] = target
            named(contract, target, found)
        for key, child in node.items():
            if key not in ("example", "examples"):
                named(contract, child, found)


def objects(contract):
    found = {}
    for op in contract.operations:
        node = contract.document["paths"][op.path][op.method.lower()]
        for response in node.get("responses", {}).values():
            for entry in contract.resolve(response)[1].get("content", {}).values():
                named(contract, entry.get("schema", {}), found)
    out = ["## Objects in answers", ""] if found else []
    for name, schema in sorted(found.items()):
        if not is_listed(schema):
            continue
        out += [f"### {name}", ""]
        if schema.get("description"):
            out += [" ".join(schema["description"].split()), ""]
        if schema.get("properties"):
            out += ["| name | type | |", "|---|---|---|", *rows(contract, schema), ""]
        out += kinds(contract, schema)
    return out


def kinds(contract, schema):
    """Of what is one of several: which payload goes with which kind."""
    branches = [branch.get("properties", {}) for branch in schema.get("oneOf", [])]
    branches = [branch for branch in branches if "kind" in branch and "payload" in branch]
    if not branches:
        return []
    return ["| kind | payload |", "|---|---|"] + [
        f"| `{branch['kind'].get('const')}` | {kind_of(contract, branch['payload'])} |"
        for branch in branches] + [""]
