"""The console in a browser, as somebody uses it who reads what is on the screen."""
import functools

from .sdk import installed
from .contract import ROOT

ENTER = "\ue007"
SHOWN = "return document.body.innerText.includes(arguments[0])"
GONE = "return !document.body.innerText.includes(arguments[0])"
PRESS = """
    const [text] = arguments;
    const open = document.querySelector("dialog[open]") ?? document;
    const there = [...open.querySelectorAll("button, a, label")].find((each) =>
        (each.innerText.trim().startsWith(text) || each.ariaLabel === text
            || each.querySelector("b")?.innerText === text)
        && each.checkVisibility() && !each.disabled);
    there?.click();
    return Boolean(there);"""
FILL = """
    const [text, value] = arguments;
    const label = [...document.querySelectorAll("label")].find((each) =>
        each.innerText.trim().startsWith(text));
    const field = label ? document.getElementById(label.htmlFor)
        : [...document.querySelectorAll("input, textarea")].find((each) => each.ariaLabel === text);
    if (!field) return false;
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return true;"""
JUDGE = """
    ;const ending = document.getAnimations().filter((each) =>
        Number.isFinite(each.effect.getComputedTiming().endTime));
    return Promise.allSettled(ending.map((each) => each.finished)).then(() =>
        axe.run(document, { resultTypes: ["violations"] })).then((found) =>
        found.violations.map((each) => each.id + ": "
            + each.nodes.map((node) => node.html.slice(0, 120) + " " + node.failureSummary)
                .join(" | ")));"""


@functools.cache
def axe():
    """The text of axe-core, or why there is none."""
    folder, why_not = installed(ROOT / "tests/console", ROOT / "build/test-console",
                                ("package.json", "package-lock.json"))
    if folder is None:
        return None, why_not
    return (folder / "node_modules/axe-core/axe.min.js").read_text(), None


class Console:
    def __init__(self, page, url):
        self.page = page
        self.url = url

    def open(self, path=""):
        self.page.open(f"{self.url}/console{path}")

    def sees(self, text):
        self.page.wait_for(SHOWN, text)

    def shows(self, text):
        """Now."""
        return self.page.run(SHOWN, text)

    def sees_no(self, text):
        self.page.wait_for(GONE, text)

    def presses(self, text):
        self.page.wait_for(PRESS, text)

    def fills(self, label, text):
        self.page.wait_for(FILL, label, text)

    def keys(self, *keys):
        self.page.press(*keys)

    def signs_in(self, email, password):
        self.fills("E-mail", email)
        self.fills("Password", password)
        self.presses("Sign in")

    def place(self):
        return self.page.run("return location.pathname + location.search")

    def findings(self):
        """What axe finds once nothing moves any more, since what fades in is pale before; nothing
        where npm is not installed."""
        text, _ = axe()
        return self.page.run(text + JUDGE) if text else []

    def complaints(self, *expected):
        """What the browser found wrong, but for answers that are expected, as (path, status)."""
        self.page.look()
        return [each for each in self.page.complaints
                if not any(path in each and str(status) in each for path, status in expected)]
