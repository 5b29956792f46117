"""Invoices that carry the lines of the customers before.

Wrong: the default of `add_line`'s argument `lines` is made once, when the function is
defined, so every invoice that does not bring a list of its own writes to the same one.

    $ pyrecord samples/shared_default.py
    $ pyreplay shared_default.pyrec
    > p invoice
    > last invoice["lines"][0]
    > u
    > p customer

The failing invoice is Brandt's. The first of its lines was put there in this very list
while the invoice was Adler's.

Shows: 'customer': 'Brandt'
Shows: shared_default.py:29 lines.append((text, cents))
Shows: 'Adler'
"""

ORDERS = [
    ("Adler", [("desk", 42900), ("lamp", 5900)]),
    ("Brandt", [("chair", 18900)]),
    ("Celik", [("shelf", 12900), ("rug", 9900)]),
]


def add_line(text, cents, lines=[]):
    lines.append((text, cents))
    return lines


def make_invoice(customer, wanted):
    invoice = {"customer": customer, "lines": None}
    for text, cents in wanted:
        invoice["lines"] = add_line(text, cents)
    return invoice


def check(invoice, wanted):
    total = sum(cents for _, cents in invoice["lines"])
    expected = sum(cents for _, cents in wanted)
    if total != expected:
        raise ValueError(
            "%s owes %d, not %d" % (invoice["customer"], expected, total))


def main():
    for customer, wanted in ORDERS:
        invoice = make_invoice(customer, wanted)
        check(invoice, wanted)
        print(customer, len(invoice["lines"]), "lines")


main()
