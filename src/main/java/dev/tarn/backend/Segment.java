package dev.tarn.backend;

/**
 * A run of consecutive elements in the flat parameter tensor that an optimizer step covers with one set of rates.
 *
 * @param offset first element
 * @param count number of elements
 * @param group index into the arrays of learning rates and weight decays
 */
public record Segment(long offset, long count, int group) {}
