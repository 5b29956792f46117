"""A scheduler of small machines that send each other messages: methods, attributes, queues."""
import sys


class Message:
    def __init__(self, kind, sender, value):
        self.kind = kind
        self.sender = sender
        self.value = value
        self.link = None


class Machine:
    def __init__(self, name, priority):
        self.name = name
        self.priority = priority
        self.inbox = None
        self.handled = 0
        self.peers = []

    def receive(self, message):
        message.link = None
        if self.inbox is None:
            self.inbox = message
            return
        last = self.inbox
        while last.link is not None:
            last = last.link
        last.link = message

    def run(self, scheduler):
        message = self.inbox
        self.inbox = message.link
        self.handled += 1
        self.handle(message, scheduler)

    def handle(self, message, scheduler):
        raise NotImplementedError


class Worker(Machine):
    def handle(self, message, scheduler):
        value = (message.value * 31 + self.priority) % 1009
        target = self.peers[value % len(self.peers)]
        message.value = value
        message.sender = self
        scheduler.send(message, target)


class Device(Machine):
    def __init__(self, name, priority):
        super().__init__(name, priority)
        self.waiting = []

    def handle(self, message, scheduler):
        self.waiting.append(message)
        if len(self.waiting) > 2:
            done = self.waiting.pop(0)
            scheduler.send(done, done.sender)


class Scheduler:
    def __init__(self):
        self.machines = []
        self.sent = 0

    def add(self, machine):
        self.machines.append(machine)

    def send(self, message, target):
        self.sent += 1
        target.receive(message)

    def step(self):
        best = None
        for machine in self.machines:
            if machine.inbox is not None and (best is None or machine.handled < best.handled):
                best = machine
        if best is None:
            return False
        best.run(self)
        return True


def main(size):
    scheduler = Scheduler()
    workers = [Worker("worker %d" % n, n + 1) for n in range(4)]
    devices = [Device("device %d" % n, n) for n in range(2)]
    for machine in workers + devices:
        machine.peers = [one for one in workers + devices if one is not machine]
        scheduler.add(machine)
    for n, machine in enumerate(workers * 3):
        scheduler.send(Message("work", machine, n), machine)
    steps = 0
    while steps < size and scheduler.step():
        steps += 1
    print(steps, scheduler.sent, [machine.handled for machine in scheduler.machines])


main(int(sys.argv[1]))
