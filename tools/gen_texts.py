#!/usr/bin/env python3
"""gen_texts: makes C tables of the texts that Sebez writes to people.

texts/keys.yaml says which texts there are and what each may insert; texts/<language>.yaml has them
in a language (docs/NOTIFICATIONS.md, "Texts"). A mistake is reported as file:line and ends with
status 1.

    gen_texts.py --texts DIR --api DIR --out DIR [--depfile FILE]
"""

import argparse
import pathlib
import re
import sys
from dataclasses import dataclass, field

import texts_c
import texts_pattern
import yaml
from texts_pattern import Argument, PatternError

TYPES = ("text", "count", "money", "time")
NAME = re.compile(r"[a-z][a-z_]*")
KEY = re.compile(r"[a-z_]+(\.[a-z_]+)*")
LANGUAGE = re.compile(r"[a-z]{2,3}")
FALLBACK = "en"  # which is complete, like all
ARGUMENTS_MAX = 8
NOTICE_PARTS = ("title", "body")


class TextError(Exception):
    pass


@dataclass
class Key:
    name: str
    arguments: list


@dataclass
class Language:
    name: str
    own_name: str
    direction: str
    plurals: list
    texts: dict = field(default_factory=dict)  # key -> nodes


def load(path):
    """The root node of a file."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise TextError(f"{path}:{error.problem_mark.line + 1}: {error.problem}") from None
    if not isinstance(node, yaml.MappingNode):
        raise TextError(f"{path}:1: is no mapping")
    return node


def where(path, node):
    return f"{path}:{node.start_mark.line + 1}"


def pairs(path, node):
    """(name, its node) of a mapping."""
    seen = set()
    if not isinstance(node, yaml.MappingNode):
        raise TextError(f"{where(path, node)}: is no mapping")
    for key, value in node.value:
        if key.value in seen:
            raise TextError(f"{where(path, key)}: {key.value!r} is there twice")
        seen.add(key.value)
        yield key.value, value


def words(path, node):
    if not isinstance(node, yaml.SequenceNode) or not all(
            isinstance(item, yaml.ScalarNode) for item in node.value):
        raise TextError(f"{where(path, node)}: is no list of words")
    return [item.value for item in node.value]


def read_argument(path, name, node):
    if not NAME.fullmatch(name):
        raise TextError(f"{where(path, node)}: argument {name!r} must be a word_of_its_own")
    if isinstance(node, yaml.SequenceNode):
        return Argument(name, "choice", words(path, node))
    if node.value not in TYPES:
        raise TextError(f"{where(path, node)}: argument {name!r} is neither a list of words nor "
                        f"one of {', '.join(TYPES)}")
    return Argument(name, node.value)


def arguments_of(path, node, known):
    """Of a key: those that it may insert; with ? those that may be missing."""
    out = []
    for word in words(path, node):
        argument = known.get(word.rstrip("?"))
        if argument is None:
            raise TextError(f"{where(path, node)}: there is no argument {word!r}")
        if word.endswith("?") and argument.type != "text":
            raise TextError(f"{where(path, node)}: only a text may be missing, and {word!r} is "
                            f"a {argument.type}")
        out.append(Argument(argument.name, argument.type, argument.words, word.endswith("?")))
    if len(out) > ARGUMENTS_MAX:
        raise TextError(f"{where(path, node)}: has more than {ARGUMENTS_MAX} arguments")
    return out


def read_keys(path, kinds):
    """All keys by name. kinds: of notices, of which each has a title and a body."""
    parts = dict(pairs(path, load(path)))
    for name in ("arguments", "notices", "texts"):
        if name not in parts:
            raise TextError(f"{path}:1: lacks {name!r}")
    known = {name: read_argument(path, name, node)
             for name, node in pairs(path, parts["arguments"])}
    keys = {}
    notices = dict(pairs(path, parts["notices"]))
    for name, node in notices.items():
        if name not in kinds:
            raise TextError(f"{where(path, node)}: no event has the notice {name!r} (x-notice)")
        for part in NOTICE_PARTS:
            key = f"{name}.{part}"
            keys[key] = Key(key, arguments_of(path, node, known))
    for kind in kinds:
        if kind not in notices:
            raise TextError(f"{where(path, parts['notices'])}: lacks the notice {kind!r}")
    for name, node in pairs(path, parts["texts"]):
        if not KEY.fullmatch(name) or name in keys:
            raise TextError(f"{where(path, node)}: {name!r} is no name for another text")
        keys[name] = Key(name, arguments_of(path, node, known))
    return dict(sorted(keys.items()))


def flat(path, node, prefix=""):
    """(key, node of its text) of a file: names of mappings are joined with dots."""
    for name, value in pairs(path, node):
        if not prefix and name == "language":
            continue
        if isinstance(value, yaml.MappingNode):
            yield from flat(path, value, f"{prefix}{name}.")
        elif isinstance(value, yaml.ScalarNode):
            yield prefix + name, value
        else:
            raise TextError(f"{where(path, value)}: {prefix + name} is no text")


def read_head(path, node):
    """What a file says of its language."""
    if not LANGUAGE.fullmatch(path.stem):
        raise TextError(f"{path}:1: is not named after a language, such as 'fr'")
    head = dict(pairs(path, node))
    for name in ("name", "direction", "plurals"):
        if name not in head:
            raise TextError(f"{where(path, node)}: language lacks {name!r}")
    if len(head) > 3:
        raise TextError(f"{where(path, node)}: language has more than name, direction and plurals")
    direction, plurals = head["direction"].value, words(path, head["plurals"])
    if direction not in ("ltr", "rtl"):
        raise TextError(f"{where(path, node)}: direction is neither ltr nor rtl")
    if set(plurals) - set(texts_pattern.CATEGORIES) or plurals[-1:] != ["other"]:
        raise TextError(f"{where(path, node)}: plurals are of "
                        f"{', '.join(texts_pattern.CATEGORIES)}, and the last is other")
    return Language(path.stem, head["name"].value, direction, plurals)


def read_language(path, keys):
    """Raises with all mistakes, a line each."""
    root = dict(pairs(path, load(path)))
    if "language" not in root:
        raise TextError(f"{path}:1: lacks 'language'")
    made = read_head(path, root["language"])
    errors = []
    for name, node in flat(path, load(path)):
        if name not in keys:
            errors.append(f"{where(path, node)}: there is no text {name!r}")
            continue
        try:
            made.texts[name] = texts_pattern.read(node.value, keys[name].arguments, made.plurals)
        except PatternError as error:
            made.texts[name] = []
            errors.append(f"{where(path, node)}: {name} {error}")
    errors += [f"{path}:1: lacks {name!r}" for name in keys if name not in made.texts]
    if errors:
        raise TextError("\n".join(errors))
    return made


def notice_kinds(folder):
    """The names of all notices in the contract."""
    kinds = []
    for path in sorted(folder.glob("*.yaml")):
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        schemas = (document.get("components") or {}).get("schemas") or {}
        kinds += [entry["notice"] for schema in schemas.values()
                  for entry in schema.get("x-notice", [])]
    return kinds


def read_all(folder, kinds):
    """(keys, languages), in the order of their names."""
    keys = read_keys(folder / "keys.yaml", kinds)
    languages, errors = [], []
    for path in sorted(folder.glob("*.yaml")):
        if path.name == "keys.yaml":
            continue
        try:
            languages.append(read_language(path, keys))
        except TextError as error:
            errors.append(str(error))
    if not errors and FALLBACK not in [language.name for language in languages]:
        errors.append(f"{folder}: lacks {FALLBACK}.yaml")
    if errors:
        raise TextError("\n".join(errors))
    return keys, languages


def main():
    parser = argparse.ArgumentParser(description="Makes C tables of the texts.")
    for name in ("--texts", "--api", "--out"):
        parser.add_argument(name, required=True, type=pathlib.Path)
    parser.add_argument("--depfile", type=pathlib.Path)
    args = parser.parse_args()
    try:
        keys, languages = read_all(args.texts, notice_kinds(args.api))
    except TextError as error:
        sys.exit(str(error))
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "texts.gen.c").write_text(texts_c.write(keys, languages), encoding="utf-8")
    if args.depfile is not None:
        # The folder itself, too: a language may be added.
        read = [args.texts, *sorted(args.texts.glob("*.yaml")), *sorted(args.api.glob("*.yaml"))]
        args.depfile.write_text(f"{args.out}/texts.gen.c: {' '.join(map(str, read))}\n",
                                encoding="utf-8")


if __name__ == "__main__":
    main()
