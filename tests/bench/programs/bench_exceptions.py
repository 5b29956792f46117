"""Exceptions: raised, passed through frames, caught, chained."""
import sys


class Refused(Exception):
    pass


def parse(text):
    return int(text)


def price(text):
    try:
        return parse(text)
    except ValueError as error:
        raise Refused(text) from error


def total(texts):
    amount = 0
    refused = 0
    for text in texts:
        try:
            amount += price(text)
        except Refused:
            refused += 1
        finally:
            amount += 1
    return amount, refused


def main(size):
    texts = ["12", "x", "7", "", "1e3", "40"]
    result = None
    for _ in range(size):
        result = total(texts)
    print(result)


main(int(sys.argv[1]))
