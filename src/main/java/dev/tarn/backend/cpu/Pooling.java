package dev.tarn.backend.cpu;

import dev.tarn.backend.Padding;
import java.util.Arrays;

/**
 * Concat pooling and its gradient, each in one pass over h. A worker takes whole documents and the steps of each in their
 * order, so the results do not depend on how many workers there are. Thread-safety: none.
 */
final class Pooling {

    private final Team team;

    /** By worker: at which step each column of a tile is highest. */
    private final int[][] chosen;

    Pooling(Team team) {
        this.team = team;
        chosen = new int[team.workers().threads()][Team.TILE];
    }

    void forward(CpuTensor h, Padding padding, CpuTensor out, CpuTensor steps) {
        int batch = h.dim(1);
        int hidden = h.dim(2);
        team.workers().run(batch, 1, (worker, from, to) -> {
            for (int b = from; b < to; b++) {
                for (int j = 0; j < hidden; j += Team.TILE) {
                    pool(team.scratch(worker), chosen[worker], h, padding, out, steps, b, j);
                }
            }
        });
    }

    private static void pool(
            Team.Scratch scratch,
            int[] at,
            CpuTensor h,
            Padding padding,
            CpuTensor out,
            CpuTensor steps,
            int b,
            int j) {
        int last = h.dim(0) - 1;
        int hidden = h.dim(2);
        int count = Math.min(Team.TILE, hidden - j);
        float[] now = scratch.a;
        float[] highest = scratch.b;
        float[] sum = scratch.c;
        Arrays.fill(highest, 0, count, 0);
        Arrays.fill(sum, 0, count, 0);
        Arrays.fill(at, 0, count, -1);
        int words = 0;
        for (int t = 0; t <= last; t++) {
            boolean isText = isText(padding, t, b);
            if (isText || t == last) {
                h.get(((long) t * h.dim(1) + b) * hidden + j, now, count);
            }
            if (isText) {
                words++;
                add(sum, now, count);
                raise(highest, at, now, t, count);
            }
        }
        for (int k = 0; k < count; k++) {
            sum[k] = words == 0 ? 0 : sum[k] / words;
        }
        long row = 3L * b * hidden + j;
        out.put(row, now, count);
        out.put(row + hidden, highest, count);
        out.put(row + 2L * hidden, sum, count);
        steps.putIds((long) b * hidden + j, at, count);
    }

    private static void add(float[] sum, float[] x, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += x[k];
        }
    }

    private static void raise(float[] highest, int[] at, float[] now, int t, int count) {
        for (int k = 0; k < count; k++) {
            if (at[k] < 0 || now[k] > highest[k]) {
                highest[k] = now[k];
                at[k] = t;
            }
        }
    }

    void backward(CpuTensor dOut, Padding padding, CpuTensor steps, CpuTensor dh) {
        int batch = dh.dim(1);
        int hidden = dh.dim(2);
        team.workers().run(batch, 1, (worker, from, to) -> {
            for (int b = from; b < to; b++) {
                int words = words(padding, dh.dim(0), b);
                for (int j = 0; j < hidden; j += Team.TILE) {
                    spread(team.scratch(worker), chosen[worker], dOut, padding, steps, dh, words, b, j);
                }
            }
        });
    }

    private static void spread(
            Team.Scratch scratch,
            int[] at,
            CpuTensor dOut,
            Padding padding,
            CpuTensor steps,
            CpuTensor dh,
            int words,
            int b,
            int j) {
        int last = dh.dim(0) - 1;
        int hidden = dh.dim(2);
        int count = Math.min(Team.TILE, hidden - j);
        long row = 3L * b * hidden + j;
        float[] mean = scratch.a;
        float[] highest = scratch.b;
        dOut.get(row + hidden, highest, count);
        dOut.get(row + 2L * hidden, mean, count);
        steps.getIds((long) b * hidden + j, at, count);
        for (int k = 0; k < count; k++) {
            mean[k] = words == 0 ? 0 : mean[k] / words;
        }
        for (int t = 0; t <= last; t++) {
            float[] gradient = scratch.c;
            write(gradient, isText(padding, t, b), mean, highest, at, t, count);
            if (t == last) {
                dOut.get(row, scratch.d, count);
                add(gradient, scratch.d, count);
            }
            dh.put(((long) t * dh.dim(1) + b) * hidden + j, gradient, count);
        }
    }

    private static void write(
            float[] gradient, boolean isText, float[] mean, float[] highest, int[] at, int t, int count) {
        for (int k = 0; k < count; k++) {
            gradient[k] = (isText ? mean[k] : 0) + (at[k] == t ? highest[k] : 0);
        }
    }

    private static int words(Padding padding, int steps, int b) {
        int words = 0;
        for (int t = 0; t < steps; t++) {
            words += isText(padding, t, b) ? 1 : 0;
        }
        return words;
    }

    private static boolean isText(Padding padding, int t, int b) {
        CpuTensor ids = CpuTensor.of(padding.ids());
        return ids.id((long) t * ids.dim(1) + b) != padding.token();
    }
}
