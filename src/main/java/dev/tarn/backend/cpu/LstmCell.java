package dev.tarn.backend.cpu;

import dev.tarn.backend.GradientSum;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The elementwise half of an LSTM step: what follows the matrix product in the forward direction and precedes it in the
 * backward direction. Each hand works on the units whose gates it computed, row by row of the batch. First the step is
 * set, by one thread, then every hand runs it.
 */
final class LstmCell {

    private static final int TILE = Team.TILE;

    /** Keeps 0/0 away where the output gate is so far closed that h is 0 whatever c is. */
    private static final float TINY = 1e-30f;

    private final int batch;
    private final int width;
    private final Ranges units;
    private final Tiles[] tiles;

    /** Sums of the gate gradients over all rows, [4H]. */
    private final float[] biasSums;

    /** Arrays of one hand. */
    private static final class Tiles {
        final float[] i = new float[TILE];
        final float[] f = new float[TILE];
        final float[] g = new float[TILE];
        final float[] o = new float[TILE];
        final float[] before = new float[TILE];
        final float[] c = new float[TILE];
        final float[] h = new float[TILE];
        final float[] dh = new float[TILE];
        final float[] dc = new float[TILE];
    }

    /** A tensor and where in it the step starts. */
    private static final class Place {
        @Nullable
        CpuTensor tensor;

        long start;

        void at(@Nullable CpuTensor where, long from) {
            tensor = where;
            start = from;
        }

        CpuTensor get() {
            CpuTensor there = tensor;
            if (there == null) {
                throw new IllegalStateException("no tensor was set");
            }
            return there;
        }

        void read(long from, float[] tile, int count) {
            get().get(start + from, tile, count);
        }

        void write(long from, float[] tile, int count) {
            get().put(start + from, tile, count);
        }
    }

    private final Place gates = new Place();
    private final Place cBefore = new Place();
    private final Place c = new Place();
    private final Place h = new Place();
    private final Place dy = new Place();
    private final Place dhCarried = new Place();
    private final Place dc = new Place();
    private final Place dGates = new Place();

    /** @param units those of each hand */
    LstmCell(int batch, Ranges units) {
        this.batch = batch;
        this.units = units;
        width = units.size();
        biasSums = new float[4 * width];
        tiles = new Tiles[units.parts()];
        for (int hand = 0; hand < tiles.length; hand++) {
            tiles[hand] = new Tiles();
        }
    }

    /**
     * {@code c = f∘c' + i∘g; h = o∘tanh(c)}; every tensor is read or written from its start position on.
     *
     * @param gateTensor [B,4H] activated gates i, f, g, o
     * @param beforeTensor [B,H] the cell state before the step
     */
    void setForward(
            CpuTensor gateTensor,
            long gateStart,
            CpuTensor beforeTensor,
            long beforeStart,
            CpuTensor cTensor,
            long cStart,
            CpuTensor hTensor,
            long hStart) {
        gates.at(gateTensor, gateStart);
        cBefore.at(beforeTensor, beforeStart);
        c.at(cTensor, cStart);
        h.at(hTensor, hStart);
    }

    void forward(int hand) {
        Tiles t = tiles[hand];
        int end = units.from(hand) + units.count(hand);
        for (int row = 0; row < batch; row++) {
            for (int j = units.from(hand); j < end; j += TILE) {
                int count = Math.min(TILE, end - j);
                long at = (long) row * width + j;
                readGates(t, row, j, count);
                cBefore.read(at, t.before, count);
                cell(t.i, t.f, t.g, t.before, t.c, count);
                c.write(at, t.c, count);
                output(t.o, t.c, t.h, count);
                h.write(at, t.h, count);
            }
        }
    }

    private void readGates(Tiles t, int row, int j, int count) {
        long at = 4L * row * width + j;
        gates.read(at, t.i, count);
        gates.read(at + width, t.f, count);
        gates.read(at + 2L * width, t.g, count);
        gates.read(at + 3L * width, t.o, count);
    }

    private static void cell(float[] i, float[] f, float[] g, float[] before, float[] c, int count) {
        for (int k = 0; k < count; k++) {
            c[k] = f[k] * before[k] + i[k] * g[k];
        }
    }

    private static void output(float[] o, float[] c, float[] h, int count) {
        for (int k = 0; k < count; k++) {
            h[k] = o[k] * Tanh.of(c[k]);
        }
    }

    /** Forgets the sums of the backward steps. */
    void clearBiasGradient() {
        Arrays.fill(biasSums, 0f);
    }

