package dev.tarn.train;

import dev.tarn.ConfigException;

/**
 * The one-cycle policy (Smith 2018, arXiv:1803.09820) as fastai v1 has it: the rate climbs from {@code lr/divFactor} to
 * {@code lr} over the first {@code pctStart} of the steps and falls to {@code lr/finalDiv} over the rest, both along a half
 * cosine, while the momentum runs the other way.
 *
 * <p>With n steps, {@code a1 = trunc(n·pctStart)} and {@code a2 = n - a1}, both at least 1: iteration {@code k <= a1} lies
 * {@code k/a1} along the climb, a later one {@code (k-a1)/a2} along the fall. Iteration 0 therefore has the low rate and the
 * last iteration is one short of the final rate; as in fastai, the clamp makes a cycle of fewer than {@code 1/pctStart}
 * steps end early. Thread-safe.
 */
public final class OneCycle implements Schedule {

    /**
     * The form of the cycle.
     *
     * @param highMom momentum at both ends
     * @param lowMom momentum at the highest rate
     * @param divFactor highest rate over first rate
     * @param pctStart share of the steps that climb, in [0, 1]
     * @param finalDiv highest rate over final rate
     */
    public record Shape(double highMom, double lowMom, double divFactor, double pctStart, double finalDiv) {

        /** fastai divides the highest rate by this times divFactor at the end. */
        private static final double FINAL_OVER_DIV = 1e4;

        /** fastai's defaults: moms (0.95, 0.85), div 25, 30 % climb. */
        public static final Shape DEFAULT = of(0.95, 0.85);

        public Shape {
            if (!(highMom >= 0 && highMom < 1 && lowMom >= 0 && lowMom < 1)) {
                throw new ConfigException(
                        "moms " + highMom + "," + lowMom + " are not in [0, 1); use for example 0.8,0.7.");
            }
            if (!(divFactor > 0 && finalDiv > 0)) {
                throw new ConfigException("divFactor " + divFactor + " and finalDiv " + finalDiv
                        + " must be positive; fastai uses 25 and 250000.");
            }
            if (!(pctStart >= 0 && pctStart <= 1)) {
                throw new ConfigException("pctStart " + pctStart + " is not in [0, 1]; fastai uses 0.3.");
            }
        }

        /** fastai's defaults but for the momenta; text recipes use (0.8, 0.7). */
        public static Shape of(double highMom, double lowMom) {
            return of(highMom, lowMom, 25, 0.3);
        }

        /** As {@link #Shape}, ending at {@code lr/(divFactor·10⁴)}. */
        public static Shape of(double highMom, double lowMom, double divFactor, double pctStart) {
            return new Shape(highMom, lowMom, divFactor, pctStart, divFactor * FINAL_OVER_DIV);
        }
    }

    private final double[] peak;
    private final Shape shape;
    private final long climb;
    private final long fall;

    /**
     * @param rates the highest rate of each layer group
     * @param steps optimizer steps of the whole cycle, over all epochs
     */
    public OneCycle(Rates rates, int groups, long steps, Shape shape) {
        this.peak = rates.perGroup(groups);
        this.shape = shape;
        long a1 = (long) (steps * shape.pctStart());
        this.climb = Math.max(1, a1);
        this.fall = Math.max(1, steps - a1);
    }

    @Override
    public void rates(long iteration, double[] lr) {
        for (int group = 0; group < peak.length; group++) {
            lr[group] = at(iteration, peak[group] / shape.divFactor(), peak[group], peak[group] / shape.finalDiv());
        }
    }

    @Override
    public double momentum(long iteration) {
        return at(iteration, shape.highMom(), shape.lowMom(), shape.highMom());
    }

    private double at(long iteration, double first, double middle, double last) {
        if (iteration <= climb) {
            return cosine(first, middle, (double) iteration / climb);
        }
        return cosine(middle, last, Math.min(1, (double) (iteration - climb) / fall));
    }

    /** The point {@code part} of the way from {@code from} to {@code to} along half a cosine; exact at both ends. */
    private static double cosine(double from, double to, double part) {
        return to + (from - to) / 2 * (StrictMath.cos(Math.PI * part) + 1);
    }
}
