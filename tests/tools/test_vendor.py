"""vendor/ holds what its list says, and the tool that fills it notices everything else."""
import importlib.util
import json
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def check(root):
    return subprocess.run([sys.executable, root / "tools/vendor.py", "--offline"],
                          capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(ROOT / "vendor", tmp_path / "vendor")
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/vendor.py", tmp_path / "tools")
    return tmp_path


def test_what_is_there_is_what_the_list_says():
    done = check(ROOT)
    assert done.returncode == 0, done.stderr


def test_what_differs_is_missing_or_is_too_much_is_told(copy):
    [file] = copy.glob("vendor/*.js.gz")
    spec = importlib.util.spec_from_file_location("vendor", copy / "tools/vendor.py")
    vendor = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(vendor)
    good = file.read_bytes()
    (copy / "vendor/more.js.gz").write_bytes(vendor.packed(b"more"))
    assert "more.js.gz is in no package" in check(copy).stderr
    (copy / "vendor/more.js.gz").unlink()
    file.write_bytes(vendor.packed(b"other"))
    assert "is not what vendor/packages.json says" in check(copy).stderr
    file.unlink()
    assert "is missing" in check(copy).stderr
    file.write_bytes(good)
    assert check(copy).returncode == 0


def test_every_package_is_pinned_and_its_license_kept():
    licenses = (ROOT / "vendor/LICENSES.md").read_text()
    for package in json.loads((ROOT / "vendor/packages.json").read_text()):
        assert package["integrity"].startswith("sha512-")
        assert f"## {package['name']}: {package['license']}\n" in licenses
        assert all(package["version"] in entry["to"] for entry in package["files"])
