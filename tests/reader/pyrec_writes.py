"""The lists of writes of a recording, made again from its changes and compared: what
FORMAT.md says of them in "Finding without decoding"."""
from pyrec_file import Bad

IMAGE, PAGES, MORE, EVEN = 2, 4, 8, 16
PAGE, OWN = 64, 32  # items of a page; items that an object's own entry tells
MOST = 2 ** 32 - 1
OBJECTS, FRAMES = 1, 2


class Entry:
    """What a chunk did to an object."""

    def __init__(self):
        self.flags = self.attrs = self.start = self.grown = self.most = 0
        self.items = set()

    def image(self, count):
        self.flags |= IMAGE
        self.grown = count

    def set_items(self, first, count):
        self.items.update(range(first, first + count))
        if any(i % 2 == 0 for i in range(first, first + count)):
            self.flags |= EVEN

    def splice(self, at, gone, come):
        if gone == come:
            self.set_items(at, come)
            return
        start = min(at + 1, MOST)
        self.start = min(self.start, start) if self.start else start
        self.grown += come - gone
        self.most = max(self.most, self.grown)

    def set_attrs(self, at, gone, come):
        if gone != come or come > 64:
            self.attrs = 2 ** 32 - 1
        else:
            for i in range(come):
                self.attrs |= 1 << (at + i) // 2 % 32

    def rows(self):
        """page -> (flags, items, attrs, from, grown, risen)."""
        def bits(items):
            return sum(1 << i % PAGE for i in items)
        paged = any(i >= OWN for i in self.items)
        own = 0 if paged else bits(self.items)
        risen = 0 if self.flags & IMAGE else self.most - max(0, self.grown)
        rows = {0: (self.flags | (PAGES if paged else 0), own, self.attrs, self.start,
                    self.grown, risen)}
        if paged:
            for page in {i // PAGE for i in self.items}:
                rows[page + 1] = (0, bits(i for i in self.items if i // PAGE == page),
                                  0, 0, 0, 0)
        return rows


class Writes:
    def __init__(self):
        self.objects = {}  # (chunk, object) -> Entry
        self.slots = set()  # (chunk, frame, slot)
        self.blocks = []
        self.chunk_count = 0

    def local(self, chunk, frame, slot):
        if frame < chunk.first_frame:
            self.slots.add((chunk.number, frame, slot))

    def change(self, chunk, name, numbers, values):
        number = numbers["o"][0]
        if number >= chunk.first_object or name == "late":
            return
        entry = self.objects.setdefault((chunk.number, number), Entry())
        if name == "image":
            entry.image(len(values[0]))
        elif name == "item_set":
            entry.set_items(numbers["i"][0], 1)
        elif name == "item_splice":
            entry.splice(numbers["i"][0], numbers["n"][0], len(values[0]))
        elif name == "attr_set":
            entry.set_attrs(numbers["i"][0], 1, 1)
        elif name == "attr_splice":
            entry.set_attrs(numbers["i"][0], numbers["n"][0], len(values[0]))
        elif name == "more":
            entry.flags |= MORE

    def made(self, end):
        """Sorted as in the file: (list, id, page, chunk, what)."""
        for (chunk, number), entry in self.objects.items():
            for page, row in entry.rows().items():
                if chunk < end:
                    yield OBJECTS, number, page, chunk, row
        for chunk, frame, slot in self.slots:
            if chunk < end:
                yield FRAMES, frame, slot, chunk, (0, 0, 0, 0, 0, 0)

    @staticmethod
    def told(block):
        """The same from one block."""
        count = len(block.id)
        columns = [list(column) or [0] * count
                   for column in (block.page, block.chunk, block.flags, block.items,
                                  block.attrs, getattr(block, "from"), block.grown, block.risen)]
        if any(len(column) != count for column in columns):
            raise Bad("columns of a list of writes have not one length")
        number = page = chunk = 0
        for i in range(count):
            page = columns[0][i] + (page if block.id[i] == 0 and i else 0)
            same = i and block.id[i] == 0 and columns[0][i] == 0
            chunk = columns[1][i] + (chunk if same else 0)
            number += block.id[i]
            yield (block.list, number, page, block.first_chunk + chunk,
                   tuple(column[i] for column in columns[2:]))

    def check(self, complete):
        end, told = 0, []
        for block in self.blocks:
            if block.first_chunk not in (end, self.first):
                raise Bad("the lists of writes do not cover chunk %d" % end)
            self.first, end = block.first_chunk, block.first_chunk + block.chunk_count
            told.extend(self.told(block))
        if complete and end != self.chunk_count:
            raise Bad("the lists of writes end with chunk %d" % end)
        made = sorted(self.made(end))
        if sorted(told) != made:
            differ = sorted(set(told) ^ set(made))
            raise Bad("the lists of writes differ from the changes: %r" % differ[:4])

    first = None
