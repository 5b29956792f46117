"""Dicts, lists, sets and a heap that live long and change often."""
import collections
import heapq
import sys


def main(size):
    graph = collections.defaultdict(list)
    for node in range(60):
        for step in (1, 7, 11):
            graph[node].append(((node * 5 + step) % 60, step + node % 3))
    total = 0
    for turn in range(size):
        start = turn % 60
        distance, seen, heap = {start: 0}, set(), [(0, start)]
        while heap:
            cost, node = heapq.heappop(heap)
            if node in seen:
                continue
            seen.add(node)
            for other, weight in graph[node]:
                if cost + weight < distance.get(other, 10 ** 9):
                    distance[other] = cost + weight
                    heapq.heappush(heap, (cost + weight, other))
        recent = collections.deque(sorted(distance.values()), maxlen=10)
        total += sum(recent)
    print(total)


main(int(sys.argv[1]))
