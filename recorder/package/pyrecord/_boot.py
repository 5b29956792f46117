# Run by an interpreter that is to record a program. Not imported; leaves nothing behind.
# (The first line is one that -x may skip.)
def _boot():
    import _frozen_importlib
    import _imp
    import sys

    folder = __file__.rpartition("/")[0]
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        del sys.path[0]
    sys.path_importer_cache.pop(__file__, None)
    words = ["pyrecord"] + sys.argv[1:]
    command = sys.orig_argv[:1] if hasattr(sys, "orig_argv") else ["python3"]
    for place in [folder] + [path + "/pyrecord" for path in sys.path]:
        for suffix in _imp.extension_suffixes():
            spec = _frozen_importlib.ModuleSpec("_pyrecord", None, origin=place + "/_pyrecord" + suffix)
            try:
                module = _imp.create_dynamic(spec)
            except ImportError as why:
                if "cannot open shared object file" in str(why):
                    continue
                raise SystemExit("pyrecord: %s" % why)
            _imp.exec_dynamic(module)
            module.run_program(command, words)
    sys.stderr.write("pyrecord: there is no recorder for this Python (%s, %s): build it with 'make PYTHON=%s', "
                     "or install it there with pip\n" % (sys.executable, sys.version.split()[0], sys.executable))
    raise SystemExit(125)


_boot()
