package dev.tarn.bench;

import java.util.LinkedHashMap;
import java.util.Map;

/** A stopwatch for the parts of a step. */
final class Phases {

    private final Map<String, Double> millis = new LinkedHashMap<>();
    private long since;

    void start() {
        millis.clear();
        since = System.nanoTime();
    }

    /** Ends the part that began at {@link #start} or at the last call. */
    void end(String part) {
        long now = System.nanoTime();
        millis.put(part, (now - since) / 1e6);
        since = now;
    }

    Map<String, Double> millis() {
        return millis;
    }
}
