package dev.tarn.report;

import java.util.stream.IntStream;

/** Norm of the hidden state over the time steps of a window: mean, and a deviation to either side. */
public final class NormPlot {

    private NormPlot() {}

    /**
     * Draws it.
     *
     * @param mean mean norm of every time step
     * @param deviation its standard deviation
     */
    public static Plot of(double[] mean, double[] deviation) {
        double[] steps =
                IntStream.rangeClosed(1, mean.length).mapToDouble(t -> t).toArray();
        double[] above = new double[mean.length];
        double[] below = new double[mean.length];
        for (int t = 0; t < mean.length; t++) {
            above[t] = mean[t] + deviation[t];
            below[t] = mean[t] - deviation[t];
        }
        return new Plot("Norm of h", "time step", "norm")
                .line("mean", steps, mean, Plot.MAIN)
                .line("mean + sd", steps, above, Plot.FAINT)
                .line("mean - sd", steps, below, Plot.FAINT);
    }
}
