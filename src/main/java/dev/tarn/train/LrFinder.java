package dev.tarn.train;

import dev.tarn.ConfigException;
import java.util.Arrays;

/**
 * The learning rate range test (Smith 2015, arXiv:1506.01186) as fastai v1 runs it: rates grow exponentially from start to
 * end, and the test stops when the smoothed loss exceeds four times its best or is no number.
 *
 * <p>Iteration k of n uses {@code start·(end/start)^(k/n)}, so the end itself is never trained with. The step that trips the
 * test has been taken. fastai smooths in single precision; the difference shows in the seventh digit.
 *
 * @param start rates of the first iteration
 * @param end rates that the last iteration falls just short of
 * @param iterations n
 * @param stopsEarly false to go on to the end whatever the loss does
 */
public record LrFinder(Rates start, Rates end, int iterations, boolean stopsEarly) {

    /** How many times the best smoothed loss is too much. */
    public static final double DIVERGED = 4;

    /** fastai's: 1e-7 to 10 in 100 iterations. */
    public static final LrFinder DEFAULT = new LrFinder(Rates.of(1e-7), Rates.of(10), 100, true);

    public LrFinder {
        if (iterations < 1) {
            throw new ConfigException("lr-find needs at least 1 iteration, not " + iterations + "; 100 is usual.");
        }
    }

    /** The rates of every iteration; the momentum stays. */
    public Schedule schedule(int groups, double momentum) {
        double[] from = start.perGroup(groups);
        double[] to = end.perGroup(groups);
        return new Schedule() {
            @Override
            public void rates(long iteration, double[] lr) {
                for (int group = 0; group < groups; group++) {
                    lr[group] = from[group] * Math.pow(to[group] / from[group], (double) iteration / iterations);
                }
            }

            @Override
            public double momentum(long iteration) {
                return momentum;
            }
        };
    }

    /** A new test. */
    public Search search(int groups) {
        return new Search(schedule(groups, 0), groups);
    }

    /** One test in progress: takes raw losses, says when to stop. Thread-safety: none. */
    public final class Search {

        private final Schedule schedule;
        private final double[] lr;
        private final Smoothing smoothing = new Smoothing();
        private final double[] lrs = new double[iterations];
        private final double[] losses = new double[iterations];
        private double best;
        private int done;

        private Search(Schedule schedule, int groups) {
            this.schedule = schedule;
            this.lr = new double[groups];
        }

        /**
         * Takes the cross-entropy of the next iteration.
         *
         * @return whether the test is over
         */
        public boolean observe(double loss) {
            schedule.rates(done, lr);
            double smooth = smoothing.add(loss);
            lrs[done] = lr[lr.length - 1];
            losses[done] = smooth;
            best = done == 0 || smooth < best ? smooth : best;
            done++;
            return done == iterations || (stopsEarly && !(smooth <= DIVERGED * best));
        }

        /** Rates of the last group with the smoothed loss that each of them met. */
        public LrFindResult result() {
            return new LrFindResult(Arrays.copyOf(lrs, done), Arrays.copyOf(losses, done));
        }
    }
}
