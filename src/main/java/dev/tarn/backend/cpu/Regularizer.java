package dev.tarn.backend.cpu;

import dev.tarn.backend.Mask;
import dev.tarn.backend.Padding;
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
 * count as 0. Padding is nobody's neighbour, its gradient is m∘dDropped, and only text is counted in the divisors. A worker takes whole rows of the batch; sums are in double and in a fixed order. Thread-safety: none.
 */
final class Regularizer {

    /** In place of a neighbour that is not there. */
    private static final float[] NONE = new float[Team.TILE];

    private final Team team;
    private double[] squares = {};
    private double[] factors = {};
    private double[] arSums = {};
    private double[] tarSums = {};

    /** Which positions [T,B] are no padding. */
    private boolean[] text = {};

    Regularizer(Team team) {
        this.team = team;
    }

    void run(
            Regularization spec,
            CpuTensor h,
            @Nullable Padding padding,
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
        mark(padding, steps * batch);
        Mask arMask = spec.arOn() == Regularization.ArOn.RAW ? Mask.NONE : mask;
        if (!spec.isNone() || norms != null) {
            sum(h, arMask);
        }
        long rows = padding == null ? (long) steps * batch : padding.steps();
        long pairs = padding == null ? (steps - 1L) * batch : padding.pairs();
        long first = padding == null ? batch : padding.first();
        double arScale = rows == 0 ? 0 : spec.alpha() / ((double) rows * width);
        double tarScale = pairs == 0 ? 0 : spec.beta() / ((double) pairs * width);
        values.setReal(0, (float) (arScale == 0 ? 0 : arScale * total(arSums, batch)));
        values.setReal(1, (float) (tarScale == 0 ? 0 : tarScale * total(tarSums, batch)));
        long differences = pairs + (spec.includeInitial() ? first : 0);
        values.setReal(2, (float) normStabilizer(spec, h0, steps, batch, differences));
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
            text = new boolean[rows];
        }
        if (arSums.length < batch) {
            arSums = new double[batch];
            tarSums = new double[batch];
        }
    }

    private void mark(@Nullable Padding padding, int rows) {
        Arrays.fill(text, 0, rows, true);
        if (padding != null) {
            CpuTensor ids = CpuTensor.of(padding.ids());
            for (int i = 0; i < rows; i++) {
                text[i] = ids.id(i) != padding.token();
            }
        }
    }

    private static double total(double[] sums, int count) {
        double total = 0;
        for (int i = 0; i < count; i++) {
            total += sums[i];
        }
        return total;
    }

    /** Fills squares[t·B+b] = ‖h_{t,b}‖², of padding too, and the sums of AR and TAR of every row of the batch. */
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
                        squares[t * batch + b] += Squares.of(now, count);
                        boolean isText = text[t * batch + b];
                        if (isText) {
                            arSums[b] += Squares.ofProducts(now, scratch.mask, count);
                        }
                        if (isText && t > 0 && text[(t - 1) * batch + b]) {
                            tarSums[b] += Squares.ofDifferences(now, before, count);
                        }
                        float[] free = before;
                        before = now;
                        now = free;
                    }
                }
            }
        });
    }

    /** Fills factors[t·B+b] = s_{t,b} and returns the value. */
    private double normStabilizer(Regularization spec, CpuTensor h0, int steps, int batch, long differences) {
        Arrays.fill(factors, 0, steps * batch, 0);
        if (spec.gamma() == 0) {
            return 0;
        }
        return spec.normForm() == Regularization.NormForm.PAPER
                ? paper(spec, h0, steps, batch, differences)
                : seed(spec, steps, batch);
    }

    private double paper(Regularization spec, CpuTensor h0, int steps, int batch, long differences) {
        if (differences == 0) {
            return 0;
        }
        double scale = spec.gamma() / (double) differences;
        double sum = 0;
        for (int b = 0; b < batch; b++) {
            double before = spec.includeInitial() ? Math.sqrt(squaredNorm(h0, b)) : 0;
            for (int t = 0; t < steps; t++) {
                double norm = Math.sqrt(squares[t * batch + b]);
                boolean hasBefore = t == 0 ? spec.includeInitial() : text[(t - 1) * batch + b];
                if (hasBefore && text[t * batch + b]) {
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
            sum += Squares.of(tile, count);
        }
        return sum;
    }

    private double seed(Regularization spec, int steps, int batch) {
        if (steps < 2) {
            return 0;
        }
        double middle = squaresOfText(batch, (steps - 1) * batch);
        double first = squaresOfText(0, batch);
        double last = squaresOfText((steps - 1) * batch, steps * batch);
        double late = Math.sqrt(middle + last);
        double early = Math.sqrt(first + middle);
        double scale = (double) spec.gamma() / steps;
        for (int t = 0; t < steps; t++) {
            double factor = (t >= 1 ? inverse(late) : 0) - (t <= steps - 2 ? inverse(early) : 0);
            Arrays.fill(factors, t * batch, (t + 1) * batch, 2 * scale * (late - early) * factor);
        }
        return scale * (late - early) * (late - early);
    }

    private double squaresOfText(int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += text[i] ? squares[i] : 0;
        }
        return sum;
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
        h.get((long) b * width + j, now, count);
        for (int t = 0; t < steps; t++) {
            if (t + 1 < steps) {
                h.get(((long) (t + 1) * batch + b) * width + j, after, count);
            }
            boolean hasBefore = t > 0 && text[(t - 1) * batch + b];
            boolean hasAfter = t + 1 < steps && text[(t + 1) * batch + b];
            int neighbours = (hasBefore ? 1 : 0) + (hasAfter ? 1 : 0);
            float own = (float) (factors[t * batch + b] + (double) tar * neighbours);
            long at = ((long) t * batch + b) * width + j;
            dDropped.get(at, gradient, count);
            if (text[t * batch + b]) {
                float[] up = hasBefore ? before : NONE;
                float[] down = hasAfter ? after : NONE;
                combine(gradient, scratch.mask, arFactor, own, tar, up, now, down, count);
            } else {
                multiply(gradient, scratch.mask, count);
            }
            dh.put(at, gradient, count);
            float[] free = before;
            before = now;
            now = after;
            after = free;
        }
    }

    private static void multiply(float[] x, float[] mask, int count) {
        for (int k = 0; k < count; k++) {
            x[k] *= mask[k];
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
