"""Many small objects with attributes, methods and a property."""
import sys


class Vector:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def scaled(self, by):
        return Vector(self.x * by, self.y * by)


class Ball:
    def __init__(self, number):
        self.number = number
        self.place = Vector(number * 1.5, 10.0)
        self.speed = Vector(1.0, 0.0)
        self.bounces = 0

    @property
    def low(self):
        return self.place.y < 0

    def move(self, seconds):
        self.speed = self.speed + Vector(0.0, -9.81).scaled(seconds)
        self.place = self.place + self.speed.scaled(seconds)
        if self.low:
            self.place.y = -self.place.y
            self.speed = self.speed.scaled(-0.9)
            self.bounces += 1


def main(size):
    balls = [Ball(number) for number in range(20)]
    for _ in range(size):
        for ball in balls:
            ball.move(0.01)
    print(sum(ball.bounces for ball in balls))


main(int(sys.argv[1]))
