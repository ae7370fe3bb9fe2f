package dev.tarn.report;

import java.util.Locale;
import java.util.Map;

/** Smoothed loss over the learning rate, on a logarithmic axis, with suggested rates as points on the line. */
public final class LrFinderPlot {

    private LrFinderPlot() {}

    /**
     * Draws it.
     *
     * @param lrs ascending rates
     * @param losses the smoothed loss that each met
     * @param suggestions name and rate; the ones that the search could not give are left out
     */
    public static Plot of(double[] lrs, double[] losses, Map<String, Double> suggestions) {
        Plot plot = new Plot("Learning rate search", "learning rate", "smoothed loss (nats)")
                .line("loss", lrs, losses, Plot.MAIN)
                .logarithmicX();
        plot.chart().getStyler().setXAxisTickLabelsFormattingFunction(x -> String.format(Locale.ROOT, "%.0e", x));
        suggestions.forEach((name, rate) -> plot.points(
                String.format(Locale.ROOT, "%s %.2e", name, rate),
                new double[] {rate},
                new double[] {lossAt(lrs, losses, rate)},
                Plot.SECOND));
        return plot;
    }

    /** The loss at the rate that is nearest on the logarithmic axis. */
    private static double lossAt(double[] lrs, double[] losses, double rate) {
        int nearest = 0;
        for (int i = 1; i < lrs.length; i++) {
            if (Math.abs(Math.log(lrs[i] / rate)) < Math.abs(Math.log(lrs[nearest] / rate))) {
                nearest = i;
            }
        }
        return losses.length == 0 ? Double.NaN : losses[nearest];
    }
}
