"""Imports the modules in ORACLE_PRELOAD before any tracing begins, on every side alike:
the events of a program's own work are compared, not again and again those of importing."""
import os

for _name in filter(None, os.environ.get("ORACLE_PRELOAD", "").split(",")):
    __import__(_name)
