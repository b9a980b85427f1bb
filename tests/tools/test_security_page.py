"""docs/SECURITY.md names tests, jobs and libraries that there are, and all that it must."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/SECURITY.md").read_text()


def section(title):
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_cells(text):
    rows = [line.split("|")[1].strip().strip("`") for line in text.splitlines()
            if line.startswith("| ") and not line.startswith("|---")]
    return [row for row in rows[1:] if row]


def test_each_threat_has_a_test_that_is_there():
    rows = [line for line in section("Threats").splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    for row in rows:
        named = re.findall(r"`((?:tests|deploy)/[\w/.]+)`", row)
        assert named, row
        for path in named:
            assert (ROOT / path).is_file(), path


def test_each_job_that_deletes_is_listed():
    jobs = {name for path in (ROOT / "src/shop").glob("*/area.c")
            for name in re.findall(r'{"(\w+)", JOB', path.read_text())}
    deletes = {name for name in jobs
               if re.match(r"(purge|forget|erase|expire|remove)_", name)}
    assert set(first_cells(section("What is kept, and how long"))) == deletes


def test_each_library_has_its_licence_and_its_reason():
    text = (ROOT / "meson.build").read_text() + (ROOT / "src/media/meson.build").read_text()
    linked = set(re.findall(r"dependency\('([\w.-]+)'", text)) \
        | set(re.findall(r"find_library\('([\w.-]+)'", text)) - {"m"}
    assert set(first_cells(section("Licences of what is linked"))) == linked
    why = (ROOT / "docs/ARCHITECTURE.md").read_text().partition("\n## Dependencies\n")[2].lower()
    known = {"libssl": "openssl", "libcrypto": "openssl", "libxml-2.0": "libxml2", "icu-uc": "icu",
             "icu-i18n": "icu", "csv": "libcsv", "vips": "libvips"}
    for name in linked:
        assert known.get(name, name) in why, f"{name}: why is it linked?"


def test_each_package_of_npm_is_pinned_and_named():
    packages = (ROOT / "vendor/packages.json").read_text()
    why = (ROOT / "docs/ARCHITECTURE.md").read_text()
    for name in re.findall(r'"(@[\w/-]+)"', packages):
        assert name in why, name
