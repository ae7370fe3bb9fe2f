package dev.tarn.bench;

import java.util.List;
import java.util.Map;

/**
 * What one process measured.
 *
 * @param description of the libraries
 * @param stepMillis each timed step
 * @param phases median milliseconds of the parts of a step
 * @param figures losses and norms of every step, warm-up included
 * @param peakBytes most resident memory of the process
 * @param processorSeconds processor time of a timed step, all threads; on a busy machine it says more than the clock
 * @param foreignShare share of the processors that other processes took while steps were timed
 */
record ArmResult(
        String description,
        List<Double> stepMillis,
        Map<String, Double> phases,
        List<Training.Figures> figures,
        long peakBytes,
        double processorSeconds,
        double foreignShare) {

    double medianMillis() {
        return Median.of(stepMillis);
    }

    double tokensPerSecond(Size size) {
        return size.tokens() / medianMillis() * 1e3;
    }
}
