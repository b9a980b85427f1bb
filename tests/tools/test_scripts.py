"""The scripts that people call explain themselves, and what they advise is safe."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ("tools/install-deps.sh", "tests/run.sh", "tests/keeper.py", "tests/lint/run.sh",
           "tests/slow.sh", "tests/radosgw.sh", "bench/run.sh", "deploy/drills/run.sh",
           "deploy/deb.sh", "deploy/certificates/sebez-certificate",
           "tools/gen_api.py", "tools/gen_sql.py")


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("word", ["-h", "--help"])
def test_a_script_explains_itself(script, word):
    words = ["/usr/bin/python3"] if script.startswith("tools/gen") else []
    done = subprocess.run([*words, ROOT / script, word], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert pathlib.Path(script).name in done.stdout


@pytest.fixture
def bare_machine(tmp_path):
    """A folder of programs on which nothing is installed, and which has no sudo."""
    for name in ("bash", "sed", "tr", "realpath", "env"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    for name, text in (("id", "echo 1000"), ("dpkg-query", "exit 1"), ("apt-get", "exit 9")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("sudo", [None, "exit 1"])
def test_who_may_not_install_is_told_to_run_the_script_which_starts_no_service(bare_machine, sudo):
    if sudo:
        (bare_machine / "sudo").write_text(f"#!/bin/sh\n{sudo}\n")
        (bare_machine / "sudo").chmod(0o755)
    done = subprocess.run([ROOT / "tools/install-deps.sh", "run", "test"], capture_output=True,
                          text=True, check=False, env={**os.environ, "PATH": str(bare_machine)})
    assert done.returncode == 1
    assert f"As root, run: {ROOT}/tools/install-deps.sh run test" in done.stderr
    assert "apt-get" not in done.stderr
