package dev.tarn.train;

import dev.tarn.CheckpointException;
import java.util.List;

/**
 * The part of an optimizer that is plain numbers.
 *
 * @param kind {@code adam}, {@code sgd} or {@code nt-asgd}
 * @param steps updates made
 * @param averaged weights in the running average, -1 before there is one
 * @param validLosses what the trigger of NT-ASGD has heard
 */
public record OptimizerState(String kind, long steps, long averaged, List<Double> validLosses) {

    public OptimizerState {
        validLosses = List.copyOf(validLosses);
    }

    static OptimizerState of(String kind, long steps) {
        return new OptimizerState(kind, steps, -1, List.of());
    }

    /** Checks that the state may be restored into an optimizer of this kind. */
    void expect(String wanted) {
        if (!kind.equals(wanted)) {
            throw new CheckpointException("The checkpoint holds the state of optimizer " + kind + ", but this run uses "
                    + wanted + "; resume with --optimizer " + kind + ".");
        }
    }
}
