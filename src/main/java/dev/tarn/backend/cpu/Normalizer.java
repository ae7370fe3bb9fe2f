package dev.tarn.backend.cpu;

import dev.tarn.backend.BatchNorm;
import dev.tarn.backend.Mask;
import java.util.Arrays;

/**
 * Batch normalisation with the rectifier before it and the dropout behind it. A worker takes some columns and all rows in
 * their order, so the results do not depend on how many workers there are. Thread-safety: none.
 */
final class Normalizer {

    /** Columns that are worth another thread: a cache line. */
    private static final int GRAIN = 16;

    private final Team team;
    private final Tile[] tiles;

    /** What one worker keeps of some columns, beside the scratch memory of the team. */
    private static final class Tile {
        final float[] mean = new float[Team.TILE];
        final float[] inverse = new float[Team.TILE];
        final float[] gamma = new float[Team.TILE];
        final float[] beta = new float[Team.TILE];
    }

    /** A part of the columns. */
    private interface Columns {
        void run(Team.Scratch scratch, Tile tile, int from, int count);
    }

    Normalizer(Team team) {
        this.team = team;
        tiles = new Tile[team.workers().threads()];
        for (int worker = 0; worker < tiles.length; worker++) {
            tiles[worker] = new Tile();
        }
    }

    private void overColumns(int features, Columns columns) {
        team.workers().run(features, GRAIN, (worker, from, to) -> {
            for (int column = from; column < to; column += Team.TILE) {
                columns.run(team.scratch(worker), tiles[worker], column, Math.min(Team.TILE, to - column));
            }
        });
    }

    void train(CpuTensor x, boolean relu, BatchNorm norm, CpuTensor saved, Mask mask, CpuTensor y) {
        int rows = x.dim(0);
        int features = x.dim(1);
        overColumns(features, (scratch, tile, from, count) -> {
            float[] row = scratch.a;
            float[] squares = scratch.b;
            Arrays.fill(tile.mean, 0, count, 0);
            Arrays.fill(squares, 0, count, 0);
            for (int n = 0; n < rows; n++) {
                read(x, relu, n, from, row, count);
                add(tile.mean, row, count);
            }
            divide(tile.mean, rows, count);
            for (int n = 0; n < rows; n++) {
                read(x, relu, n, from, row, count);
                addSquares(squares, row, tile.mean, count);
            }
            move(CpuTensor.of(norm.mean()), from, tile.mean, 1, scratch.c, count);
            move(CpuTensor.of(norm.variance()), from, squares, rows - 1, scratch.c, count);
            divide(squares, rows, count);
            invertRoots(squares, tile.inverse, count);
            saved.put(from, tile.mean, count);
            saved.put((long) features + from, tile.inverse, count);
            scale(tile, x, relu, norm, mask, y, scratch, from, count);
        });
    }

    void evaluate(CpuTensor x, boolean relu, BatchNorm norm, CpuTensor y) {
        overColumns(x.dim(1), (scratch, tile, from, count) -> {
            CpuTensor.of(norm.mean()).get(from, tile.mean, count);
            CpuTensor.of(norm.variance()).get(from, scratch.b, count);
            invertRoots(scratch.b, tile.inverse, count);
            scale(tile, x, relu, norm, Mask.NONE, y, scratch, from, count);
        });
    }

    private static void scale(
            Tile tile,
            CpuTensor x,
            boolean relu,
            BatchNorm norm,
            Mask mask,
            CpuTensor y,
            Team.Scratch scratch,
            int from,
            int count) {
        CpuTensor.of(norm.gamma()).get(from, tile.gamma, count);
        CpuTensor.of(norm.beta()).get(from, tile.beta, count);
        for (int n = 0; n < x.dim(0); n++) {
            long at = (long) n * x.dim(1) + from;
            read(x, relu, n, from, scratch.a, count);
            scratch.masks.fill(mask, at, scratch.mask, count);
            scale(scratch.a, tile, scratch.mask, count);
            y.put(at, scratch.a, count);
        }
    }

