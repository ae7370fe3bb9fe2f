package dev.tarn.backend;

/**
 * What a backend says of itself.
 *
 * @param device as the user names it: {@code "cpu"}, {@code "cuda:0"}, {@code "reference"}
 * @param description one line for a human: processor or GPU, instruction set, libraries with versions, threads
 * @param precision of the matrix products
 */
public record DeviceInfo(String device, String description, Precision precision) {}
