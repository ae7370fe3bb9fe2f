package dev.tarn.backend.cpu;

import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Products over any number of rows, put together from products over powers of two of them. oneDNN compiles a product for
 * its number of rows and keeps more than a megabyte of code for it, and with variable bptt that number has some sixty
 * values; powers of two are seven.
 */
final class Chunks {

    private final @Nullable Split[] made;
    private final IntFunction<Split> maker;
    private final long sourceBytes;
    private final long targetBytes;
    private long bias;

    /**
     * Makes no product yet.
     *
     * @param sourceBytes from a row of the source to the next
     * @param targetBytes the same of the target
     * @param maker of the product over this many rows
     */
    Chunks(long sourceBytes, long targetBytes, IntFunction<Split> maker) {
        made = new @Nullable Split[Integer.SIZE];
        this.maker = maker;
        this.sourceBytes = sourceBytes;
        this.targetBytes = targetBytes;
    }

    /** The largest number of rows that a product has where at most so many come. */
    static int largest(int maxRows) {
        return Integer.highestOneBit(maxRows);
    }

    private Split of(int rows) {
        int exponent = Integer.numberOfTrailingZeros(rows);
        Split split = made[exponent];
        if (split == null) {
            split = maker.apply(rows);
            made[exponent] = split;
        }
        return split;
    }

    Chunks bias(long address) {
        bias = address;
        return this;
    }

    void run(int rows, long source, long weights, long target) {
        int done = 0;
        while (done < rows) {
            int size = largest(rows - done);
            of(size).bias(bias).run(source + done * sourceBytes, weights, target + done * targetBytes);
            done += size;
        }
    }
}