    void backward(
            CpuTensor x,
            boolean relu,
            BatchNorm norm,
            CpuTensor saved,
            Mask mask,
            CpuTensor dy,
            CpuTensor dx,
            CpuTensor dGamma,
            CpuTensor dBeta) {
        int rows = x.dim(0);
        int features = x.dim(1);
        overColumns(features, (scratch, tile, from, count) -> {
            float[] product = scratch.c;
            float[] sum = scratch.d;
            saved.get(from, tile.mean, count);
            saved.get((long) features + from, tile.inverse, count);
            CpuTensor.of(norm.gamma()).get(from, tile.gamma, count);
            Arrays.fill(product, 0, count, 0);
            Arrays.fill(sum, 0, count, 0);
            for (int n = 0; n < rows; n++) {
                read(x, relu, n, from, scratch.a, count);
                readUndropped(dy, mask, (long) n * features + from, scratch, count);
                add(sum, scratch.b, count);
                addProducts(product, scratch.b, scratch.a, tile, count);
            }
            addTo(dGamma, from, product, scratch.e, count);
            addTo(dBeta, from, sum, scratch.e, count);
            divide(product, rows, count);
            divide(sum, rows, count);
            for (int n = 0; n < rows; n++) {
                long at = (long) n * features + from;
                x.get(at, scratch.a, count);
                readUndropped(dy, mask, at, scratch, count);
                differentiate(scratch.b, scratch.a, relu, tile, sum, product, count);
                dx.put(at, scratch.b, count);
            }
        });
    }

    /** A row of x behind the rectifier. */
    private static void read(CpuTensor x, boolean relu, int n, int from, float[] row, int count) {
        x.get((long) n * x.dim(1) + from, row, count);
        if (relu) {
            for (int k = 0; k < count; k++) {
                row[k] = Math.max(row[k], 0);
            }
        }
    }

    /** Fills {@code scratch.b} with the gradient before the dropout. */
    private static void readUndropped(CpuTensor dy, Mask mask, long at, Team.Scratch scratch, int count) {
        dy.get(at, scratch.b, count);
        scratch.masks.fill(mask, at, scratch.mask, count);
        for (int k = 0; k < count; k++) {
            scratch.b[k] *= scratch.mask[k];
        }
    }

    private static void add(float[] sum, float[] x, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += x[k];
        }
    }

    private static void addSquares(float[] sum, float[] x, float[] mean, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += (x[k] - mean[k]) * (x[k] - mean[k]);
        }
    }

    private static void addProducts(float[] sum, float[] gradient, float[] a, Tile tile, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += gradient[k] * ((a[k] - tile.mean[k]) * tile.inverse[k]);
        }
    }

    private static void divide(float[] sum, int by, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] /= by;
        }
    }

    private static void invertRoots(float[] variance, float[] inverse, int count) {
        for (int k = 0; k < count; k++) {
            inverse[k] = 1 / (float) Math.sqrt(variance[k] + (float) BatchNorm.EPS);
        }
    }

    private static void scale(float[] a, Tile tile, float[] mask, int count) {
        for (int k = 0; k < count; k++) {
            a[k] = mask[k] * ((a[k] - tile.mean[k]) * tile.inverse[k] * tile.gamma[k] + tile.beta[k]);
        }
    }

    private static void differentiate(
            float[] gradient, float[] x, boolean relu, Tile tile, float[] sum, float[] product, int count) {
        for (int k = 0; k < count; k++) {
            float a = relu ? Math.max(x[k], 0) : x[k];
            float normal = (a - tile.mean[k]) * tile.inverse[k];
            float d = tile.gamma[k] * tile.inverse[k] * (gradient[k] - sum[k] - normal * product[k]);
            gradient[k] = relu && x[k] <= 0 ? 0 : d;
        }
    }

    /** Moves a running statistic towards that of the batch, {@code sum / by}. */
    private static void move(CpuTensor running, int from, float[] sum, int by, float[] free, int count) {
        running.get(from, free, count);
        for (int k = 0; k < count; k++) {
            free[k] += (float) BatchNorm.MOMENTUM * (sum[k] / by - free[k]);
        }
        running.put(from, free, count);
    }

    private static void addTo(CpuTensor target, int from, float[] more, float[] free, int count) {
        target.get(from, free, count);
        add(free, more, count);
        target.put(from, free, count);
    }
}
