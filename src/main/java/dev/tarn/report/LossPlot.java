package dev.tarn.report;

import java.util.Arrays;
import java.util.stream.IntStream;

/** The course of a training: loss of every step, its smoothed value, validation loss after every epoch. */
public final class LossPlot {

    private LossPlot() {}

    /**
     * Draws it.
     *
     * @param losses cross-entropy of every step, in nats
     * @param smoothLosses the smoothed value at every step
     * @param epochEnds the number of steps done at the end of every epoch
     * @param validLosses the validation loss of every epoch; NaN where there was none
     */
    public static Plot of(double[] losses, double[] smoothLosses, double[] epochEnds, double[] validLosses) {
        double[] steps = IntStream.rangeClosed(1, losses.length)
                .mapToDouble(step -> step)
                .toArray();
        Plot plot = new Plot("Loss", "step", "cross-entropy (nats)")
                .line("step", steps, losses, Plot.FAINT)
                .line("smoothed", Arrays.copyOf(steps, smoothLosses.length), smoothLosses, Plot.MAIN);
        return plot.points("validation", epochEnds, validLosses, Plot.SECOND);
    }
}
