"""A plugin of pytest: names what fails at the moment when it fails, with the lines that say why
(tests/run.sh reads both)."""
import pytest

LINES_MAX = 40  # of one failure


def reasons(report):
    """The lines that pytest marks with an E; where there are none, the last ones."""
    lines = report.longreprtext.splitlines()
    return [line for line in lines if line.startswith("E ")][:LINES_MAX] or lines[-LINES_MAX:]


class Namer:
    def __init__(self, terminal):
        self.terminal = terminal

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.terminal.write_line("")  # ends the line of dots
            self.terminal.write_line(f"failed: {report.nodeid}")
            for line in reasons(report):
                self.terminal.write_line(f"failed:    {line}")
            self.terminal.flush()

    def pytest_collectreport(self, report):
        self.pytest_runtest_logreport(report)


@pytest.hookimpl(trylast=True)  # after the terminal's
def pytest_configure(config):
    config.pluginmanager.register(Namer(config.pluginmanager.get_plugin("terminalreporter")))
