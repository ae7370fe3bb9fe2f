package dev.tarn.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the finished cells of an experiment say. A value that is not there (a training that diverged, a classifier that was
 * left out) takes no part in a mean, and every summary says how many did.
 */
public final class Results {

    /** A cell whose language model is done. */
    public record Found(
            Arm arm, long seed, LmResult lm, @Nullable ClfResult clf) {}

    private static final Comparator<Arm> ORDER = Comparator.comparing(Arm::hasArTar)
            .thenComparing(arm -> arm.betaNorm() > 0)
            .thenComparing(Arm::form, Comparator.reverseOrder())
            .thenComparing(Arm::betaNorm);

    private final List<Found> cells;

    Results(List<Found> cells) {
        this.cells = cells.stream()
                .sorted(Comparator.comparing(Found::arm, ORDER).thenComparing(Found::seed))
                .toList();
    }

    /** Every finished cell, by arm and seed. */
    public List<Found> cells() {
        return cells;
    }

    /** The arms that have a finished cell: none, AR+TAR, the seed's form, the paper's, by rising weight. */
    public List<Arm> arms() {
        return cells.stream().map(Found::arm).distinct().toList();
    }

    /** The cells of an arm, by rising seed. */
    public List<Found> of(Arm arm) {
        return cells.stream().filter(cell -> cell.arm().equals(arm)).toList();
    }

    /** Mean, deviation and interval of an arm over its seeds. */
    public Summary summary(Arm arm, Metric metric) {
        return Summary.of(of(arm).stream()
                .mapToDouble(metric::of)
                .filter(Double::isFinite)
                .toArray());
    }

    /** The differences of an arm to {@link Arm#BASELINE}, seed by seed, over the seeds that both have. */
    public Summary difference(Arm arm, Metric metric) {
        List<double[]> pairs = new ArrayList<>();
        for (Found cell : of(arm)) {
            for (Found other : of(Arm.BASELINE)) {
                double[] pair = {metric.of(cell), metric.of(other)};
                if (cell.seed() == other.seed() && Arrays.stream(pair).allMatch(Double::isFinite)) {
                    pairs.add(pair);
                }
            }
        }
        return Summary.ofDifferences(
                pairs.stream().mapToDouble(pair -> pair[0]).toArray(),
                pairs.stream().mapToDouble(pair -> pair[1]).toArray());
    }

    /** The metrics that were measured in any cell. */
    public List<Metric> metrics() {
        return Arrays.stream(Metric.values())
                .filter(metric -> cells.stream().anyMatch(cell -> Double.isFinite(metric.of(cell))))
                .toList();
    }

    /** The first and last step of what counts as beyond the training length; null before anything is known. */
    int @Nullable [] beyond() {
        return cells.stream()
                .map(cell -> cell.lm().beyond())
                .filter(steps -> !steps.isEmpty())
                .map(steps -> new int[] {
                    steps.get(0).from(), steps.get(steps.size() - 1).to()
                })
                .findFirst()
                .orElse(null);
    }

    /**
     * Mean over the seeds of an arm of a list of numbers, as far as all of them have it.
     *
     * @param numbers of a cell; none leaves the cell out
     */
    double[] meanOf(Arm arm, Function<LmResult, double[]> numbers) {
        List<double[]> rows = of(arm).stream()
                .map(cell -> numbers.apply(cell.lm()))
                .filter(row -> row.length > 0)
                .toList();
        int length = rows.stream().mapToInt(row -> row.length).min().orElse(0);
        double[] mean = new double[length];
        for (int i = 0; i < length; i++) {
            int at = i;
            mean[i] = rows.stream().mapToDouble(row -> row[at]).average().orElseThrow();
        }
        return mean;
    }
}
