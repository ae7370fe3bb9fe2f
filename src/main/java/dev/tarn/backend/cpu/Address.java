package dev.tarn.backend.cpu;

import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * An address that can be handed to native code and moved elsewhere without allocating. It owns nothing: what it points to
 * is kept alive by a {@link Block}.
 */
final class Address extends FloatPointer {

    Address() {
        super((Pointer) null);
    }

    /** Points here from now on. */
    Address to(long where) {
        this.address = where;
        return this;
    }

    /** Fills a stretch of memory with zero bytes. */
    static void zero(long where, long bytes) {
        memset(new Address().to(where), 0, bytes);
    }

    /** A stretch of memory as a pointer that knows its length in bytes. */
    static final class Span extends BytePointer {

        Span(long where, long bytes) {
            super((Pointer) null);
            this.address = where;
            this.limit = bytes;
            this.capacity = bytes;
        }
    }
}
