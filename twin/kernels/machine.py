"""What this machine can do at best: the roof that the other kernels are measured under."""

from __future__ import annotations

from twin.kernels._jit import Floats, fused_kernel

FLOPS_A_VALUE = 64.0


@fused_kernel
def most_arithmetic(values: Floats, rounds: int) -> float:
    """`rounds` times 64 multiplications and additions for each value, shape (n,), in eight chains that do not wait."""
    total = 0.0
    for _ in range(rounds):
        for i in range(values.shape[0]):
            x = values[i]
            a, b, c, d = x + 0.1, x + 0.2, x + 0.3, x + 0.4
            e, f, g, h = x + 0.5, x + 0.6, x + 0.7, x + 0.8
            a, b, c, d = a * x + 0.1, b * x + 0.1, c * x + 0.1, d * x + 0.1
            e, f, g, h = e * x + 0.1, f * x + 0.1, g * x + 0.1, h * x + 0.1
            a, b, c, d = a * x + 0.2, b * x + 0.2, c * x + 0.2, d * x + 0.2
            e, f, g, h = e * x + 0.2, f * x + 0.2, g * x + 0.2, h * x + 0.2
            a, b, c, d = a * x + 0.3, b * x + 0.3, c * x + 0.3, d * x + 0.3
            e, f, g, h = e * x + 0.3, f * x + 0.3, g * x + 0.3, h * x + 0.3
            values[i] = 0.125 * (((a + b) + (c + d)) + ((e + f) + (g + h))) * 1e-3
        total += values[0]
    return total


@fused_kernel
def most_traffic(values: Floats, out: Floats, rounds: int) -> float:
    """`rounds` times every value, shape (n,), read and its double written; the round's number keeps it honest."""
    for k in range(rounds):
        by = 2.0 + 1e-9 * k
        for i in range(values.shape[0]):
            out[i] = by * values[i]
    return float(out[0])
