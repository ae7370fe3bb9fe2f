package dev.tarn.backend;

/** By what a recurrent layer is computed, where a backend has a choice. */
public enum LstmPath {
    /** What the backend does best: {@link #FUSED} on {@code cuda}; the others have one way. */
    AUTO,
    /** cuDNN's recurrent layer, one call for all steps. */
    CUDNN,
    /** A matrix product and one kernel of our own for each step; c of every step is there to be seen. */
    FUSED
}
