"""A tour that loses its depot, because a report sorts it.

Wrong: `farthest_first` sorts the list that it was given. `plan.stops` is the same list,
and the driver's tour must begin at the depot.

    $ pyrecord samples/alias_mutated.py
    $ pyreplay alias_mutated.pyrec
    > p plan.stops[0]
    > last plan.stops[0]
    > w

The last write of the tour's first stop was not made by planning, but by the report, on
what it calls `stops`.

Shows: 'Hilltop'
Shows: alias_mutated.py:46 stops.sort(key=distance, reverse=True)
Shows: report
"""
import math

DEPOT = ("Depot", 0.0, 0.0)
CUSTOMERS = [
    ("Harbour", 2.0, 1.5),
    ("Station", 0.5, 3.0),
    ("Hilltop", 7.5, 6.0),
    ("Market", 1.0, 1.0),
]


class Plan:
    def __init__(self, driver, stops):
        self.driver = driver
        self.stops = stops
        self.length = None


def distance(stop, start=DEPOT):
    return math.hypot(stop[1] - start[1], stop[2] - start[2])


def tour_length(stops):
    return sum(distance(a, b) for a, b in zip(stops, stops[1:]))


def farthest_first(stops):
    stops.sort(key=distance, reverse=True)
    return stops[:3]


def nearest_neighbour(customers):
    stops, left = [DEPOT], list(customers)
    while left:
        nearest = min(left, key=lambda stop: distance(stop, stops[-1]))
        left.remove(nearest)
        stops.append(nearest)
    return stops


def report(plan):
    names = [name for name, _, _ in farthest_first(plan.stops)]
    print("%s drives %.1f km, farthest: %s" % (plan.driver, plan.length, ", ".join(names)))


def dispatch(plan):
    first = plan.stops[0]
    if first != DEPOT:
        raise RuntimeError("%s must start at the depot, not at %s" % (plan.driver, first[0]))
    print(plan.driver, "is on the way")


def main():
    plan = Plan("Ines", nearest_neighbour(CUSTOMERS))
    plan.length = tour_length(plan.stops)
    report(plan)
    dispatch(plan)


main()
