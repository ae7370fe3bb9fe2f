package dev.tarn.backend.cpu;

/**
 * {@code 0 .. size-1} cut into at most so many ranges of nearly equal size.
 *
 * @param size what is cut
 * @param step the size of all ranges but the last
 */
record Ranges(int size, int step) {

    /** Columns of a product that one vector register holds: ranges end at multiples of it. */
    static final int VECTOR = 16;

    /** At most {@code parts} ranges that end at multiples of {@code grain}. */
    static Ranges of(int size, int parts, int grain) {
        int even = (size + parts - 1) / parts;
        return new Ranges(size, Math.max(1, (even + grain - 1) / grain * grain));
    }

    int parts() {
        return (size + step - 1) / step;
    }

    int from(int index) {
        return index * step;
    }

    int count(int index) {
        return Math.min(step, size - index * step);
    }
}
