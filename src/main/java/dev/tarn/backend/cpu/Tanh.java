package dev.tarn.backend.cpu;

/**
 * tanh without an exponential: x times a quotient of two polynomials in x², within 3.3e-7 of the true value in proportion,
 * nearly all of it rounding. The compiler makes vector code of loops over it, as it cannot of {@link Math#tanh}.
 *
 * <p>The coefficients minimise the largest relative error on the interval (1.1e-8), found by iteratively reweighted least
 * squares; their common factor was chosen so that their rounding does least harm.
 */
final class Tanh {

    /** From here on the result stays where it is, within a unit in the last place of 1. */
    private static final float LIMIT = 8.4f;

    private Tanh() {}

    static float of(float x) {
        float v = Math.max(-LIMIT, Math.min(LIMIT, x));
        float s = v * v;
        float p = 1.4272468e-8f;
        p = p * s + 2.1105656e-5f;
        p = p * s + 3.496211e-3f;
        p = p * s + 1.3247533e-1f;
        p = p * s + 9.8717946e-1f;
        float q = 8.114566e-7f;
        q = q * s + 3.3183303e-4f;
        q = q * s + 2.5717443e-2f;
        q = q * s + 4.6153507e-1f;
        q = q * s + 9.8717946e-1f;
        return v * p / q;
    }
}
