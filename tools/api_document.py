"""The files of api/*.yaml as one document, whose $refs all lead somewhere."""

import pathlib
import re

import yaml

import api_webhooks


class Document:
    def __init__(self, folder):
        self.errors = []
        self.folder = pathlib.Path(folder)
        self.files = sorted(self.folder.glob("*.yaml"))
        self.areas = {}         # path -> file's name
        self.document = self._merge()

    def error(self, where, text):
        self.errors.append(f"{where}: {text}")

    def _merge(self):
        merged = {"openapi": "3.1.0", "info": {"title": "Sebez", "version": "0"}, "paths": {},
                  "components": {}}
        for file in self.files:
            document = yaml.load(file.read_text(encoding="utf-8"), Loader=Loader) or {}
            for key, value in document.items():
                if key == "paths":
                    self._merge_paths(file, merged["paths"], value or {})
                elif key == "components":
                    self._merge_components(file, merged["components"], value or {})
                else:
                    merged[key] = value
        schemas = merged["components"].get("schemas", {})
        self.events = self._merge_events(schemas, "x-event", "Event")
        self.passing = self._merge_events(schemas, "x-passing", "PassingEvent")
        api_webhooks.fill(schemas, self.error)
        self._check_refs(merged, merged, "#")
        return merged

    def _merge_events(self, schemas, extension, whole):
        """The kinds of events are the schemas with the extension, which are their payloads; the
        component `whole` becomes any of them, each a whole object with its kind. Gives
        {kind: name of the schema}."""
        kinds = {}
        for name, schema in schemas.items():
            kind = schema.get(extension)
            if kind is None:
                continue
            if not re.fullmatch(r"[a-z]+(_[a-z]+)*", str(kind)) or kind in kinds:
                self.error(name, f"{extension} {kind!r} must be a word_of_its_own")
            kinds[kind] = name
        if kinds and whole not in schemas:
            self.error(whole, f"there are events, but no schema {whole} for them")
        elif kinds:
            common = dict(schemas[whole]["properties"])
            common["kind"]["enum"] = list(kinds)
            schemas[whole]["oneOf"] = [
                {"type": "object", "required": list(common),
                 "properties": {**common, "kind": {"type": "string", "const": kind},
                                "payload": {"$ref": f"#/components/schemas/{name}"}}}
                for kind, name in kinds.items()]
        return kinds

    def _merge_paths(self, file, paths, more):
        for path, item in more.items():
            self.areas.setdefault(path, file.stem)
            known = paths.setdefault(path, {})
            for key, value in item.items():
                if key in known and known[key] != value:
                    self.error(f"{file.name} {path}", f"{key} is in another file too")
                known[key] = value

    def _merge_components(self, file, components, more):
        for kind, entries in more.items():
            known = components.setdefault(kind, {})
            for name, value in (entries or {}).items():
                if name in known and known[name] != value:
                    self.error(f"{file.name} components/{kind}/{name}", "is in another file too")
                known[name] = value

    def _check_refs(self, merged, node, where):
        if isinstance(node, dict):
            ref = node.get("$ref")
            if isinstance(ref, str) and self._lookup(merged, ref) is None:
                self.error(where, f"$ref {ref} leads nowhere")
            for key, value in node.items():
                self._check_refs(merged, value, f"{where}/{key}")
        elif isinstance(node, list):
            for index, value in enumerate(node):
                self._check_refs(merged, value, f"{where}/{index}")

    @staticmethod
    def _lookup(document, ref):
        if not ref.startswith("#/"):
            return None
        for step in ref[2:].split("/"):
            if not isinstance(document, dict) or step not in document:
                return None
            document = document[step]
        return document

    def resolve(self, node):
        """(name of the component or None, the node itself), following $ref."""
        name = None
        while isinstance(node, dict) and "$ref" in node:
            name = node["$ref"].rsplit("/", 1)[1]
            extra = {k: v for k, v in node.items() if k != "$ref"}
            node = {**(self._lookup(self.document, node["$ref"]) or {}), **extra}
        return name, node


class Loader(yaml.SafeLoader):
    """Times and dates in examples stay text; a key that is there twice is an error."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.YAMLError(f"{key.value} is there twice{key.start_mark}")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
