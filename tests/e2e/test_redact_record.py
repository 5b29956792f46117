"""Secrets do not enter a recording: names and places, hits and near misses."""
import os
import subprocess

import pytest
import run
import zstandard

# name -> secret or not, as local, global, attribute, key, keyword ... (60 in all)
HITS = ["password", "Password", "PASSWD", "db_password2", "userPassword", "pwd", "passphrase", "secret",
        "client_secret", "clientSecret", "api_key", "apiKey", "APIKey", "X_Api_Key", "private_key",
        "AWS_SECRET_ACCESS_KEY", "aws_access_key_id", "authorization", "auth_token", "accessToken",
        "refresh_token", "csrf_token", "token", "cookie", "session_cookie", "credentials", "jwt", "bearer",
        "smtp_pass", "PGPASSWORD"]
MISSES = ["company", "author", "passed", "tokenizer", "keyboard", "compass", "passenger", "bypass",
          "secretary", "monkey", "hockey", "key", "keys", "token_count", "tokens", "tokenize", "authored",
          "authority", "span", "passing", "passage", "cookiecutter", "credit", "credible", "keyword",
          "turkey", "mypy", "pass_count", "compassion", "secretion"]


def raw(path):
    """All that the frames hold, without compression."""
    with open(path, "rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()


def test_the_table():
    assert len(HITS) + len(MISSES) == len(set(HITS + MISSES)) == 60


@pytest.mark.parametrize("place", ["local", "global", "attribute", "key", "keyword"])
def test_names(place, program, pyrecord, tmp_path):
    """Each name holds a text that is made while it runs, so that the source has it not."""
    made = {"local": "    %s = make(%d)\n", "global": "    globals()['%s'] = make(%d)\n",
            "attribute": "    box.%s = make(%d)\n", "key": "    table['%s'] = make(%d)\n",
            "keyword": "    take(%s=make(%d))\n"}[place]
    text = ("def make(n):\n    return 'value-' + str(n * 7919)\n\n"
            "def take(**options):\n    kept.append(options)\n    return len(kept)\n\n"
            "class Box:\n    pass\n\nbox, table, kept = Box(), {}, []\n\n"
            "def run():\n" + "".join(made % (name, i) for i, name in enumerate(HITS + MISSES))
            + "    return 0\n\nrun()\n")
    # the result of make() is in the recording: redacted by identity only from then on
    text = text.replace("def make(n):\n    return 'value-' + str(n * 7919)",
                        "make = lambda n: ('value-%d' % (n * 7919))")
    recording = tmp_path / "out.pyrec"
    done = pyrecord("-q", "--exclude-function", "<lambda>", "-o", recording, program(text))
    assert done.status == 0, done
    held = raw(recording)
    for i, name in enumerate(HITS + MISSES):
        value = ("value-%d" % (i * 7919)).encode()
        there = any(not held[at + len(value):at + len(value) + 1].isdigit()
                    for at in finds(held, value))
        assert there == (name in MISSES), (place, name)


def finds(held, text):
    at = held.find(text)
    while at >= 0:
        yield at
        at = held.find(text, at + 1)


# Forty of them, S00 to S39: what stands for them is put together while the program runs.
PLANTED = '''\
import collections
import dataclasses
import enum
import functools
import os
import sys
import threading
import typing

ALL = sys.stdin.readline().split()


def secret_of(n):
    return "".join(["pl", "anted", "-", str(n + 5000), "-xyz"])


class Account:
    __slots__ = ("name", "password")

    def __init__(self, name, password):
        self.name = name
        self.password = password

    def get_password(self):
        return self.password


class Plain:
    def __init__(self, **kw):
        self.__dict__.update(kw)


Login = collections.namedtuple("Login", "user password")


class Typed(typing.NamedTuple):
    user: str
    api_key: bytes


@dataclasses.dataclass
class Config:
    host: str
    db_password: str
    nested: dict


class Wrong(Exception):
    def __init__(self, message, token):
        super().__init__(message)
        self.token = token


def login(user, password="none", *, api_key=None, **rest):
    return user


def outer(secret):
    def inner():
        return len(secret)
    return inner


def worker(credentials):
    local = {"deep": [{"er": ({"password": credentials["password"]},)}]}
    return len(local)


def gen(token):
    for i in range(3):
        yield i


def main():
    box = Plain(secret=secret_of(0), passwords=[secret_of(1), secret_of(2)])
    account = Account("ann", secret_of(3))
    account.get_password()
    config = Config("h", secret_of(4), {"cfg": {"password": secret_of(5)}})
    rows = [{"password": secret_of(6)}, {"cfg": {"api_key": secret_of(7)}}]
    deep = [[[[{"a": {"b": {"auth_token": secret_of(8)}}}]]]]
    pair = Login("ann", secret_of(9))
    typed = Typed("ann", secret_of(10).encode())
    login("ann", secret_of(11))
    login("ann", password=secret_of(12))
    login("ann", api_key=secret_of(13), session_cookie=secret_of(14))
    bound = functools.partial(login, "ann", password=secret_of(15))
    bound()
    keep = outer(secret_of(16))
    keep()
    thread = threading.Thread(target=worker, args=({"password": secret_of(17)},))
    thread.start()
    thread.join()
    os.environ["APP_SECRET"] = secret_of(18)
    copy = dict(os.environ)
    default = collections.defaultdict(str)
    default["passwd"] = secret_of(19)
    ordered = collections.OrderedDict(password=secret_of(20))
    counter = {b"password": secret_of(21).encode()}
    globals()["API_KEY"] = secret_of(22)
    for i in gen(secret_of(23)):
        pass
    try:
        raise Wrong("bad", secret_of(24))
    except Wrong as error:
        kept = error
    credentials = {"user": secret_of(25)}
    secrets = (secret_of(26), secret_of(27))
    password = bytearray(secret_of(28).encode())
    token = memoryview(secret_of(29).encode())
    client_secret = secret_of(30)
    client_secret += "more"
    passphrase = int("".join(str(ord(c) % 10) for c in secret_of(31)))
    headers = {"Authorization": "Bearer " + secret_of(32), "X-Api-Key": secret_of(33)}
    Kind = enum.Enum("Kind", {"PASSWORD": secret_of(34), "OTHER": 1})
    kinds = list(Kind)
    namespace = type("Space", (), {"private_key": secret_of(35)})
    password = secret_of(36)
    try:
        raise ValueError(password)
    except ValueError as error:
        kept = error
    same = password
    for name, value in headers.items():
        pass
    return len(sys.argv)


main()
print(len(os.environ["MY_PASSWORD"]))
'''


def planted(n):
    return "planted-%d-xyz" % (n + 5000)


def test_forty_planted(program, tmp_path):
    recording = tmp_path / "out.pyrec"
    path = program(PLANTED)
    words = [run.PYRECORD, "-q", "--exclude-function", "secret_of", "-o", recording, path,
             "--password", planted(37), "--token=" + planted(38)]
    env = dict(os.environ, MY_PASSWORD=planted(39))
    done = subprocess.run([str(word) for word in words], input=b"\n", env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)
    assert done.returncode == 0, done.stderr
    held = raw(recording)
    assert [n for n in range(40) if planted(n).encode() in held] == []
    assert run.pyreplay("verify", recording).status == 0
    info = run.info(recording)
    assert planted(37) not in str(info["argv"]) and "--token=<redacted>" in str(info["argv"])
    loud = tmp_path / "loud.pyrec"
    words[words.index(recording)] = loud
    words.insert(1, "--no-redact")
    subprocess.run([str(word) for word in words], input=b"\n", env=env, stdout=subprocess.PIPE, timeout=120)
    held = raw(loud)
    missing = [n for n in range(40) if planted(n).encode() not in held]
    assert set(missing) <= {29, 31}, missing  # there they are numbers


def test_rules_for_texts(program, pyrecord, tmp_path):
    """`text` rules hold while recording: in variables, containers, exceptions and the source."""
    path = program("""\
import json

def parts(n):
    return "sk_" + "live_" + str(n * 7919)

class Box:
    pass

def run():
    plain = "sk_" + "other"
    one = parts(1)
    table = {"a": [parts(2)], parts(3): 1}
    box = Box()
    box.data = parts(4).encode()
    grown = "x"
    for piece in ("sk_", "live", "_", "5"):
        grown += piece
    literal = "sk_live_literal"
    try:
        raise ValueError(parts(6))
    except ValueError as error:
        text = json.dumps([str(error), table["a"]])
    one = "shown again"
    return plain, one

run()
""")
    rules, out = tmp_path / "team.rules", tmp_path / "out.pyrec"
    rules.write_text("# keys\ntext sk_live_*\n")
    assert pyrecord("-q", "--redact-file", rules, "-o", out, path).status == 0
    held = raw(out)
    assert b"sk_live_" not in held.replace(b"sk_live_*", b"")
    assert b"sk_other" in held and b"shown again" in held and b"<redacted>" in held
    assert run.pyreplay("verify", out).status == 0


def test_rules_of_ones_own(program, pyrecord, tmp_path):
    path = program('''\
import decimal
class Vault:
    def __init__(self, n): self.inside = "vault" + str(n * 3)
class Sub(Vault): pass
class Text(str): pass
def f(card_number, cardholder, my_iban, ibans, token_kind):
    vault, sub, text = Vault(11), Sub(12), Text("tex" + "t77")
    return decimal.Decimal("1.5")
f(*[word + "-v" for word in ("one", "two", "three", "four", "five")])
''')
    rules = tmp_path / "team.rules"
    rules.write_text("# what our team hides\n\nname card_number\nname  *_iban\nkeep token_kind\ntext sk_*\n"
                     "type *.Vault\n")
    out = tmp_path / "out.pyrec"
    options = ["--redact-file", rules, "--redact-type", "Text"]
    done = pyrecord("-q", "--no-redact", *options, "-o", out, path)
    assert done.status == 0, done
    last = [row for row in run.dump(out) if row["function"] == "f"][-1]["locals"]
    assert "redacted" in last["card_number"] and "redacted" in last["my_iban"]
    assert last["cardholder"] == "'two-v'" and last["ibans"] == "'four-v'"
    assert last["token_kind"] == "'five-v'"
    assert all("redacted" in last[name] for name in ("vault", "sub", "text")), last
    held = raw(out)
    assert b"vault33" not in held and b"vault36" not in held and b"text77" not in held
    for text, says in [("name\n", "line 1: the pattern '' is empty"), ("\nnames x\n", "line 2: 'names x'"),
                       ("name *\n", "would match anything"), ("text [a\n", "has a [ without ]")]:
        rules.write_text(text)
        done = pyrecord("--redact-file", rules, path)
        assert done.status == 125 and says in done.message, (text, done)
    done = pyrecord("--redact-file", tmp_path / "none", path)
    assert done.status == 125 and "cannot read the rules" in done.message


def test_rules_for_texts_in_the_command_line_and_numbers(program, tmp_path):
    """What a `text` rule names is no secret less as an int or a word of the command line; and
    what holds in a program holds in its forked children."""
    path = program("""\
import array
import os

class Box:
    pass

def work(n):
    pin = n * 3
    box, near = Box(), n * 3 + 1
    box.pin = pin
    table = {"a": [pin], pin: near, "b": {pin}}
    numbers = array.array("q", [pin, near])
    text = str(pin)
    for pin in (near, n * 3, n * 3, near):
        near += 10
    return n * 3

work(1570823715)
child = os.fork()
if child == 0:
    work(1570823715 + len(str(child)) - 1)
    os._exit(0)
os.waitpid(child, 0)
""")
    rules, out = tmp_path / "team.rules", tmp_path / "out.pyrec"
    rules.write_text("text 4712471145\ntext sk_live_*\n")
    options = ["-q", "--redact-file", rules, "-o", out]
    done = run.pyrecord(*options, path, "--id", "4712471145", "--x=a-sk_live_abc", "plain")
    assert done.status == 0, done
    made = sorted(tmp_path.glob("out*.pyrec"))
    assert len(made) == 2
    for recording in made:
        run.verified(recording)
        held = raw(recording)
        assert b"4712471145" not in held and b"sk_live_abc" not in held
        rows = run.dump(recording, "--function", "work")
        assert "4712471146" in str(rows) and "4712471145" not in str(rows)
        last = rows[-1]
        assert last["arg"] == "<elided: redacted>" and last["locals"]["pin"] == "4712471146", last
        assert "redacted" in last["locals"]["box"] and last["locals"]["numbers"].count("redacted") == 1
        loop = [row["locals"]["pin"] for row in rows if row["line"] == 15]
        assert loop == ["<elided: redacted>" if i in (2, 3) else "4712471146" for i in range(1, 5)], loop
        argv = run.info(recording)["argv"]
        assert argv[-4:] == ["--id", "<redacted>", "--x=a-<redacted>", "plain"], argv
