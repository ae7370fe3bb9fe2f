package dev.tarn.backend.reference;

import dev.tarn.backend.Mask;

/** Reads a dropout mask one element at a time, by its definition. */
final class Masks {

    private Masks() {}

    static double at(Mask mask, long element) {
        if (mask instanceof Mask.Drawn drawn) {
            return drawn.at(element);
        }
        if (mask instanceof Mask.Given given) {
            return ReferenceTensor.of(given.values()).real(element);
        }
        return 1;
    }
}
