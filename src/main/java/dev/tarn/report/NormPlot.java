package dev.tarn.report;

import java.util.stream.IntStream;

/** Norm of the hidden state over time steps: the mean of every layer, and a deviation to either side of the last one's. */
public final class NormPlot {

    private NormPlot() {}

    /**
     * Draws it over the steps of a window.
     *
     * @param mean by layer, the mean norm of every time step
     * @param deviation by layer, its standard deviation
     */
    public static Plot of(double[][] mean, double[][] deviation) {
        int steps = mean.length == 0 ? 0 : mean[0].length;
        return of(IntStream.rangeClosed(1, steps).mapToDouble(t -> t).toArray(), mean, deviation);
    }

    static Plot of(double[] steps, double[][] mean, double[][] deviation) {
        Plot plot = new Plot("Norm of h", "time step", "norm");
        int last = mean.length - 1;
        for (int layer = 0; layer <= last; layer++) {
            plot.line("layer " + layer, steps, mean[layer], layer == last ? Plot.MAIN : Plot.other(layer));
        }
        if (last >= 0) {
            double[] above = new double[steps.length];
            double[] below = new double[steps.length];
            for (int t = 0; t < steps.length; t++) {
                above[t] = mean[last][t] + deviation[last][t];
                below[t] = mean[last][t] - deviation[last][t];
            }
            plot.line("layer " + last + " + sd", steps, above, Plot.FAINT)
                    .line("layer " + last + " - sd", steps, below, Plot.FAINT);
        }
        return plot;
    }
}
