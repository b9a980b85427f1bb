"""The SDK of clients/sdk-ts, as npm packs it, in an empty project, against a real server. Its tests
are in clients/sdk-ts/test; where npm is not installed, they are skipped."""
import fcntl
import gzip
import json
import os
import subprocess

import pytest

from harness.clients import refresh, run, samples
from harness.contract import OPERATIONS, ROOT
from harness.sdk import installed

SOURCE = ROOT / "clients/sdk-ts"
FOLDER = ROOT / "build/sdk-ts"
APP = ROOT / "build/sdk-ts-app"
SIZE_MAX = 8 * 1024  # of an entry with all that it needs, compressed


@pytest.fixture(scope="module")
def app():
    """An empty project that has installed what `npm pack` makes."""
    folder, why_not = installed(SOURCE, FOLDER,
                                ("package.json", "package-lock.json", "tsconfig.json"))
    if folder is None:
        pytest.skip(why_not)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refresh(SOURCE / "src", FOLDER / "src")
        run(ROOT / "tools/gen_clients.py", "ts", FOLDER / "src/api.gen.ts", cwd=ROOT)
        run("npx", "tsc", "-p", "tsconfig.json", cwd=folder)
        (packed,) = json.loads(run("npm", "pack", "--json", "--ignore-scripts", cwd=folder))
        refresh(SOURCE / "test", APP)
        (APP / "package.json").write_text('{"private": true, "type": "module"}')
        run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
            folder / packed["filename"], cwd=APP)
    return APP


@pytest.mark.parametrize("file", sorted(path.name for path in (SOURCE / "test").glob("*.test.mjs")))
def test_the_sdk_does_what_its_tests_say(app, sdk_world, file):
    run("node", "--test", file, cwd=app, env={**os.environ, "SEBEZ_WORLD": str(sdk_world)})


def compile_types(app, file):
    (app / "tsconfig.json").write_text(json.dumps({
        "compilerOptions": {"target": "ES2022", "module": "NodeNext", "strict": True,
                            "noEmit": True, "types": []}, "include": [file]}))
    run(FOLDER / "node_modules/.bin/tsc", "-p", ".", cwd=app)


def test_what_developers_write_is_typed(app):
    compile_types(app, "story.ts")


def test_every_sample_of_the_reference_has_the_types_of_the_sdk(app, shop):
    names = {name for operation in OPERATIONS.values() for name in operation.names("path")}
    known = ", ".join(f"{name}: string" for name in ["shop", *names - {"file"}])
    lines = ['import { type Sebez } from "@sebez/sdk";',
             'import { type SebezAdmin } from "@sebez/sdk/admin";',
             f"declare const file: Blob, {known};"]
    for name, sample in samples(shop.server, "TypeScript").items():
        client = "SebezAdmin" if OPERATIONS[name].path.startswith("/v1/admin/") else "Sebez"
        lines += [f"export async function {name}(sebez: {client}) {{", sample, "}"]
    (app / "samples.ts").write_text("\n".join(lines))
    compile_types(app, "samples.ts")


@pytest.mark.parametrize("file", ["index.js", "admin.js"])
def test_the_sdk_is_small_and_needs_nothing(app, file):
    package = json.loads((app / "node_modules/@sebez/sdk/package.json").read_text())
    assert "dependencies" not in package
    bundle = subprocess.run(
        [FOLDER / "node_modules/.bin/esbuild", "--bundle", "--minify", "--format=esm",
         app / "node_modules/@sebez/sdk/dist" / file], capture_output=True, check=True).stdout
    size = len(gzip.compress(bundle, 9))
    print("compressed:", size)
    assert size <= SIZE_MAX
