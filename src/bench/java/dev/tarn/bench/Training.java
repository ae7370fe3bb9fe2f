package dev.tarn.bench;

import java.util.Map;

/** One side of the comparison: a model with its optimizer, its carried state and one whole training step. */
interface Training extends AutoCloseable {

    /**
     * What a step reports.
     *
     * @param loss mean cross-entropy in nats, without regularizers
     * @param ar the value of AR
     * @param tar the value of TAR
     * @param gradientNorm the global norm before clipping
     */
    record Figures(double loss, double ar, double tar, double gradientNorm) {}

    /**
     * Forward, backward, clip and update, finished when it returns.
     *
     * @param inputs [T,B] ids, time-major
     * @param targets [T,B] ids
     * @param step 1 for the first
     */
    Figures train(int[] inputs, int[] targets, long step);

    /** Milliseconds that the parts of the last step took, in order. */
    Map<String, Double> phases();

    /** Libraries, versions and instruction set, in one line. */
    String description();

    @Override
    void close();
}
