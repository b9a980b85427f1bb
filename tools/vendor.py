#!/usr/bin/env python3
"""Takes files out of pinned npm packages into vendor/, so that a build needs no npm or network.

    vendor.py            downloads each package of vendor/packages.json with `npm pack`, checks its
                         integrity and writes its files, compressed, and vendor/packages.json's sums
    vendor.py --check    downloads too, and fails when vendor/ holds anything else
    vendor.py --offline  fails when a file of vendor/ does not have the sum in vendor/packages.json

Which registry is asked is npm's own setting. To take a newer version: change `version`, empty
`integrity`, run it, look at what changed, and look at the page that uses it.
"""
import argparse
import base64
import gzip
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "vendor"
LIST = FOLDER / "packages.json"
SOURCE_MAP = re.compile(rb"\n//# sourceMappingURL=\S+\s*$")


class Wrong(Exception):
    pass


def download(package, folder):
    """The package's tarball, checked."""
    name = f"{package['name']}@{package['version']}"
    done = subprocess.run(["npm", "pack", "--silent", "--pack-destination", folder, name],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Wrong(f"npm pack {name} failed: {done.stderr.strip()[-500:]}")
    tarball = pathlib.Path(folder) / done.stdout.split()[-1]
    found = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if package["integrity"] not in ("", found):
        raise Wrong(f"{name} has the integrity {found}, not {package['integrity']}")
    package["integrity"] = found
    return tarball


def taken(package, tarball):
    """(file's entry, its bytes) of the files that are wanted."""
    with tarfile.open(tarball) as archive:
        for entry in package["files"]:
            data = archive.extractfile("package/" + entry["from"]).read()
            yield entry, SOURCE_MAP.sub(b"\n", data)


def packed(data):
    return gzip.compress(data, 9, mtime=0)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def stored(entry):
    path = FOLDER / entry["to"]
    if not path.exists():
        raise Wrong(f"vendor/{entry['to']} is missing")
    return gzip.decompress(path.read_bytes())


def check_offline(packages):
    listed = {entry["to"]: entry for package in packages for entry in package["files"]}
    for name, entry in listed.items():
        if digest(stored(entry)) != entry["sha256"]:
            raise Wrong(f"vendor/{name} is not what vendor/packages.json says")
    for path in FOLDER.glob("*.gz"):
        if path.name not in listed:
            raise Wrong(f"vendor/{path.name} is in no package of vendor/packages.json")


def take(packages, check):
    for package in packages:
        with tempfile.TemporaryDirectory() as folder:
            for entry, data in taken(package, download(package, folder)):
                if check and (stored(entry) != data or entry["sha256"] != digest(data)):
                    raise Wrong(f"vendor/{entry['to']} is not what the package has")
                entry["sha256"] = digest(data)
                if not check:
                    (FOLDER / entry["to"]).write_bytes(packed(data))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--offline", action="store_true")
    args = parser.parse_args()
    packages = json.loads(LIST.read_text(encoding="utf-8"))
    try:
        if args.offline:
            check_offline(packages)
        else:
            take(packages, args.check)
    except Wrong as wrong:
        print(wrong, file=sys.stderr)
        return 1
    if not args.check and not args.offline:
        LIST.write_text(json.dumps(packages, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
