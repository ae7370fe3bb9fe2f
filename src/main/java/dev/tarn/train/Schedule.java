package dev.tarn.train;

/**
 * Learning rates and momentum as a pure function of the iteration, so that training can go on from any iteration exactly.
 * Iterations count the optimizer steps of one {@code fit}, from 0.
 */
public interface Schedule {

    /**
     * Writes the rate of every layer group.
     *
     * @param lr receives one rate a group; its length is the number of groups
     */
    void rates(long iteration, double[] lr);

    /** The momentum (Adam's beta1) of an iteration. */
    double momentum(long iteration);
}
