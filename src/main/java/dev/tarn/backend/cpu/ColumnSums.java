package dev.tarn.backend.cpu;

/** {@code target += factor · Σ_rows source} in single precision; the columns are shared out. */
final class ColumnSums {

    private final Team team;
    private final Ranges columns;
    private final Workers.Body body = this::add;

    private long target;
    private int rows;
    private float factor;
    private long source;
    private long ones;

    ColumnSums(Team team, int columns) {
        this.team = team;
        this.columns = team.cut(columns, Ranges.VECTOR);
    }

    /**
     * Runs it.
     *
     * @param source address of [rows,columns], dense
     * @param ones address of as many ones as rows
     */
    void addTo(long target, int rows, float factor, long source, long ones) {
        this.target = target;
        this.rows = rows;
        this.factor = factor;
        this.source = source;
        this.ones = ones;
        team.workers().run(columns.parts(), 1, body);
    }

    private void add(int worker, int from, int to) {
        for (int hand = from; hand < to; hand++) {
            long start = (long) Float.BYTES * columns.from(hand);
            team.dnn(hand)
                    .addColumnSums(
                            rows, columns.count(hand), factor, source + start, columns.size(), ones, target + start);
        }
    }
}
