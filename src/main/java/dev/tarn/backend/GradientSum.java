package dev.tarn.backend;

/**
 * What a backward does to the gradients of parameters: the first of an optimizer step starts them, so that nobody has to
 * set them to zero, and what comes after it continues.
 */
public enum GradientSum {
    /** Whatever was there is overwritten. */
    START,
    /** Gradients are added to what is there. */
    CONTINUE
}
