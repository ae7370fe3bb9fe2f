package dev.tarn.train;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.data.Tokens;
import dev.tarn.report.HorizonPlot;
import dev.tarn.run.RunFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * How a model fares on sequences of any length: loss and norms of h as functions of the time step, counted from a zero
 * state (Krueger &amp; Memisevic 2016, figures 3 and 4).
 *
 * @param streams how many sequences ran side by side
 * @param bptt the nominal length of the windows that the model was trained on
 * @param buckets ascending, without gaps, from step 1 on
 */
public record Horizon(int streams, int bptt, List<Bucket> buckets) {

    /** Buckets in a factor of ten. */
    private static final int DECADE = 10;

    /**
     * Some steps that follow each other, with what was measured over all of them in all streams.
     *
     * @param from the first step, counted from 1
     * @param to the last step
     * @param loss mean cross-entropy in nats; not finite where the model left the numbers
     * @param norms mean of ‖h_t‖ for every layer
     * @param deviations its standard deviation for every layer
     */
    public record Bucket(int from, int to, double loss, List<Double> norms, List<Double> deviations) {

        public Bucket {
            norms = List.copyOf(norms);
            deviations = List.copyOf(deviations);
        }

        /** {@code exp(loss)}. */
        public double perplexity() {
            return Math.exp(loss);
        }
    }

    public Horizon {
        buckets = List.copyOf(buckets);
    }

    /**
     * The last steps of the buckets: 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, ..., so 10^(k/10) rounded, and the horizon itself.
     */
    static int[] ends(int horizon) {
        List<Integer> ends = new ArrayList<>();
        int last = 0;
        for (int k = 0; last < horizon; k++) {
            int end = (int) Math.min(horizon, Math.round(Math.pow(10, (double) k / DECADE)));
            if (end > last) {
                ends.add(end);
                last = end;
            }
        }
        return ends.stream().mapToInt(end -> end).toArray();
    }

    /**
     * How many sequences of that length a text has room for.
     *
     * @param most the most that are wanted
     * @throws ConfigException if the horizon is below 1
     * @throws DataException if not even one fits
     */
    static int streams(Tokens tokens, int horizon, int most) {
        if (horizon < 1) {
            throw new ConfigException("--horizon " + horizon + " is below 1; give how many steps to run.");
        }
        long fitting = tokens.numTokens() / (horizon + 1L);
        if (fitting < 1) {
            throw new DataException("The text has " + tokens.numTokens() + " tokens and --horizon " + horizon
                    + " needs one more than its steps; "
                    + (tokens.numTokens() < 2
                            ? "give more text."
                            : "lower it to " + (tokens.numTokens() - 1) + ", or give more text with --valid."));
        }
        return (int) Math.min(fitting, most);
    }

    /**
     * Appends the numbers to the metrics of a run and draws both plots.
     *
     * @return the files of the plots
     * @throws ConfigException if this machine cannot draw or the folder cannot be written; what came first stays
     */
    public List<Path> keep(RunFolder folder) {
        folder.metrics().append(Events.horizon(this));
        folder.metrics().sync();
        double[] steps = column(buckets.stream().map(bucket -> Math.sqrt((double) bucket.from() * bucket.to())));
        int layers = buckets.get(0).norms().size();
        double[][] means = new double[layers][];
        double[][] deviations = new double[layers][];
        for (int layer = 0; layer < layers; layer++) {
            int at = layer;
            means[layer] = column(buckets.stream().map(bucket -> bucket.norms().get(at)));
            deviations[layer] =
                    column(buckets.stream().map(bucket -> bucket.deviations().get(at)));
        }
        Path loss = folder.plots().resolve("horizon-loss.png");
        Path norms = folder.plots().resolve("horizon-norms.png");
        HorizonPlot.loss(steps, column(buckets.stream().map(Bucket::loss)), bptt)
                .write(loss);
        HorizonPlot.norms(steps, means, deviations, bptt).write(norms);
        return List.of(loss, norms);
    }

    private static double[] column(Stream<Double> values) {
        return values.mapToDouble(value -> value).toArray();
    }
}
