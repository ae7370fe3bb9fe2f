package dev.tarn.backend.cpu;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.Pointer;

/**
 * Native objects that live and die together. Holding them here also keeps them from the garbage collector, which would
 * free what oneDNN still uses: its objects do not know their Java owners. They are freed last first.
 */
final class Owned implements AutoCloseable {

    private final Deque<Pointer> pointers = new ArrayDeque<>();

    <P extends Pointer> P keep(P pointer) {
        pointers.push(pointer);
        return pointer;
    }

    @Override
    public void close() {
        while (!pointers.isEmpty()) {
            pointers.pop().deallocate();
        }
    }
}
