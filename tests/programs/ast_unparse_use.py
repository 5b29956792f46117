# oracle: preload=ast since=3.11
"""ast.parse, a NodeTransformer, ast.unparse, literal_eval."""
import gc

gc.disable()
import ast

SOURCE = '''
@decorate
async def f(a, /, b: int = 1, *rest, c, **more) -> None:
    """doc"""
    async with x as (y, z):
        yield {**a, "k": [i for i in b if i]}
    match b:
        case {"x": 1, **kw} | [Point(x=0), *_] if kw:
            return f"{a!r:>{width}}"
    try:
        raise E from None
    except* (A, B) as e:
        lambda q, *, r=2: (yield)
    else:
        assert -a ** b < c <= d, "m"
'''


class Rename(ast.NodeTransformer):
    def visit_Name(self, node):
        return ast.copy_location(ast.Name(id=node.id + "_", ctx=node.ctx), node)


tree = ast.parse(SOURCE)
print(ast.unparse(ast.fix_missing_locations(Rename().visit(tree))))
print(ast.literal_eval("{'a': [1, -2.5, (None, True)], b'x': {3}}"))
try:
    ast.literal_eval("f()")
except ValueError as why:
    print("no literal")
