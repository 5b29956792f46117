"""A report that fails on a value which was wrong long before.

Wrong: `read_station` lets a reading through whose temperature is missing ("-"): it
becomes None. Nothing notices until the yearly mean adds it up, thousands of events later.

    $ pyrecord samples/distant_cause.py
    $ pyreplay distant_cause.pyrec
    > p reading
    > last reading.celsius
    > u
    > p text

Adding None fails. Where did it come from? `last` goes there directly: to the line that
wrote it. Its caller has the text that it was made of.

Shows: celsius=None
Shows: distant_cause.py:51 self.celsius = celsius
Shows: '2025-08-14;-'
"""
import datetime
import math


def station_file():
    """A year of noon temperatures, as the station sends it."""
    day = datetime.date(2025, 1, 1)
    for number in range(365):
        celsius = 11 - 12 * math.cos(2 * math.pi * number / 365)
        text = "-" if number == 225 else "%.1f" % celsius
        yield "%s;%s" % (day + datetime.timedelta(number), text)


def number_or_none(text):
    try:
        return float(text)
    except ValueError:
        return None


def read_station(texts):
    readings = []
    for text in texts:
        date, value = text.split(";")
        readings.append(Reading(date, number_or_none(value)))
    return readings


class Reading:
    def __init__(self, date, celsius):
        self.date = date
        self.celsius = celsius


def by_month(readings):
    months = {}
    for reading in readings:
        months.setdefault(reading.date[:7], []).append(reading)
    return months


def complete_months(months):
    return [name for name, readings in months.items() if len(readings) >= 28]


def yearly_mean(readings):
    total = 0.0
    for reading in readings:
        total += reading.celsius
    return total / len(readings)


def main():
    readings = read_station(station_file())
    months = by_month(readings)
    print(len(readings), "readings in", len(complete_months(months)), "complete months")
    print("mean of the year: %.1f" % yearly_mean(readings))


main()
