package dev.tarn.backend.cpu;

import dev.tarn.backend.Mask;
import dev.tarn.backend.Regularization;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Output dropout, AR, TAR and the norm-stabilizer in two passes over h: the first sums squares, the second writes
 *
 * <pre>
 * dh_t = m∘dDropped_t + (cA·m² + cT·d_t + s_{t,b})∘h_t - cT·(h_{t-1} + h_{t+1})
 * cA = 2·alpha/(T·B·H);  cT = 2·beta/((T-1)·B·H);  d_t = 1 at both ends of the window, else 2
 * </pre>
 *
 * where s_{t,b} is the gradient of the norm-stabilizer by ‖h_{t,b}‖ over that norm, and neighbours outside the window
 * count as 0. A worker takes whole rows of the batch; sums are in double and in a fixed order. Thread-safety: none.
 */
final class Regularizer {

    private final Team team;
    private double[] squares = {};
    private double[] factors = {};
    private double[] arSums = {};
    private double[] tarSums = {};

    Regularizer(Team team) {
        this.team = team;
    }

    void run(
            Regularization spec,
            CpuTensor h,
            Mask mask,
            CpuTensor h0,
            CpuTensor dDropped,
            CpuTensor dh,
            CpuTensor values,
            @Nullable CpuTensor norms) {
        int steps = h.dim(0);
        int batch = h.dim(1);
        int width = h.dim(2);
        reserve(steps * batch, batch);
        Mask arMask = spec.arOn() == Regularization.ArOn.RAW ? Mask.NONE : mask;
        if (!spec.isNone() || norms != null) {
            sum(h, arMask);
        }
        double elements = (double) batch * width;
        double arScale = spec.alpha() / (steps * elements);
        double tarScale = steps < 2 ? 0 : spec.beta() / ((steps - 1) * elements);
        values.setReal(0, (float) (arScale == 0 ? 0 : arScale * total(arSums, batch)));
        values.setReal(1, (float) (tarScale == 0 ? 0 : tarScale * total(tarSums, batch)));
        values.setReal(2, (float) normStabilizer(spec, h0, steps, batch));
        if (norms != null) {
            for (int i = 0; i < steps * batch; i++) {
                norms.setReal(i, (float) Math.sqrt(squares[i]));
            }
        }
        float ar = (float) (2 * arScale);
        float tar = (float) (2 * tarScale);
        team.workers().run(batch, 1, (worker, from, to) -> {
            for (int b = from; b < to; b++) {
                for (int j = 0; j < width; j += Team.TILE) {
                    write(team.scratch(worker), h, mask, arMask, dDropped, dh, b, j, ar, tar);
                }
            }
        });
    }

    private void reserve(int rows, int batch) {
        if (squares.length < rows) {
            squares = new double[rows];
            factors = new double[rows];
        }
        if (arSums.length < batch) {
            arSums = new double[batch];
            tarSums = new double[batch];
        }
    }

    private static double total(double[] sums, int count) {
        double total = 0;
        for (int i = 0; i < count; i++) {
            total += sums[i];
        }
        return total;
    }

    /** Fills squares[t·B+b] = ‖h_{t,b}‖² and the sums of AR and TAR of every row of the batch. */
    private void sum(CpuTensor h, Mask arMask) {
        int steps = h.dim(0);
        int batch = h.dim(1);
        int width = h.dim(2);
        team.workers().run(batch, 1, (worker, from, to) -> {
            Team.Scratch scratch = team.scratch(worker);
            for (int b = from; b < to; b++) {
                for (int t = 0; t < steps; t++) {
                    squares[t * batch + b] = 0;
                }
                arSums[b] = 0;
                tarSums[b] = 0;
                for (int j = 0; j < width; j += Team.TILE) {
                    int count = Math.min(Team.TILE, width - j);
                    scratch.masks.fill(arMask, (long) b * width + j, scratch.mask, count);
                    float[] before = scratch.a;
                    float[] now = scratch.b;
                    for (int t = 0; t < steps; t++) {
                        h.get(((long) t * batch + b) * width + j, now, count);
                        squares[t * batch + b] += sumOfSquares(now, count);
                        arSums[b] += sumOfSquaredProducts(now, scratch.mask, count);
                        if (t > 0) {
                            tarSums[b] += sumOfSquaredDifferences(now, before, count);
                        }
                        float[] free = before;
                        before = now;
                        now = free;
                    }
                }
            }
        });
    }

    /** Sums in double; four of them, so that one addition need not wait for the other. */
    static double sumOfSquares(float[] x, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int k = 0;
        for (; k + 3 < count; k += 4) {
            s0 += (double) x[k] * x[k];
            s1 += (double) x[k + 1] * x[k + 1];
            s2 += (double) x[k + 2] * x[k + 2];
            s3 += (double) x[k + 3] * x[k + 3];
        }
        for (; k < count; k++) {
            s0 += (double) x[k] * x[k];
        }
        return s0 + s1 + (s2 + s3);
    }

    private static double sumOfSquaredProducts(float[] x, float[] m, int count) {
        double s0 = 0;
        double s1 = 0;
        int k = 0;
        for (; k + 1 < count; k += 2) {
            double p0 = x[k] * m[k];
            double p1 = x[k + 1] * m[k + 1];
            s0 += p0 * p0;
            s1 += p1 * p1;
        }
        if (k < count) {
            double p = x[k] * m[k];
            s0 += p * p;
        }
        return s0 + s1;
    }

