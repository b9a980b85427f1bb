"""The parts of the history checker: tests/wire/test_history.py."""
