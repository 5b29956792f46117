# oracle: preload=configparser
"""Interpolation, defaults, converters, errors and writing of configparser."""
import gc

gc.disable()
import configparser
import io

TEXT = """
[DEFAULT]
base = /srv
size: 10

[one]
path = %(base)s/one
list = a
    b
    c
flag = yes

[two]
path = %(nothing)s/x
ratio = 0.5
"""

config = configparser.ConfigParser(converters={"items": str.split})
config.read_string(TEXT)
print(config.sections(), dict(config["one"]))
print(config["one"].getboolean("flag"), config["two"].getfloat("ratio"), config["one"].getitems("list"))
for section, option in [("two", "path"), ("three", "x"), ("one", "none")]:
    try:
        print(config.get(section, option))
    except configparser.Error as why:
        print(type(why).__name__, why.message.splitlines()[0])
config["two"]["path"] = "fixed"
config.set("one", "size", "11")
config.remove_option("one", "flag")
out = io.StringIO()
config.write(out)
print(out.getvalue())
try:
    config.read_string("[one]\na=1\n[one]\nb=2\n", source="again")
except configparser.DuplicateSectionError as why:
    print(why.lineno, why.source)
