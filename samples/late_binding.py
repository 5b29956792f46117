"""Three buttons that all do what the last one should.

Wrong: the functions made in the loop share the loop's one variable `name`; when a button
is pressed, the loop is over and `name` has its last value.

    $ pyrecord samples/late_binding.py
    $ pyreplay late_binding.pyrec
    > u
    > history name
    > last name

`name` is what the loop gave it last, long before the button was pressed.

Shows: 'open'
Shows: 'quit'
Shows: late_binding.py:35 for name in names:
"""


class Window:
    def __init__(self):
        self.buttons = {}
        self.log = []

    def press(self, name):
        self.buttons[name]()

    def run(self, wanted, action):
        self.log.append(action)
        if action != wanted:
            raise LookupError("pressed %s, but did %s" % (wanted, action))


def add_buttons(window, pressed, names):
    for name in names:
        window.buttons[name] = lambda: window.run(pressed[-1], name)
    print(len(window.buttons), "buttons")


def main():
    window, pressed = Window(), []
    add_buttons(window, pressed, ["open", "save", "quit"])
    for name in ("quit", "open"):
        pressed.append(name)
        window.press(name)


main()
