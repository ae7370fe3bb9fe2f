package dev.tarn.model;

import java.util.ArrayDeque;
import java.util.Deque;

/** What a workspace frees, in the order opposite to that of taking. */
final class Owned implements AutoCloseable {

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();

    <T extends AutoCloseable> T add(T part) {
        parts.push(part);
        return part;
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception e) {
                throw new IllegalStateException("a workspace could not be freed", e);
            }
        }
    }
}
