package dev.tarn.backend.cpu;

/**
 * {@code target = factor · source' · weights + keep · target} in single precision, all row-major and dense, by
 * dnnl_sgemm, which takes a transposed operand in its stride. The rows of the target are shared out.
 */
final class TransposedProduct {

    private final Team team;
    private final Ranges rows;
    private final int n;
    private final Workers.Body body = this::multiply;

    private long k;
    private float factor;
    private long source;
    private long weights;
    private float keep;
    private long target;

    /** For targets [m,n]. */
    TransposedProduct(Team team, int m, int n) {
        this.team = team;
        this.n = n;
        rows = team.cut(m, Ranges.VECTOR);
    }

    /**
     * Runs it.
     *
     * @param source address of [k,m], of which the transpose is taken
     * @param weights address of [k,n]
     */
    void run(long k, float factor, long source, long weights, float keep, long target) {
        this.k = k;
        this.factor = factor;
        this.source = source;
        this.weights = weights;
        this.keep = keep;
        this.target = target;
        team.workers().run(rows.parts(), 1, body);
    }

    private void multiply(int worker, int from, int to) {
        for (int hand = from; hand < to; hand++) {
            long first = (long) Float.BYTES * rows.from(hand);
            team.dnn(hand)
                    .multiplyTransposed(
                            rows.count(hand),
                            n,
                            k,
                            factor,
                            source + first,
                            rows.size(),
                            weights,
                            keep,
                            target + first * n);
        }
    }
}
