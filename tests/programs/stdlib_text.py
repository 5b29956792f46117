# oracle: preload=warm_regexes,json,json.scanner,textwrap,csv,string,shlex,fnmatch,pprint,tokenize
"""json in pure Python, textwrap, csv, string templates, shlex, pprint, tokenize."""
import gc

gc.disable()
import csv
import io
import json
import json.decoder
import json.encoder
import json.scanner
import pprint
import shlex
import string
import textwrap
import tokenize

json.encoder.c_make_encoder = None
json.scanner.c_make_scanner = None
json.decoder.scanstring = json.decoder.py_scanstring
data = {"k": [1, 2.5, None, True], "nested": {"ü": "\ud83d\ude00"}, "e": []}
text = json.dumps(data, indent=1, sort_keys=True)
decoder = json.JSONDecoder(object_pairs_hook=list)
decoder.parse_string = json.decoder.py_scanstring
decoder.scan_once = json.scanner.py_make_scanner(decoder)
print(text, decoder.decode(text))
try:
    decoder.decode('{"a": tru')
except json.JSONDecodeError as why:
    print(why.pos, why.msg)
print(textwrap.fill("a text that is wrapped at twenty columns, hyphen-ated too", 20))
print(textwrap.dedent("   a\n     b\n   c"), textwrap.shorten("many words here", 9))
rows = list(csv.DictReader(io.StringIO('a,b\n1,"x, y"\n2,z\n')))
out = io.StringIO()
csv.writer(out, delimiter=";").writerows([[1, None], ["q;", '"']])
print(rows, out.getvalue())
print(string.Template("$a and ${b} $$").substitute(a=1, b=[2]))
print(shlex.split("a 'b c' \"d\\\"e\" #f", comments=True), shlex.quote("it's"))
pprint.pprint({"long": ["x" * 30, "y" * 30, {"z": (1, 2)}], "s": {3, 1, 2}})
for tok in tokenize.generate_tokens(io.StringIO("x = f(1)  # c\n").readline):
    print(tok.type, tok.string)
