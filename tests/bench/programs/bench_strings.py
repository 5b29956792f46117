"""Text that is put together, split, cleaned and counted."""
import sys

WORDS = "the quick brown fox jumps over the lazy dog and runs away".split()


def sentence(number):
    text = ""
    for place in range(12):
        word = WORDS[(number * 7 + place * 5) % len(WORDS)]
        text += word.capitalize() if place == 0 else " " + word
    return text + "."


def caesar(text, by):
    out = []
    for c in text:
        if c.isalpha():
            base = ord("a") if c.islower() else ord("A")
            c = chr((ord(c) - base + by) % 26 + base)
        out.append(c)
    return "".join(out)


def main(size):
    letters = 0
    for number in range(size):
        text = sentence(number)
        secret = caesar(text, number % 26)
        letters += len(secret) - secret.count(" ") + len(text.split())
    print(letters)


main(int(sys.argv[1]))