    /** Gives both biases their gradient. */
    void biasGradient(CpuTensor dbIh, CpuTensor dbHh, GradientSum sum) {
        boolean starts = sum == GradientSum.START;
        for (int j = 0; j < 4 * width; j++) {
            dbIh.setReal(j, starts ? biasSums[j] : dbIh.real(j) + biasSums[j]);
            dbHh.setReal(j, starts ? biasSums[j] : dbHh.real(j) + biasSums[j]);
        }
    }

    /**
     * With {@code d = dy + dh carried}:
     *
     * <pre>
     * q  = dc + d∘o∘(1 - tanh²(c));  dc becomes q∘f
     * da = (q∘g∘i(1-i), q∘c'∘f(1-f), q∘i∘(1-g²), d∘tanh(c)∘o(1-o))
     * </pre>
     *
     * tanh(c) is not stored: it is h/o, so that {@code o(1 - tanh²(c)) = o - h²/o}.
     *
     * @param carried [B,H] gradient by h from the following step, or null for zero
     * @param dcTensor [B,H] in and out
     * @param dGateTensor [B,4H] out; may be the gates
     */
    void setBackward(
            CpuTensor gateTensor,
            long gateStart,
            CpuTensor beforeTensor,
            long beforeStart,
            CpuTensor hTensor,
            CpuTensor dyTensor,
            long hStart,
            @Nullable CpuTensor carried,
            CpuTensor dcTensor,
            CpuTensor dGateTensor,
            long dGateStart) {
        gates.at(gateTensor, gateStart);
        cBefore.at(beforeTensor, beforeStart);
        h.at(hTensor, hStart);
        dy.at(dyTensor, hStart);
        dhCarried.at(carried, 0);
        dc.at(dcTensor, 0);
        dGates.at(dGateTensor, dGateStart);
    }

    void backward(int hand) {
        Tiles t = tiles[hand];
        int end = units.from(hand) + units.count(hand);
        for (int row = 0; row < batch; row++) {
            for (int j = units.from(hand); j < end; j += TILE) {
                int count = Math.min(TILE, end - j);
                long at = (long) row * width + j;
                readGates(t, row, j, count);
                cBefore.read(at, t.before, count);
                h.read(at, t.h, count);
                dy.read(at, t.dh, count);
                if (dhCarried.tensor != null) {
                    dhCarried.read(at, t.c, count);
                    add(t.dh, t.c, count);
                }
                dc.read(at, t.dc, count);
                throughOutput(t.o, t.h, t.dh, t.dc, count);
                throughCell(t.i, t.f, t.g, t.before, t.dc, count);
                dc.write(at, t.dc, count);
                writeGates(t, row, j, count);
            }
        }
    }

    private void writeGates(Tiles t, int row, int j, int count) {
        long at = 4L * row * width + j;
        dGates.write(at, t.i, count);
        dGates.write(at + width, t.f, count);
        dGates.write(at + 2L * width, t.g, count);
        dGates.write(at + 3L * width, t.o, count);
        addAt(biasSums, j, t.i, count);
        addAt(biasSums, j + width, t.f, count);
        addAt(biasSums, j + 2 * width, t.g, count);
        addAt(biasSums, j + 3 * width, t.o, count);
    }

    /** o becomes its gradient, dc the gradient by c of this step. */
    private static void throughOutput(float[] o, float[] h, float[] dh, float[] dc, int count) {
        for (int k = 0; k < count; k++) {
            dc[k] += dh[k] * (o[k] - h[k] * h[k] / Math.max(o[k], TINY));
            o[k] = dh[k] * h[k] * (1 - o[k]);
        }
    }

    /** i, f and g become their gradients, dc the gradient by c of the step before. */
    private static void throughCell(float[] i, float[] f, float[] g, float[] before, float[] dc, int count) {
        for (int k = 0; k < count; k++) {
            float q = dc[k];
            float input = i[k];
            float forget = f[k];
            float candidate = g[k];
            dc[k] = q * forget;
            i[k] = q * candidate * input * (1 - input);
            f[k] = q * before[k] * forget * (1 - forget);
            g[k] = q * input * (1 - candidate * candidate);
        }
    }

    private static void add(float[] sum, float[] more, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += more[k];
        }
    }

    private static void addAt(float[] sum, int at, float[] more, int count) {
        for (int k = 0; k < count; k++) {
            sum[at + k] += more[k];
        }
    }
}
