package dev.tarn.backend.cpu;

import org.jspecify.annotations.Nullable;

/**
 * The linear layers of the classifier's head, by dnnl_sgemm, which wants no plan: their rows are as many as documents in a
 * batch. In single precision even where a run asks for bfloat16: rounding the
 * factors of such small products would take longer than it saves. Thread-safety: none.
 */
final class Linear {

    private final Team team;

    Linear(Team team) {
        this.team = team;
    }

    void forward(CpuTensor x, CpuTensor w, CpuTensor b, CpuTensor y) {
        int outputs = w.dim(0);
        int inputs = w.dim(1);
        overRows(x.dim(0), (dnn, first, count) -> {
            for (int row = first; row < first + count; row++) {
                y.copyRow(row, b);
            }
            dnn.addProductByTransposed(
                    count,
                    outputs,
                    inputs,
                    x.address((long) first * inputs),
                    w.address(),
                    y.address((long) first * outputs));
        });
    }

    void backward(CpuTensor x, CpuTensor w, CpuTensor dy, @Nullable CpuTensor dx, CpuTensor dw, CpuTensor db) {
        int rows = x.dim(0);
        int outputs = w.dim(0);
        int inputs = w.dim(1);
        if (dx != null) {
            overRows(
                    rows,
                    (dnn, first, count) -> dnn.multiply(
                            count,
                            inputs,
                            outputs,
                            dy.address((long) first * outputs),
                            w.address(),
                            dx.address((long) first * inputs)));
        }
        overRows(
                outputs,
                (dnn, first, count) -> dnn.multiplyTransposed(
                        count,
                        inputs,
                        rows,
                        1f,
                        dy.address(first),
                        outputs,
                        x.address(),
                        1f,
                        dw.address((long) first * inputs)));
        team.tiles(outputs, (scratch, from, count) -> {
            db.get(from, scratch.a, count);
            for (int row = 0; row < rows; row++) {
                dy.get((long) row * outputs + from, scratch.b, count);
                add(scratch.a, scratch.b, count);
            }
            db.put(from, scratch.a, count);
        });
    }

    private static void add(float[] sum, float[] x, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += x[k];
        }
    }

    /** A product of some rows. */
    private interface Part {
        void run(OneDnn dnn, int first, int count);
    }

    /**
     * Always in blocks of so many rows, since sums of dnnl_sgemm depend on how many it is given: the results do not depend
     * on how many hands share the blocks.
     */
    private void overRows(int rows, Part part) {
        Ranges blocks = new Ranges(rows, Ranges.VECTOR);
        Ranges hands = team.cut(blocks.parts(), 1);
        team.workers().run(hands.parts(), 1, (worker, from, to) -> {
            for (int hand = from; hand < to; hand++) {
                for (int i = 0; i < hands.count(hand); i++) {
                    int block = hands.from(hand) + i;
                    part.run(team.dnn(hand), blocks.from(block), blocks.count(block));
                }
            }
        });
    }
}
