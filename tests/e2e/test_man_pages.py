"""Help and man pages come from the same tables: one page for each program and subcommand."""
import re
import shutil
import subprocess

import pytest
import run

SUBCOMMANDS = run.pyreplay("help", "--list").text.split()
PAGES = [[]] + [[name] for name in SUBCOMMANDS]


def options_of(text):
    return set(re.findall(r"--([a-z][a-z-]+)", text)) - {"batch"}


def test_the_list_is_that_of_the_help():
    told = re.findall(r"^pyreplay ([a-z][a-z-]*) ", run.pyreplay("help").text, re.M)
    assert sorted(told) == sorted(SUBCOMMANDS) and {"dump", "info", "verify"} < set(told)


@pytest.mark.parametrize("words", PAGES, ids=lambda words: "-".join(["pyreplay", *words]))
def test_help_and_page_agree(words):
    shown, page = run.pyreplay(*words, "--help"), run.pyreplay(*words, "--man")
    assert shown.status == page.status == 0 and not shown.err + page.err
    name = "-".join(["pyreplay", *words])
    assert page.text.startswith('.TH ' + name.upper().replace("-", "\\-") + " 1 ")
    assert ".SH NAME\n%s \\- " % name.replace("-", "\\-") in page.text
    plain = page.text.replace("\\-", "-")
    assert options_of(shown.text) <= options_of(plain)
    assert "\nExamples:\n" in shown.text and ".SH EXAMPLES\n" in page.text
    assert all(len(line) <= 79 or line.startswith("  ") for line in shown.text.splitlines())


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
@pytest.mark.parametrize("words", PAGES, ids=lambda words: "-".join(["pyreplay", *words]))
def test_groff_has_nothing_to_say(words):
    page = run.pyreplay(*words, "--man").out
    done = subprocess.run(["groff", "-ww", "-man", "-Tutf8"], input=page, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert b"EXAMPLES" in re.sub(rb".\x08", b"", done.stdout)
