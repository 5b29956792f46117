"""A missing greeting, because an error was swallowed earlier.

Wrong: `load_language` catches every exception, the one from a broken line of its file
included, and returns what it has so far. The failure comes from a word after that line.

    $ pyrecord samples/swallowed_error.py
    $ pyreplay swallowed_error.pyrec
    > exceptions
    > b swallowed_error.py:39
    > rc
    > p number, line

The KeyError is only the end. `exceptions` lists a ValueError that nobody saw; going back
to where it was caught shows the line that broke the file.

Shows: ValueError
Shows: swallowed_error.py:39 except Exception:
Shows: (4, 'farewell auf Wiedersehen')
"""

FILES = {
    "de": """
greeting = Guten Tag
thanks = Danke
farewell auf Wiedersehen
apology = Entschuldigung
welcome = Willkommen
""",
}


def load_language(language):
    words = {}
    try:
        for number, line in enumerate(FILES[language].split("\n"), 1):
            if line:
                key, value = line.split(" = ")
                words[key] = value
    except Exception:
        pass
    return words


def letter(words, customer):
    return "%s, %s! %s." % (words["greeting"], customer, words["thanks"])


def parcel_note(words, customer):
    return "%s, %s!" % (words["welcome"], customer)


def main():
    words = load_language("de")
    print(letter(words, "Frau Adler"))
    print(parcel_note(words, "Herr Brandt"))


main()
