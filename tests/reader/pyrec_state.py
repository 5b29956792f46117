"""A recording played from its first event to its last: the second reader's middle.

Keeps the stacks of all threads and every object. The keyframe of each chunk but the first
says what is known already, so it is not read but compared: a difference is a fault.
"""
from pyrec_file import Bad
from pyrec_writes import Writes

EVENTS = {1: ("call", "start"), 2: ("call", "resume"), 3: ("call", "throw"),
          4: ("line", None), 5: ("return", "return"), 6: ("return", "yield"),
          7: ("return", "unwind"), 8: ("exception", None), 9: ("opcode", None),
          10: ("c_call", None), 11: ("c_return", None), 12: ("c_exception", None)}
CALLS, POPS, EV_OPCODE = (1, 2, 3), (5, 6, 7), 9

# Operand letters of each change.
OPS = {1: ("local", "s1"), 2: ("enter", "c1"), 3: ("resume", "fc1"),
       4: ("resume_full", "fc1"), 5: ("leave", ""), 6: ("new", "tnNnN"),
       7: ("image", "otnNnN"), 8: ("item_set", "oi1"), 9: ("item_splice", "oinN"),
       10: ("attr_set", "oi1"), 11: ("attr_splice", "oinN"), 12: ("more", "on"),
       13: ("late", "on"), 14: ("thread", "n"), 15: ("frame", "fcinn1"), 16: ("same", "n"),
       17: ("arg", "1"), 18: ("mark", "1")}

VALUES = {0: ("unbound", ""), 1: ("none", ""), 2: ("false", ""), 3: ("true", ""),
          4: ("ellipsis", ""), 5: ("notimplemented", ""), 6: ("int", "d"),
          7: ("bigint", "s"), 8: ("bigint_cut", "sn"), 9: ("float", "x"),
          10: ("complex", "xx"), 11: ("str", "s"), 12: ("str_cut", "sn"),
          13: ("bytes", "s"), 14: ("bytes_cut", "sn"), 15: ("ref", "r"),
          16: ("elided", "nt")}
UNBOUND = ("unbound",)


class Column:
    def __init__(self, values):
        self.values, self.place = values, 0

    def take(self):
        self.place += 1
        return self.values[self.place - 1]

    def done(self):
        return self.place == len(self.values)


class Deltas(Column):
    def __init__(self, values):
        super().__init__(values)
        self.last = 0

    def take(self):
        self.last += super().take()
        return self.last


class Ops:
    """The changes of one list, taken one after the other."""

    def __init__(self, message):
        self.op = Column(message.op)
        self.table = message.table
        self.column = {"s": Column(message.slot), "c": Column(message.code),
                       "f": Deltas(message.frame), "o": Deltas(message.object),
                       "t": Column(message.type), "i": Column(message.index),
                       "n": Column(message.count)}
        self.value_kind = Column(message.value)
        self.value_column = {"d": Column(message.integer), "r": Deltas(message.ref),
                             "x": Column(message.real), "s": Column(message.text),
                             "n": self.column["n"], "t": self.column["t"]}

    def value(self):
        """("int", 3), ("str_cut", b"abc", 5000) ..."""
        name, letters = VALUES[self.value_kind.take()]
        operands = [self.value_column[letter].take() for letter in letters]
        if letters.startswith("s"):
            operands[0] = self.table[operands[0]]
        return (name, *operands)

    def take(self):
        """("local", {"s": 3}, [value]) ...: letters that repeat give lists."""
        name, letters = OPS[self.op.take()]
        numbers, counts, values = {}, [], []
        for letter in letters:
            if letter == "N":
                counts.append(self.column["n"].take())
            elif letter == "1":
                counts.append(1)
            else:
                numbers.setdefault(letter, []).append(self.column[letter].take())
        for count in counts:
            values.append([self.value() for _ in range(count)])
        return name, numbers, values

    def rest(self):
        while not self.op.done():
            yield self.take()

    def check_empty(self):
        columns = [self.op, self.value_kind, *self.column.values(),
                   *self.value_column.values()]
        if not all(column.done() for column in columns):
            raise Bad("a column of changes is longer than its changes")


class Object:
    def __init__(self, number):
        self.id = number
        self.late = None

    def fill(self, numbers, values):
        self.type = numbers["t"][0]
        self.note, self.more = numbers["n"]
        self.items, self.attrs = values


