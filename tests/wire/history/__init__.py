"""The parts of the history checkers: tests/wire/test_history.py, test_push_history.py."""
