package dev.tarn.report;

import java.awt.Color;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Several arms of an experiment beside each other, each in a colour that it has in every plot. */
public final class ArmPlot {

    private static final Color[] COLORS = {
        new Color(0x77, 0x77, 0x77),
        new Color(0x1f, 0x5a, 0x8c),
        new Color(0xc0, 0x56, 0x21),
        new Color(0x3c, 0x8c, 0x4e),
        new Color(0x7d, 0x4f, 0x9e),
        new Color(0xb0, 0x8a, 0x1e),
        new Color(0xc2, 0x3b, 0x6f),
        new Color(0x2b, 0x9a, 0xa8)
    };

    /** Half the width of the dash that marks a mean, where arms are 1 apart. */
    private static final double DASH = 0.25;

    private ArmPlot() {}

    /** The colour of the arm at an index. */
    static Color color(int arm) {
        return COLORS[arm % COLORS.length];
    }

    /**
     * One number of every arm: a point for each seed, and a dash for their mean.
     *
     * @param yTitle what the numbers are
     * @param names of the arms
     * @param values by arm and seed; what is not finite is left out
     */
    public static Plot points(String title, String yTitle, List<String> names, double[][] values) {
        Plot plot = new Plot(title, "arm", yTitle);
        for (int arm = 0; arm < names.size(); arm++) {
            double place = arm + 1;
            double[] finite =
                    Arrays.stream(values[arm]).filter(Double::isFinite).toArray();
            if (finite.length == 0) {
                continue;
            }
            double mean = Arrays.stream(finite).average().orElseThrow();
            String dash = names.get(arm) + " mean";
            plot.points(
                            names.get(arm),
                            IntStream.range(0, finite.length)
                                    .mapToDouble(i -> place)
                                    .toArray(),
                            finite,
                            color(arm))
                    .line(dash, new double[] {place - DASH, place + DASH}, new double[] {mean, mean}, color(arm));
            plot.chart().getSeries(dash).setShowInLegend(false);
        }
        plot.chart().getStyler().setXAxisMin(0.0).setXAxisMax(names.size() + 1.0);
        // The legend names the arms; the numbers of their places say nothing.
        plot.chart().getStyler().setXAxisTickLabelsFormattingFunction(x -> "");
        return plot;
    }

    /**
     * A line for every arm, a point where there is one value.
     *
     * @param names of the arms
     * @param x by arm
     * @param y by arm, as many as x; what is not finite is left out
     */
    public static Plot lines(
            String title, String xTitle, String yTitle, List<String> names, double[][] x, double[][] y) {
        Plot plot = new Plot(title, xTitle, yTitle);
        for (int arm = 0; arm < names.size(); arm++) {
            if (x[arm].length == 1) {
                plot.points(names.get(arm), x[arm], y[arm], color(arm));
            } else {
                plot.line(names.get(arm), x[arm], y[arm], color(arm));
            }
        }
        return plot;
    }

    /** {@link #lines} over steps from 1 on, on a logarithmic axis. */
    public static Plot horizon(String title, String yTitle, List<String> names, double[][] steps, double[][] y) {
        Plot plot = lines(title, "time step", yTitle, names, steps, y);
        if (Arrays.stream(steps).anyMatch(each -> each.length > 0)) {
            plot.logarithmicX();
        }
        return plot;
    }
}
