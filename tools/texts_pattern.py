"""The patterns of texts: a part of ICU's MessageFormat, read into a tree and checked.

    Order {order}                           a text, a count, an amount of money
    {at}  {at, date}  {at, time}            a time: both, the day, the time of day
    {items, plural, =0 {none} one {# item} other {# items}}
    {status, select, approved {…} other {…}}
    {carrier, select, none {…} other {with {carrier}}}   of an argument that may be missing

As in ICU, '' is an apostrophe, and one before a brace or # quotes up to the next.
"""

import unicodedata
from dataclasses import dataclass, field

DEPTH_MAX = 4  # of branches; base/message.c asserts it
STYLES = {"": "MESSAGE_DATE_AND_TIME", "date": "MESSAGE_DATE", "time": "MESSAGE_CLOCK"}
CATEGORIES = ("zero", "one", "two", "few", "many", "other")
# Marks of isolation are put around what is inserted; those of embedding and override have no place.
REFUSED = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


class PatternError(Exception):
    pass


@dataclass
class Argument:
    name: str
    type: str                # text, count, money, time, choice
    words: list = field(default_factory=list)  # of a choice
    optional: bool = False


@dataclass
class Insert:
    argument: Argument
    style: str = ""


@dataclass
class Branches:
    op: str                  # MESSAGE_PLURAL, MESSAGE_SELECT, MESSAGE_IF
    argument: Argument
    all: dict                # word -> list of str, Insert, Branches; other is the last


class Reader:
    def __init__(self, pattern, arguments, categories):
        self.text = pattern
        self.at = 0
        self.arguments = {argument.name: argument for argument in arguments}
        self.categories = categories  # of plurals in the language
        self.present = set()          # optional arguments that are there in this branch

    def read(self):
        nodes = self._nodes(0, None)
        if self.at < len(self.text):
            raise PatternError("has a } without its {")
        return nodes

    def _peek(self):
        return self.text[self.at:self.at + 1]

    def _nodes(self, depth, counted):
        """Up to the brace that ends the branch, or the end. counted: the argument that # is."""
        if depth > DEPTH_MAX:
            raise PatternError(f"nests deeper than {DEPTH_MAX}")
        nodes, literal = [], ""
        while self._peek() not in ("", "}"):
            here = self._peek()
            if here == "'":
                literal += self._quoted(counted)
                continue
            if here != "{" and not (here == "#" and counted):
                literal += here
                self.at += 1
                continue
            nodes += [literal] if literal else []
            literal = ""
            self.at += 1
            nodes.append(Insert(counted) if here == "#" else self._argument(depth))
        return nodes + ([literal] if literal else [])

    def _quoted(self, counted):
        rest = self.text[self.at + 1:]
        if rest.startswith("'"):
            self.at += 2
            return "'"
        if rest[:1] not in (("{", "}", "#") if counted else ("{", "}")) or not rest:
            self.at += 1
            return "'"
        end = rest.find("'")
        if end < 0:
            raise PatternError("has a ' without its other")
        self.at += end + 2
        return rest[:end]

    def _word(self):
        self._blanks()
        start = self.at
        while self._peek() not in ("", ",", "{", "}") and not self._peek().isspace():
            self.at += 1
        word = self.text[start:self.at]
        self._blanks()
        return word

    def _blanks(self):
        while self._peek().isspace():
            self.at += 1

    def _take(self, wanted):
        if self._peek() != wanted:
            found = self._peek() or "the end"
            raise PatternError(f"has {found!r} where {wanted!r} should be")
        self.at += 1

    def _argument(self, depth):
        name = self._word()
        argument = self.arguments.get(name)
        if argument is None:
            raise PatternError(f"has no argument {name!r}, only "
                               + (", ".join(sorted(self.arguments)) or "none"))
        form = ""
        if self._peek() == ",":
            self.at += 1
            form = self._word()
        if form in ("plural", "select"):
            self._take(",")
            return self._branches(argument, form, depth)
        self._take("}")
        self._check_insert(argument, form)
        return Insert(argument, form)

    def _check_insert(self, argument, form):
        name = argument.name
        if argument.type == "choice":
            raise PatternError(f"inserts {name!r}, which is a word for select")
        if form not in (STYLES if argument.type == "time" else ("",)):
            raise PatternError(f"has {name!r} in the form {form!r}, which a {argument.type} "
                               "has not")
        self._check_there(argument)

    def _check_there(self, argument):
        if argument.optional and argument.name not in self.present:
            raise PatternError(f"uses {argument.name!r}, which may be missing: "
                               f"{{{argument.name}, select, none {{…}} other {{…}}}} around it")

    def _branches(self, argument, form, depth):
        is_if = form == "select" and argument.type == "text" and argument.optional
        wanted = {"plural": "count", "select": "choice"}[form]
        if argument.type != wanted and not is_if:
            raise PatternError(f"has {form} of {argument.name!r}, which is a {argument.type}")
        if not is_if:
            self._check_there(argument)
        found = {}
        while self._peek() not in ("}", ""):
            word = self._word()
            self._take("{")
            if word in found:
                raise PatternError(f"has {word!r} of {argument.name!r} twice")
            before = set(self.present)
            if is_if and word == "other":
                self.present.add(argument.name)
            found[word] = self._nodes(depth + 1, argument if form == "plural" else None)
            self.present = before
            self._take("}")
            self._blanks()
        self._take("}")
        if form == "plural":
            self._check_plural(argument, found)
        elif is_if:
            self._check_words(argument, found, ["none"])
        else:
            self._check_words(argument, found, argument.words)
        found["other"] = found.pop("other")
        op = "MESSAGE_PLURAL" if form == "plural" else "MESSAGE_IF" if is_if else "MESSAGE_SELECT"
        return Branches(op, argument, found)

    def _check_plural(self, argument, found):
        for word in self.categories:
            if word not in found:
                raise PatternError(f"lacks {word!r} in the plural of {argument.name!r}")
        for word in found:
            exact = word.startswith("=") and word[1:].isascii() and word[1:].isdigit()
            if word not in self.categories and not exact:
                raise PatternError(f"has {word!r} in the plural of {argument.name!r}: the language "
                                   f"has {', '.join(self.categories)}")

    @staticmethod
    def _check_words(argument, found, words):
        if "other" not in found:
            raise PatternError(f"lacks 'other' in the select of {argument.name!r}")
        for word in found:
            if word not in (*words, "other"):
                raise PatternError(f"has {word!r} in the select of {argument.name!r}, which is "
                                   f"one of {', '.join(words)}")
        if words == ["none"] and "none" not in found:
            raise PatternError(f"lacks 'none' in the select of {argument.name!r}")


def check_characters(pattern):
    if not unicodedata.is_normalized("NFC", pattern):
        raise PatternError("is not in Unicode's form C")
    for character in pattern:
        if ord(character) in REFUSED or (unicodedata.category(character) == "Cc"
                                         and character != "\n"):
            raise PatternError(f"has the character U+{ord(character):04X}")


def read(pattern, arguments, categories):
    """A list of texts, Insert and Branches."""
    check_characters(pattern)
    if not pattern.strip() or pattern != pattern.strip():
        raise PatternError("is empty" if not pattern.strip() else "begins or ends with a blank")
    return Reader(pattern, arguments, categories).read()
