package dev.tarn.backend.cpu;

import dev.tarn.backend.Segment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Updates of flat parameters, each in one pass over memory: a tile of every tensor is copied into the first-level cache,
 * where the loops over plain arrays are vectorised. Thread-safety: none.
 */
final class Optimizers {

    /** Elements whose squares are summed by one thread; the sums are added in order, whoever computed them. */
    private static final int SUM_BLOCK = 64 * Team.TILE;

    private final Team team;
    private double[] blockSums = {};

    Optimizers(Team team) {
        this.team = team;
    }

    void clip(CpuTensor gradients, List<Segment> segments, double maxNorm, CpuTensor clip) {
        double sum = 0;
        for (Segment segment : segments) {
            sum += sumOfSquares(gradients, segment);
        }
        double norm = Math.sqrt(sum);
        clip.setReal(0, (float) norm);
        clip.setReal(1, (float) Math.min(1, maxNorm / (norm + 1e-6)));
    }

    private double sumOfSquares(CpuTensor gradients, Segment segment) {
        int size = Math.toIntExact(segment.count());
        int blocks = (size + SUM_BLOCK - 1) / SUM_BLOCK;
        if (blockSums.length < blocks) {
            blockSums = new double[blocks];
        }
        team.workers().run(blocks, 1, (worker, firstBlock, endBlock) -> {
            float[] tile = team.scratch(worker).a;
            for (int block = firstBlock; block < endBlock; block++) {
                int end = Math.min(size, (block + 1) * SUM_BLOCK);
                double sum = 0;
                for (int from = block * SUM_BLOCK; from < end; from += Team.TILE) {
                    int count = Math.min(Team.TILE, end - from);
                    gradients.get(segment.offset() + from, tile, count);
                    sum += Squares.of(tile, count);
                }
                blockSums[block] = sum;
            }
        });
        double sum = 0;
        for (int block = 0; block < blocks; block++) {
            sum += blockSums[block];
        }
        return sum;
    }

    /** The numbers of an Adam step on one group, rounded once. */
    private record AdamStep(
            float clip,
            float decay,
            float l2,
            float beta1,
            float rest1,
            float beta2,
            float rest2,
            float rate,
            float correction2,
            float eps) {}

    void adam(
            CpuTensor parameters,
            CpuTensor gradients,
            CpuTensor m,
            CpuTensor v,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            boolean decoupled,
            double beta1,
            double beta2,
            double eps,
            long step,
            @Nullable CpuTensor clip) {
        double correction1 = 1 - Math.pow(beta1, (double) step);
        double correction2 = Math.sqrt(1 - Math.pow(beta2, (double) step));
        for (Segment segment : segments) {
            int group = segment.group();
            AdamStep numbers = new AdamStep(
                    clip == null ? 1f : clip.real(1),
                    decoupled ? (float) (lr[group] * wd[group]) : 0f,
                    decoupled ? 0f : (float) wd[group],
                    (float) beta1,
                    (float) (1 - beta1),
                    (float) beta2,
                    (float) (1 - beta2),
                    (float) (lr[group] / correction1),
                    (float) (1 / correction2),
                    (float) eps);
            team.tiles(Math.toIntExact(segment.count()), (scratch, from, count) -> {
                long at = segment.offset() + from;
                parameters.get(at, scratch.a, count);
                gradients.get(at, scratch.b, count);
                m.get(at, scratch.c, count);
                v.get(at, scratch.d, count);
                adam(numbers, scratch.a, scratch.b, scratch.c, scratch.d, count);
                parameters.put(at, scratch.a, count);
                m.put(at, scratch.c, count);
                v.put(at, scratch.d, count);
            });
        }
    }

    private static void adam(AdamStep s, float[] p, float[] g, float[] m, float[] v, int count) {
        float clip = s.clip;
        float decay = s.decay;
        float l2 = s.l2;
        float beta1 = s.beta1;
        float rest1 = s.rest1;
        float beta2 = s.beta2;
        float rest2 = s.rest2;
        float rate = s.rate;
        float correction2 = s.correction2;
        float eps = s.eps;
        for (int k = 0; k < count; k++) {
            float gradient = g[k] * clip + l2 * p[k];
            float mean = beta1 * m[k] + rest1 * gradient;
            float square = beta2 * v[k] + rest2 * (gradient * gradient);
            m[k] = mean;
            v[k] = square;
            p[k] = p[k] - decay * p[k] - rate * mean / ((float) Math.sqrt(square) * correction2 + eps);
        }
    }

    void sgd(
            CpuTensor parameters,
            CpuTensor gradients,
            @Nullable CpuTensor buffer,
            List<Segment> segments,
            double[] lr,
            double[] wd,
            boolean decoupled,
            double momentum,
            long step,
            @Nullable CpuTensor clip) {
        float scale = clip == null ? 1f : clip.real(1);
        float kept = step == 1 ? 0f : (float) momentum;
        for (Segment segment : segments) {
            float rate = (float) lr[segment.group()];
            float decay = decoupled ? (float) (lr[segment.group()] * wd[segment.group()]) : 0f;
            float l2 = decoupled ? 0f : (float) wd[segment.group()];
            team.tiles(Math.toIntExact(segment.count()), (scratch, from, count) -> {
                long at = segment.offset() + from;
                parameters.get(at, scratch.a, count);
                gradients.get(at, scratch.b, count);
                decay(scratch.a, scratch.b, scale, decay, l2, count);
                if (buffer != null && momentum != 0) {
                    // What the buffer holds before the first step is nobody's business, not even if it is NaN.
                    if (kept == 0f) {
                        buffer.put(at, scratch.b, count);
                    } else {
                        buffer.get(at, scratch.c, count);
                        addScaled(scratch.b, scratch.c, kept, count);
                        buffer.put(at, scratch.b, count);
                    }
                }
                addScaled(scratch.a, scratch.b, -rate, count);
                parameters.put(at, scratch.a, count);
            });
        }
    }

    private static void decay(float[] p, float[] g, float scale, float decay, float l2, int count) {
        for (int k = 0; k < count; k++) {
            g[k] = g[k] * scale + l2 * p[k];
            p[k] -= decay * p[k];
        }
    }

    /** {@code sum += factor·x}. */
    static void addScaled(float[] sum, float[] x, float factor, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += factor * x[k];
        }
    }

    void average(CpuTensor parameters, CpuTensor average, List<Segment> segments, double weight) {
        float part = (float) weight;
        for (Segment segment : segments) {
            team.tiles(Math.toIntExact(segment.count()), (scratch, from, count) -> {
                long at = segment.offset() + from;
                parameters.get(at, scratch.a, count);
                average.get(at, scratch.b, count);
                approach(scratch.b, scratch.a, part, count);
                average.put(at, scratch.b, count);
            });
        }
    }

    private static void approach(float[] average, float[] p, float part, int count) {
        for (int k = 0; k < count; k++) {
            average[k] += (p[k] - average[k]) * part;
        }
    }
}