class Frame:
    def __init__(self, number, code, where):
        self.id, self.code, self.globals = number, code, where
        self.slots = {}
        self.parent, self.depth = None, 0
        self.call_seq = self.lineno = 0
        self.call_kind = 0


class Event:
    """One event; `frame` is its frame as it is then."""
    __slots__ = ("seq", "time_ns", "thread", "kind", "lineno", "frame", "arg",
                 "instruction", "late")


class Recording:
    def __init__(self, fields):
        self.fields = fields
        self.header = self.footer = None
        self.files, self.codes, self.types, self.threads = {}, {}, {}, {}
        self.sources = {}
        self.objects, self.frames = {}, {}
        self.stacks = None  # not known yet
        self.writes = Writes()
        self.told = {}  # (chunk, frame) -> slots in that chunk's keyframe

    # --- Changes ---

    def enter(self, stack, frame):
        frame.parent = stack[-1] if stack else None
        frame.depth = len(stack)
        stack.append(frame)

    def resume(self, stack, numbers, values):
        number = numbers["f"][0]
        frame = self.frames.get(number)
        if frame is None:
            frame = self.frames[number] = Frame(number, numbers["c"][0], values[0][0])
        self.enter(stack, frame)
        return frame

    def change(self, change, stack, event):
        """One change that belongs to `event`; `stack` is of that event's thread."""
        name, numbers, values = change
        if name == "local":
            self.writes.local(self.chunk, stack[-1].id, numbers["s"][0])
            stack[-1].slots[numbers["s"][0]] = values[0][0]
        elif name == "enter":
            frame = Frame(self.next_frame, numbers["c"][0], values[0][0])
            self.frames[self.next_frame] = frame
            self.next_frame += 1
            self.enter(stack, frame)
        elif name == "resume":
            self.resume(stack, numbers, values)
        elif name == "resume_full":
            self.resume(stack, numbers, values).slots.clear()
        elif name == "leave":
            stack.pop()
        elif name == "new":
            self.objects[self.next_object] = Object(self.next_object)
            self.objects[self.next_object].fill(numbers, values)
            self.next_object += 1
        elif name == "arg":
            event.arg = values[0][0]
        elif name == "mark":
            pass
        else:
            self.change_object(self.objects[numbers["o"][0]], name, numbers, values, event)

    def change_object(self, obj, name, numbers, values, event):
        self.writes.change(self.chunk, name, numbers, values)
        if name == "image":
            obj.fill(numbers, values)
        elif name in ("item_set", "attr_set"):
            target = obj.items if name == "item_set" else obj.attrs
            target[numbers["i"][0]] = values[0][0]
        elif name in ("item_splice", "attr_splice"):
            target = obj.items if name == "item_splice" else obj.attrs
            at = numbers["i"][0]
            target[at:at + numbers["n"][0]] = values[0]
        elif name == "more":
            obj.more = numbers["n"][0]
        elif name == "late":
            event.late.append((obj.id, numbers["n"][0]))
        else:
            raise Bad("a change %r has no place here" % name)

    # --- Keyframes ---

    def stacks_now(self):
        """What a keyframe says: thread -> [(frame, code, line, call_seq, kind, slots)]."""
        return {thread: [self.picture(frame) for frame in stack]
                for thread, stack in self.stacks.items() if stack}

    def picture(self, frame):
        bound = {s: v for s, v in frame.slots.items() if v != UNBOUND}
        return (frame.id, frame.code, frame.lineno, frame.call_seq, frame.call_kind,
                frame.globals, bound)

    def read_keyframe(self, message):
        """The stacks of a keyframe, apart from the state; images do change the state."""
        stacks, thread, frame = {}, None, None
        ops = Ops(message)
        for name, numbers, values in ops.rest():
            if name == "thread":
                thread = stacks.setdefault(numbers["n"][0], [])
            elif name == "frame":
                frame = Frame(numbers["f"][0], numbers["c"][0], values[0][0])
                frame.lineno = numbers["i"][0]
                frame.call_seq, frame.call_kind = numbers["n"]
                self.enter(thread, frame)
            elif name == "local":
                frame.slots[numbers["s"][0]] = values[0][0]
            elif name == "same":
                frame.slots = dict(self.told[numbers["n"][0], frame.id])
            elif name == "image":
                obj = self.objects.setdefault(numbers["o"][0], Object(numbers["o"][0]))
                obj.fill(numbers, values)
            else:
                raise Bad("a keyframe holds %r" % name)
        ops.check_empty()
        return stacks

    def begin_with(self, stacks):
        self.stacks = stacks
        self.frames.update({f.id: f for stack in stacks.values() for f in stack})

    def begin_chunk(self, chunk):
        stacks = self.read_keyframe(chunk.keyframe)
        self.told.update({(chunk.number, frame.id): dict(frame.slots)
                          for stack in stacks.values() for frame in stack})
        if self.stacks is None or chunk.HasField("gap"):
            self.begin_with(stacks)
            return
        told = {thread: [self.picture(frame) for frame in stack]
                for thread, stack in stacks.items() if stack}
        if told != self.stacks_now():
            raise Bad("chunk %d: its keyframe differs from the changes before it: %r, %r"
                      % (chunk.number, told, self.stacks_now()))

    # --- Events ---

    def take_over(self, chunk):
        """What the chunks before left for the first event of this one: part of the state
        that the keyframe tells."""
        first = Event()
        first.arg, first.late = None, []
        if chunk.event_count and self.stacks is not None:
            stack = self.stacks.setdefault(chunk.thread[0], [])
            for change in self.pending:
                if change[0] == "ids":  # a chunk without events began here
                    self.next_object, self.next_frame = change[1:]
                else:
                    self.change(change, stack, first)
            self.pending = []
        return first

    def chunk_events(self, chunk):
        first = self.take_over(chunk)
        self.begin_chunk(chunk)
        self.chunk = chunk  # whose changes are gone through
        self.writes.chunk_count += 1
        self.next_object, self.next_frame = chunk.first_object, chunk.first_frame
        ops = Ops(chunk.changes)
        lineno, time_ns = 0, chunk.start_ns
        stamps = Column(chunk.stamp_event)
        next_stamp = stamps.take() - 1 if chunk.stamp_event else None
        stamp_ns = Column(chunk.stamp_ns)
        instruction = Column(chunk.instruction)
        for place in range(chunk.event_count):
            event = Event() if place else first
            event.seq, event.kind = chunk.first_seq + place, chunk.kind[place]
            event.thread = chunk.thread[place]
            if place:
                event.arg, event.late = None, []
            lineno += chunk.line[place]
            event.lineno = lineno
            if place == next_stamp:
                time_ns += stamp_ns.take()
                next_stamp = None if stamps.done() else next_stamp + stamps.take()
            event.time_ns = time_ns
            event.instruction = instruction.take() if event.kind == EV_OPCODE else None
            stack = self.stacks.setdefault(event.thread, [])
            for _ in range(chunk.op_count[place]):
                self.change(ops.take(), stack, event)
            yield self.finish(event, stack)
            if event.kind in POPS:
                stack.pop()
        if not chunk.event_count:
            self.pending.append(("ids", chunk.first_object, chunk.first_frame))
        self.pending += ops.rest()
        ops.check_empty()

    def finish(self, event, stack):
        if not stack:
            raise Bad("event %d has no frame" % event.seq)
        frame = event.frame = stack[-1]
        frame.lineno = event.lineno
        if event.kind in CALLS:
            frame.call_seq, frame.call_kind = event.seq, event.kind
        return event

    def define(self, definitions):
        for table, messages in ((self.files, definitions.file), (self.codes, definitions.code),
                                (self.types, definitions.type),
                                (self.threads, definitions.thread)):
            table.update({message.id: message for message in messages})

    def events(self):
        self.pending = []
        for name, message in self.fields:
            if name == "header":
                if message.format_version > 1 or message.incompatible_features:
                    raise Bad("made by a newer version: this reader knows format 1")
                self.header = message
            elif name == "footer":
                self.footer = message
            elif name == "definitions":
                self.define(message)
            elif name == "source":
                self.sources[message.file] = message
            elif name == "checkpoint" and self.stacks is None:
                self.begin_with(self.read_keyframe(message.state))
            elif name == "writes":
                self.writes.blocks.append(message)
            elif name == "chunk":
                yield from self.chunk_events(message)
        self.writes.check(self.footer is not None)
