"""Imports the modules in ORACLE_PRELOAD before any tracing begins, on every side alike:
the events of a program's own work are compared, not again and again those of importing.

What finds modules knows the program's folder, too: a warning of the compiler's imports modules
before the program begins, on the recorder's side alone."""
import os
import sys

for _name in filter(None, os.environ.get("ORACLE_PRELOAD", "").split(",")):
    __import__(_name)

_named = os.environ.get("ORACLE_FOLDER", "")
_finder = next(_one for _one in sys.meta_path if getattr(_one, "__name__", "") == "PathFinder")
_finder.find_spec("no_such_module", [*sys.path, *({_named, os.path.abspath(_named)} if _named else ())])
