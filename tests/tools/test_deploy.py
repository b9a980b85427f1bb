"""What deploy/ hands to other programs is what they accept, and as safe as it says."""
import pathlib
import shutil
import subprocess

import pytest

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_the_unit_gives_the_service_no_more_than_it_needs():
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20",
                           DEPLOY / "debian/sebez.service"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stderr == "", "names that systemd does not know allow and forbid nothing"
