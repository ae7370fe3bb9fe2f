package dev.tarn.backend;

/**
 * Brings a few numbers from the device to the host without stalling the stream: {@link #record()} queues the copy behind
 * the work submitted so far, {@link #await} waits for that copy alone. One readback holds one pending copy; recording
 * again discards it.
 */
public interface Readback {

    /** Queues a copy of the source tensor as it will be at this point of the stream. */
    void record();

    /**
     * Waits for the recorded copy.
     *
     * @param out receives the elements of the source
     * @throws IllegalStateException if nothing was recorded
     */
    void await(double[] out);
}
