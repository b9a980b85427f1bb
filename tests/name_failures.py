"""A plugin of pytest: names what fails at the moment when it fails (tests/run.sh reads it)."""
import pytest


class Namer:
    def __init__(self, terminal):
        self.terminal = terminal

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.terminal.ensure_newline()
            self.terminal.write_line(f"failed: {report.nodeid}")
            self.terminal.flush()

    def pytest_collectreport(self, report):
        self.pytest_runtest_logreport(report)


@pytest.hookimpl(trylast=True)  # after the terminal's
def pytest_configure(config):
    config.pluginmanager.register(Namer(config.pluginmanager.get_plugin("terminalreporter")))
