"""pyreplay at a terminal, for tests: a pseudo-terminal, and a home of its own."""
import re

import pexpect
import run

PROMPT = r"\((?:event )?(\d+)(?:/\d+ t\d+)?\) "
SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    def __init__(self, recording, home, rows=40, columns=100, options=(), cwd=None, **env):
        self.child = pexpect.spawn(
            run.PYREPLAY, [*options, str(recording)], dimensions=(rows, columns), encoding="utf-8",
            codec_errors="replace", timeout=20, cwd=cwd, env=run.clean_environment(
                dict({"HOME": str(home), "TERM": "xterm", "NO_COLOR": "1", "PAGER": "cat"}, **env)))
        self.child.delaybeforesend = 0.005
        self.child.delayafterclose = self.child.delayafterterminate = 0.02
        self.opening = self.prompt()

    def prompt(self):
        """What was printed up to the next prompt."""
        self.child.expect(PROMPT)
        self.seq = int(self.child.match.group(1))
        return self.child.before

    def ask(self, line):
        """The answer, without the line as it was echoed and edited."""
        self.child.send(line + "\r")
        text = SEQUENCE.sub("", self.prompt()).replace("\r\n", "\n").partition("\n")[2]
        echoed = line + "\n"  # twice: the terminal did it as well, before the editor was ready
        return text[len(echoed):] if text.startswith(echoed) else text

    def tab(self, text, rest):
        """Types, presses the TAB key, expects `rest` behind it, and empties the line."""
        self.child.send(text + "\t")
        self.child.expect(re.escape(text))
        self.child.expect(re.escape(rest) + r"(?!\w)")
        self.empty()

    def empty(self):
        self.child.send("\x15")
        self.child.expect(r"\x1b\[K")

    def is_alive(self):
        """Whatever stands on the screen: the next question has its answer. What was printed."""
        self.child.send("p 6 * 7 + 580000\r")
        self.child.expect_exact("580042\r\n")
        printed = self.child.before
        self.prompt()
        return printed

    def leave(self):
        self.child.send("q\r")
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus == 0
