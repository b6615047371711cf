"""One pass over the rows of a network of splines, compiled; imported only where it is used, since numba is large."""

from collections.abc import Callable
from typing import Any

import numpy as np

from edgewise.basis.kernels.compiling import kept


def _compiled(function: Callable[..., Any]) -> Any:
    return kept(function, {"error_model": "numpy"})


@_compiled
def local(t, table, first, last, margin, x, values, slopes):  # type: ignore[no-untyped-def]
    """Values and slopes of the functions that are not zero at x, and the number of the piece."""
    low, high = t[0], t[-1]
    spare = max(margin, 0.0) * (high - low)
    near = min(max(x, low - spare), high + spare)
    a, b = first, last
    while a < b:
        middle = (a + b + 1) // 2
        if t[middle] <= near:
            a = middle
        else:
            b = middle - 1
    width = t[a + 1] - t[a]
    u, count = (near - t[a]) / width, table.shape[1]
    values[:count] = table[a, count - 1]
    slopes[:count] = 0.0
    for power in range(count - 2, -1, -1):
        for f in range(count):
            slopes[f] = slopes[f] * u + values[f]
            values[f] = values[f] * u + table[a, power, f]
    beyond = x - near
    for f in range(count):
        slopes[f] /= width
        if beyond != 0.0:
            if margin < 0:
                slopes[f] = 0.0
            values[f] += slopes[f] * beyond
    return a


@_compiled
def rows(net, weights, x, y, roots, residuals, jacobian, curvature, gradient, want):  # type: ignore[no-untyped-def]
    """Residuals of rows; by ``want`` 1 also the dense Jacobian, by 2 J'r and J'J added up, each pair of entries once."""
    meta, margins, arity, number, bias, breaks, tables, ends = net
    layers, outputs = len(meta), y.shape[1]
    widest, most, degree = meta[:, 0].max(), meta[:, 1].max(), meta[:, 4].max()
    values, slopes = np.empty((layers, widest, degree + 2)), np.empty((layers, widest, degree + 2))
    piece = np.empty((layers, widest), np.int64)
    sums, up = np.empty((layers, most)), np.empty(most)
    flow, back = np.empty(max(widest, most)), np.empty(max(widest, most))
    entries = 0
    for layer in range(layers):
        entries += meta[layer, 0] * meta[layer, 1] * (meta[layer, 4] + 2)
    where, what = np.empty(entries, np.int64), np.empty(entries)
    for n in range(len(x)):
        at_w = at_k = at_t = at_e = at_s = at_a = 0
        flow[: x.shape[1]] = x[n]
        for layer in range(layers):
            n_in, n_sums, n_out, features, d, kind = meta[layer]
            intervals = features - 1 - d
            wide, size = intervals + 1, intervals * (d + 1) ** 2
            for s in range(n_sums):
                sums[layer, s] = bias[at_s + s]
            for i in range(n_in):
                u, v = values[layer, i], slopes[layer, i]
                e = at_e + 2 * i
                t = breaks[at_k + i * wide : at_k + (i + 1) * wide]
                table = tables[at_t + i * size : at_t + (i + 1) * size].reshape(intervals, d + 1, d + 1)
                p = local(t, table, ends[e], ends[e + 1], margins[layer], flow[i], u, v)
                piece[layer, i] = p
                if kind == 1:
                    share = 1.0 / (1.0 + np.exp(-flow[i]))
                    u[d + 1], v[d + 1] = flow[i] * share, share * (1.0 + flow[i] * (1.0 - share))
                elif kind == 2:
                    u[d + 1], v[d + 1] = flow[i], 1.0
                else:
                    u[d + 1], v[d + 1] = 0.0, 0.0
                for f in range(d + 2):
                    at = at_w + (i * features + (p + f if f <= d else features - 1)) * n_sums
                    for s in range(n_sums):
                        sums[layer, s] += u[f] * weights[at + s]
            s = 0
            for o in range(n_out):
                product = sums[layer, s]
                for k in range(1, arity[at_a + o]):
                    product *= sums[layer, s + k]
                flow[o] = product
                s += arity[at_a + o]
            at_w += n_in * features * n_sums
            at_k += n_in * wide
            at_t += n_in * size
            at_e += 2 * n_in
            at_s += n_sums
            at_a += n_out
        for o in range(outputs):
            residuals[n, o] = (flow[o] - y[n, o]) * roots[n]
        if want == 0:
            continue
        for output in range(outputs):
            back[:outputs] = 0.0
            back[output] = roots[n]
            count = 0
            to_w, to_a = at_w, at_a
            for layer in range(layers - 1, -1, -1):
                n_in, n_sums, n_out, features, d, kind = meta[layer]
                to_w -= n_in * features * n_sums
                to_a -= n_out
                s = 0
                for o in range(n_out):
                    many = arity[to_a + o]
                    for k in range(many):
                        product = back[o]
                        for j in range(many):
                            if j != k:
                                product *= sums[layer, s + j]
                        up[s + k] = product
                    s += many
                for i in range(n_in):
                    total = 0.0
                    for f in range(d + 2):
                        at = to_w + (i * features + (piece[layer, i] + f if f <= d else features - 1)) * n_sums
                        value, slope = values[layer, i, f], slopes[layer, i, f]
                        for s in range(n_sums):
                            total += weights[at + s] * slope * up[s]
                            if number[at + s] >= 0:
                                where[count], what[count] = number[at + s], value * up[s]
                                count += 1
                    back[i] = total
            if want == 1:
                for k in range(count):
                    jacobian[n, output, where[k]] = what[k]
                continue
            for k in range(count):
                row, one = where[k], what[k]
                gradient[row] += one * residuals[n, output]
                line = curvature[row]
                for j in range(k + 1):
                    line[where[j]] += one * what[j]