    private static double sumOfSquaredDifferences(float[] x, float[] y, int count) {
        double s0 = 0;
        double s1 = 0;
        int k = 0;
        for (; k + 1 < count; k += 2) {
            double d0 = (double) x[k] - y[k];
            double d1 = (double) x[k + 1] - y[k + 1];
            s0 += d0 * d0;
            s1 += d1 * d1;
        }
        if (k < count) {
            double d = (double) x[k] - y[k];
            s0 += d * d;
        }
        return s0 + s1;
    }

    /** Fills factors[t·B+b] = s_{t,b} and returns the value. */
    private double normStabilizer(Regularization spec, CpuTensor h0, int steps, int batch) {
        Arrays.fill(factors, 0, steps * batch, 0);
        if (spec.gamma() == 0) {
            return 0;
        }
        return spec.normForm() == Regularization.NormForm.PAPER
                ? paper(spec, h0, steps, batch)
                : seed(spec, steps, batch);
    }

    private double paper(Regularization spec, CpuTensor h0, int steps, int batch) {
        int differences = spec.includeInitial() ? steps : steps - 1;
        if (differences == 0) {
            return 0;
        }
        double scale = spec.gamma() / ((double) batch * differences);
        double sum = 0;
        for (int b = 0; b < batch; b++) {
            double before = spec.includeInitial() ? Math.sqrt(squaredNorm(h0, b)) : 0;
            for (int t = 0; t < steps; t++) {
                double norm = Math.sqrt(squares[t * batch + b]);
                if (t > 0 || spec.includeInitial()) {
                    double difference = norm - before;
                    sum += difference * difference;
                    factors[t * batch + b] += 2 * scale * difference;
                    if (t > 0) {
                        factors[(t - 1) * batch + b] -= 2 * scale * difference;
                    }
                }
                before = norm;
            }
        }
        for (int i = 0; i < steps * batch; i++) {
            factors[i] *= inverse(Math.sqrt(squares[i]));
        }
        return scale * sum;
    }

    private double squaredNorm(CpuTensor h0, int b) {
        int width = h0.dim(1);
        float[] tile = team.scratch(0).a;
        double sum = 0;
        for (int j = 0; j < width; j += Team.TILE) {
            int count = Math.min(Team.TILE, width - j);
            h0.get((long) b * width + j, tile, count);
            sum += sumOfSquares(tile, count);
        }
        return sum;
    }

    private double seed(Regularization spec, int steps, int batch) {
        if (steps < 2) {
            return 0;
        }
        double middle = 0;
        for (int i = batch; i < (steps - 1) * batch; i++) {
            middle += squares[i];
        }
        double first = total(squares, batch);
        double last = 0;
        for (int i = (steps - 1) * batch; i < steps * batch; i++) {
            last += squares[i];
        }
        double late = Math.sqrt(middle + last);
        double early = Math.sqrt(first + middle);
        double scale = (double) spec.gamma() / steps;
        for (int t = 0; t < steps; t++) {
            double factor = (t >= 1 ? inverse(late) : 0) - (t <= steps - 2 ? inverse(early) : 0);
            Arrays.fill(factors, t * batch, (t + 1) * batch, 2 * scale * (late - early) * factor);
        }
        return scale * (late - early) * (late - early);
    }

    private static double inverse(double x) {
        return x > 0 ? 1 / x : 0;
    }

    /** The second pass over columns {@code j ..} of row b, all steps. */
    private void write(
            Team.Scratch scratch,
            CpuTensor h,
            Mask mask,
            Mask arMask,
            CpuTensor dDropped,
            CpuTensor dh,
            int b,
            int j,
            float ar,
            float tar) {
        int steps = h.dim(0);
        int batch = h.dim(1);
        int width = h.dim(2);
        int count = Math.min(Team.TILE, width - j);
        float[] gradient = scratch.d;
        float[] arFactor = scratch.e;
        scratch.masks.fill(arMask, (long) b * width + j, arFactor, count);
        squareAndScale(arFactor, ar, count);
        scratch.masks.fill(mask, (long) b * width + j, scratch.mask, count);
        float[] before = scratch.a;
        float[] now = scratch.b;
        float[] after = scratch.c;
        Arrays.fill(before, 0, count, 0f);
        h.get((long) b * width + j, now, count);
        for (int t = 0; t < steps; t++) {
            if (t + 1 < steps) {
                h.get(((long) (t + 1) * batch + b) * width + j, after, count);
            } else {
                Arrays.fill(after, 0, count, 0f);
            }
            int neighbours = (t > 0 ? 1 : 0) + (t + 1 < steps ? 1 : 0);
            float own = (float) (factors[t * batch + b] + (double) tar * neighbours);
            long at = ((long) t * batch + b) * width + j;
            dDropped.get(at, gradient, count);
            combine(gradient, scratch.mask, arFactor, own, tar, before, now, after, count);
            dh.put(at, gradient, count);
            float[] free = before;
            before = now;
            now = after;
            after = free;
        }
    }

    private static void squareAndScale(float[] x, float factor, int count) {
        for (int k = 0; k < count; k++) {
            x[k] = factor * x[k] * x[k];
        }
    }

    private static void combine(
            float[] gradient,
            float[] mask,
            float[] ar,
            float own,
            float tar,
            float[] before,
            float[] now,
            float[] after,
            int count) {
        for (int k = 0; k < count; k++) {
            gradient[k] = mask[k] * gradient[k] + (ar[k] + own) * now[k] - tar * (before[k] + after[k]);
        }
    }
}
