"""Nested loops on ints and floats, in one frame."""
import sys


def main(size):
    inside = 0
    for row in range(size):
        im = row * 2.4 / size - 1.2
        for column in range(60):
            re = column * 3.0 / 60 - 2.0
            zr = zi = 0.0
            count = 0
            while count < 30 and zr * zr + zi * zi < 4.0:
                zr, zi = zr * zr - zi * zi + re, 2.0 * zr * zi + im
                count += 1
            inside += count == 30
    print(inside)


main(int(sys.argv[1]))
