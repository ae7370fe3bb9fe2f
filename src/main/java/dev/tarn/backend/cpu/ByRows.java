package dev.tarn.backend.cpu;

import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** The same operation for different numbers of rows, or of steps. It is made when its number is first asked for, and kept. */
final class ByRows {

    private final @Nullable Split[] made;
    private final IntFunction<Split> maker;

    ByRows(int maxRows, IntFunction<Split> maker) {
        made = new @Nullable Split[maxRows + 1];
        this.maker = maker;
    }

    Split of(int rows) {
        Split split = made[rows];
        if (split == null) {
            split = maker.apply(rows);
            made[rows] = split;
        }
        return split;
    }
}
