# oracle: preload=difflib
"""difflib: matching blocks, unified and ndiff output, close matches."""
import gc

gc.disable()
import difflib

before = ["import sys\n", "def f(x):\n", "    return x + 1\n", "print(f(2))\n", "\n"]
after = ["import sys\n", "def f(x, y=0):\n", "    return x + y\n", "\n", "print(f(2))\n"]
matcher = difflib.SequenceMatcher(None, "".join(before), "".join(after), autojunk=False)
print(round(matcher.ratio(), 3), matcher.get_opcodes()[:4])
sys_out = "".join(difflib.unified_diff(before, after, "a", "b"))
print(sys_out)
print("".join(difflib.ndiff(before[:3], after[:3])))
print(difflib.get_close_matches("appel", ["ape", "apple", "peach", "puppy"]))
