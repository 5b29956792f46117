"""Sets, dicts and deques that gain and lose single places, in random order."""
import random, collections, sys
def main(seed):
    r = random.Random(seed)
    s = set(); d = {}; q = collections.deque(); l = []
    keys = list(range(90)) + ["k%d" % i for i in range(90)] + [(i, "t") for i in range(20)]
    for step in range(400):
        k = r.choice(keys)
        op = r.randrange(23)
        if op == 0: s.add(k)
        elif op == 1: s.discard(k)
        elif op == 2 and s: s.pop()
        elif op == 3: s.add(k); s.discard(r.choice(keys))
        elif op == 4: d[k] = step
        elif op == 5: d.pop(k, None)
        elif op == 6 and d: d.popitem()
        elif op == 7 and k in d: del d[k]
        elif op == 8: d.setdefault(k, []).append(step) if not isinstance(d.get(k), int) else None
        elif op == 9: q.append(step)
        elif op == 10: q.appendleft(k)
        elif op == 11 and q: q.pop()
        elif op == 12 and q: q.popleft()
        elif op == 13: q.append(1); q.popleft()
        elif op == 14: l.append(step)
        elif op == 15 and l: del l[r.randrange(len(l))]
        elif op == 16: s.add(k)
        elif op == 17: d[k] = [step]
        elif op == 18 and s: s.remove(next(iter(s)))
        elif op == 19: q.rotate(r.randrange(3))
        elif op == 20: s |= {k}
        elif op == 21:
            l += [step, k, 1]
            l[r.randrange(2)] = l.pop()
            l[0] = step; l.pop()
            d[step] = 1; d.pop(k, None)
            d[step] = 2; d.popitem()
        elif op == 22 and r.randrange(30) == 0: s.clear(); d.clear(); q.clear()
    return len(s) + len(d) + len(q)
main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
