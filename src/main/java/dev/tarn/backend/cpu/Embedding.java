package dev.tarn.backend.cpu;

import dev.tarn.backend.Mask;
import dev.tarn.backend.Shapes;
import java.util.Arrays;

/**
 * Embedding lookup, its gradient, and locked dropout. Masks over [B,E] or [B,H] are drawn once per call and used for all
 * time steps. Thread-safety: none; ids and masks of a call are kept in arrays of the object.
 */
final class Embedding {

    private final Team team;
    private int[] ids = {};
    private float[] rowScale = {};
    private float[] inputMask = {};

    Embedding(Team team) {
        this.team = team;
    }

    void forward(CpuTensor w, CpuTensor idTensor, Mask rows, Mask input, CpuTensor out) {
        prepare("embed", idTensor, w.dim(0), rows, input, w.dim(1));
        int embSz = w.dim(1);
        int batch = idTensor.dim(1);
        team.workers().run(idTensor.length(), 64, (worker, from, to) -> {
            float[] tile = team.scratch(worker).a;
            for (int position = from; position < to; position++) {
                int maskAt = position % batch * embSz;
                for (int e = 0; e < embSz; e += Team.TILE) {
                    int count = Math.min(Team.TILE, embSz - e);
                    w.get((long) ids[position] * embSz + e, tile, count);
                    scale(tile, inputMask, maskAt + e, rowScale[position], count);
                    out.put((long) position * embSz + e, tile, count);
                }
            }
        });
    }

    private static void scale(float[] tile, float[] mask, int maskAt, float factor, int count) {
        for (int k = 0; k < count; k++) {
            tile[k] = tile[k] * factor * mask[maskAt + k];
        }
    }

    /** Each worker takes some columns and all positions in order: sums do not depend on how many workers there are. */
    void backward(CpuTensor dOut, CpuTensor idTensor, Mask rows, Mask input, int padding, CpuTensor dw) {
        prepare("embedBackward", idTensor, dw.dim(0), rows, input, dw.dim(1));
        int embSz = dw.dim(1);
        int batch = idTensor.dim(1);
        int positions = idTensor.length();
        team.workers().run(embSz, 16, (worker, fromColumn, toColumn) -> {
            Team.Scratch scratch = team.scratch(worker);
            for (int e = fromColumn; e < toColumn; e += Team.TILE) {
                int count = Math.min(Team.TILE, toColumn - e);
                for (int position = 0; position < positions; position++) {
                    if (ids[position] != padding && rowScale[position] != 0) {
                        long row = (long) ids[position] * embSz + e;
                        dOut.get((long) position * embSz + e, scratch.a, count);
                        dw.get(row, scratch.b, count);
                        scale(scratch.a, inputMask, position % batch * embSz + e, rowScale[position], count);
                        add(scratch.b, scratch.a, count);
                        dw.put(row, scratch.b, count);
                    }
                }
            }
        });
    }

    private static void add(float[] sum, float[] more, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += more[k];
        }
    }

    private void prepare(String op, CpuTensor idTensor, int vocabulary, Mask rows, Mask input, int embSz) {
        int positions = idTensor.length();
        int maskSize = idTensor.dim(1) * embSz;
        if (ids.length < positions) {
            ids = new int[positions];
            rowScale = new float[positions];
        }
        if (inputMask.length < maskSize) {
            inputMask = new float[maskSize];
        }
        idTensor.getIds(ids, positions);
        for (int position = 0; position < positions; position++) {
            Shapes.id(op, ids[position], position, vocabulary);
        }
        if (rows instanceof Mask.None) {
            Arrays.fill(rowScale, 0, positions, 1f);
        } else {
            team.workers().run(positions, 64, (worker, from, to) -> {
                Team.Scratch scratch = team.scratch(worker);
                for (int position = from; position < to; position++) {
                    scratch.masks.fill(rows, ids[position], scratch.mask, 1);
                    rowScale[position] = scratch.mask[0];
                }
            });
        }
        team.tiles(maskSize, (scratch, from, count) -> {
            scratch.masks.fill(input, from, scratch.mask, count);
            System.arraycopy(scratch.mask, 0, inputMask, from, count);
        });
    }

    void lockedDropout(CpuTensor x, Mask mask, CpuTensor out) {
        int steps = x.dim(0);
        int stepSize = x.dim(1) * x.dim(2);
        team.tiles(stepSize, (scratch, from, count) -> {
            scratch.masks.fill(mask, from, scratch.mask, count);
            for (int t = 0; t < steps; t++) {
                long at = (long) t * stepSize + from;
                x.get(at, scratch.a, count);
                scale(scratch.a, scratch.mask, 0, 1f, count);
                out.put(at, scratch.a, count);
            }
        });
    }
}
