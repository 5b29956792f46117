"""Rows as dicts and lists: filtered, grouped, joined, sorted, summed."""
import sys


def make_rows(count):
    rows = []
    for n in range(count):
        rows.append({"id": n, "city": "city %d" % (n % 7), "amount": n * 37 % 101, "open": n % 3 > 0})
    return rows


def group(rows, key):
    groups = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def totals(groups):
    result = {}
    for name, rows in groups.items():
        amount = 0
        for row in rows:
            if row["open"]:
                amount += row["amount"]
        result[name] = amount
    return result


def insertion_sort(pairs):
    for i in range(1, len(pairs)):
        item = pairs[i]
        j = i - 1
        while j >= 0 and pairs[j][1] < item[1]:
            pairs[j + 1] = pairs[j]
            j -= 1
        pairs[j + 1] = item
    return pairs


def main(size):
    rows = make_rows(60)
    checked = 0
    for turn in range(size):
        rows[turn % 60]["amount"] += 1
        sums = totals(group(rows, "city"))
        best = insertion_sort(list(sums.items()))
        checked += best[0][1] - best[-1][1]
    print(checked)


main(int(sys.argv[1]))
