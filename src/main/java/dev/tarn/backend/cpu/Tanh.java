package dev.tarn.backend.cpu;

/**
 * tanh without an exponential: a quotient of two polynomials, within 4e-7 of the true value in proportion. The compiler
 * makes vector code of loops over it, as it cannot of {@link Math#tanh}. The coefficients are those of Eigen and XLA.
 */
@SuppressWarnings("FloatingPointLiteralPrecision") // the digits of the published fit
final class Tanh {

    /** From here on the quotient stays where it is, 3e-7 below 1. */
    private static final float LIMIT = 7.90531110763549805f;

    private Tanh() {}

    static float of(float x) {
        float v = Math.max(-LIMIT, Math.min(LIMIT, x));
        float s = v * v;
        float p = -2.76076847742355e-16f;
        p = p * s + 2.00018790482477e-13f;
        p = p * s - 8.60467152213735e-11f;
        p = p * s + 5.12229709037114e-08f;
        p = p * s + 1.48572235717979e-05f;
        p = p * s + 6.37261928875436e-04f;
        p = p * s + 4.89352455891786e-03f;
        float q = 1.19825839466702e-06f;
        q = q * s + 1.18534705686654e-04f;
        q = q * s + 2.26843463243900e-03f;
        q = q * s + 4.89352518554385e-03f;
        return v * p / q;
    }
}
