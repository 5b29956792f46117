# oracle: preload=_pydecimal
"""The pure Python decimal: arithmetic, rounding, contexts, signals."""
import gc

gc.disable()
import _pydecimal as d

with d.localcontext() as ctx:
    ctx.prec = 20
    a = d.Decimal("1.1")
    b = d.Decimal(7)
    print(a / b, a ** 3, (a * b).quantize(d.Decimal("0.01")), -a % b)
    print(d.Decimal(2).sqrt(), d.Decimal("1e5").normalize(), d.Decimal("NaN"))
    print(d.Decimal(1.5).as_tuple(), a.compare(b), max(a, b))
    try:
        a / 0
    except d.DivisionByZero as why:
        print("zero", why.args)
    ctx.traps[d.DivisionByZero] = False
    print(a / 0, ctx.flags[d.DivisionByZero])
print("{:.3f} {:>10}".format(d.Decimal("2.71828"), d.Decimal(5)))
