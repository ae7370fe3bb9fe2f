package dev.tarn.report;

import java.util.Arrays;

/**
 * Loss and norms over the time steps of long sequences, on a logarithmic axis, with the length of the training windows as
 * an upright line (Krueger &amp; Memisevic 2016, figures 3 and 4).
 */
public final class HorizonPlot {

    private HorizonPlot() {}

    /**
     * Draws the loss.
     *
     * @param steps ascending, above 0
     * @param losses mean cross-entropy in nats; what is not finite is left out
     * @param bptt the length of the training windows
     */
    public static Plot loss(double[] steps, double[] losses, int bptt) {
        Plot plot = new Plot("Loss beyond the training length", "time step", "cross-entropy (nats)")
                .line("loss", steps, losses, Plot.MAIN);
        return marked(plot, steps, bptt, losses);
    }

    /**
     * Draws the norms.
     *
     * @param steps as {@link #loss}
     * @param mean by layer, the mean norm at every step
     * @param deviation by layer, its standard deviation
     * @param bptt the length of the training windows
     */
    public static Plot norms(double[] steps, double[][] mean, double[][] deviation, int bptt) {
        return marked(NormPlot.of(steps, mean, deviation), steps, bptt, mean);
    }

    private static Plot marked(Plot plot, double[] steps, int bptt, double[]... values) {
        plot.logarithmicX();
        double[] finite = Arrays.stream(values)
                .flatMapToDouble(Arrays::stream)
                .filter(Double::isFinite)
                .toArray();
        if (finite.length > 0 && steps[0] < bptt && bptt < steps[steps.length - 1]) {
            double low = Arrays.stream(finite).min().orElseThrow();
            double high = Arrays.stream(finite).max().orElseThrow();
            plot.line("bptt " + bptt, new double[] {bptt, bptt}, new double[] {low, high}, Plot.MARK);
        }
        return plot;
    }
}
