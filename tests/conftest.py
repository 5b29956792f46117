"""What every test shares: the programs under test must be there, and the numbers that the
comparisons count are printed at the end of the run."""
import os

import pytest

import run

_lines = []


def pytest_configure(config):
    config.comparison_lines = _lines


def pytest_terminal_summary(terminalreporter):
    if _lines:
        terminalreporter.section("compared with the independent tracers")
        for line in _lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def counted():
    """Takes a line for the summary."""
    return _lines.append


def _built(path):
    if not os.path.exists(path):
        pytest.fail("%s is missing: run `make` first" % path)
    return path


@pytest.fixture(scope="session")
def pyrecord():
    _built(run.PYRECORD)
    return run.pyrecord


@pytest.fixture(scope="session")
def pyreplay():
    _built(run.PYREPLAY)
    return run.pyreplay


@pytest.fixture
def program(tmp_path):
    """Writes a program's text to a file of its own."""

    def write(text, name="program.py"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        return path

    return write
