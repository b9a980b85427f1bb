"""What a first start leaves in the data folder, made once in a run of the tests and copied: initdb
and the schema cost six times what a later start does. Tests of the first start do without it
(server.folder)."""
import fcntl
import os
import pathlib
import shutil
import subprocess

from .contract import BUILD

# What decides where the data is, whose it is, or what is in it from the beginning.
DECIDING = {"DATABASE_URL", "REDIS_URL", "SEBEZ_CURRENCY", "SEBEZ_DEMO", "SEBEZ_RUN_AS",
            "SEBEZ_SECRET", "SEBEZ_SECRET_FILE"}


def is_as_any(settings):
    return not DECIDING & settings.keys()


def copy(make, data):
    """Copies it to `data`. Runs side by side wait for the one that makes it, by make(folder). Only
    the keeper has a folder for it that ends with the run: without one, nothing is copied."""
    tmp = os.environ.get("SEBEZ_TEST_TMP")
    if not tmp:
        return
    made = pathlib.Path(tmp) / f"first-start-{BUILD.resolve().name}"
    with open(f"{made}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            part = made.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            make(part)
            part.rename(made)
    subprocess.run(["cp", "-a", "--reflink=auto", made, data], check=True)
