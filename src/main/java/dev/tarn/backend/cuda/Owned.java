package dev.tarn.backend.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/** What an object has to free, freed in the order opposite to that of taking. */
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
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("device memory could not be freed", e);
            }
        }
    }
}
