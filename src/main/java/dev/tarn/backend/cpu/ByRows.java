package dev.tarn.backend.cpu;

import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** The same operation for different numbers of rows, or of steps. A kernel is made when its number is first asked for, and kept. */
final class ByRows {

    private final @Nullable Kernel[] made;
    private final IntFunction<Kernel> maker;

    ByRows(int maxRows, IntFunction<Kernel> maker) {
        made = new @Nullable Kernel[maxRows + 1];
        this.maker = maker;
    }

    Kernel of(int rows) {
        Kernel kernel = made[rows];
        if (kernel == null) {
            kernel = maker.apply(rows);
            made[rows] = kernel;
        }
        return kernel;
    }
}
