package dev.tarn.backend;

import org.jspecify.annotations.Nullable;

/** How a backend is found: one implementation per backend, listed under {@code META-INF/services}. */
public interface BackendProvider {

    /** The part of the device name before the colon: {@code "cpu"}. */
    String name();

    /** Whether {@code auto} may choose it, and how eagerly: the highest available rank wins, negative never. */
    int rank();

    /** Null if it can be opened here, otherwise one sentence that says what is missing and how to mend it. */
    @Nullable
    String unavailable();

    /**
     * Opens the device.
     *
     * @param index the number after the colon, 0 when there is none
     * @throws dev.tarn.DeviceException if it cannot be opened
     * @throws dev.tarn.ConfigException if it does not offer the precision
     */
    Backend open(int index, Precision precision);
}
