package dev.tarn.train;

import dev.tarn.ConfigException;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The highest learning rate of every layer group, written the way fastai writes it: {@code 0.01}, {@code slice(0.01)} or
 * {@code slice(0.0001,0.01)} (discriminative fine-tuning, Howard &amp; Ruder 2018, section 3.2).
 */
public sealed interface Rates {

    /** One rate for every group. */
    record Same(double lr) implements Rates {

        public Same {
            positive(lr);
        }

        @Override
        public double[] perGroup(int groups) {
            double[] rates = new double[groups];
            Arrays.fill(rates, lr);
            return rates;
        }

        @Override
        public String toString() {
            return Double.toString(lr);
        }
    }

    /** {@code stop} for the last group, a tenth of it for all before. */
    record LastGroup(double stop) implements Rates {

        /** What the earlier groups' rate is divided by. */
        private static final double EARLIER = 10;

        public LastGroup {
            positive(stop);
        }

        @Override
        public double[] perGroup(int groups) {
            double[] rates = new double[groups];
            Arrays.fill(rates, stop / EARLIER);
            rates[groups - 1] = stop;
            return rates;
        }

        @Override
        public String toString() {
            return "slice(" + stop + ")";
        }
    }

    /** A geometric series from {@code start} for the first group to {@code stop} for the last. */
    record Geometric(double start, double stop) implements Rates {

        public Geometric {
            positive(start);
            positive(stop);
        }

        @Override
        public double[] perGroup(int groups) {
            double[] rates = new double[groups];
            if (groups == 1) {
                rates[0] = stop;
                return rates;
            }
            double ratio = Math.pow(stop / start, 1.0 / (groups - 1));
            for (int group = 0; group < groups; group++) {
                rates[group] = start * Math.pow(ratio, group);
            }
            return rates;
        }

        @Override
        public String toString() {
            return "slice(" + start + "," + stop + ")";
        }
    }

    /** The rates of {@code groups} groups, first group first; a fresh array. */
    double[] perGroup(int groups);

    static Rates of(double lr) {
        return new Same(lr);
    }

    static Rates slice(double stop) {
        return new LastGroup(stop);
    }

    static Rates slice(double start, double stop) {
        return new Geometric(start, stop);
    }

    /**
     * Reads what {@code toString} writes. A rate may also be a number divided by a power of another, as recipes have it:
     * {@code slice(1e-2/2.6^4,1e-2)}.
     *
     * @throws ConfigException if it is none of the three forms, or a rate is not a positive number
     */
    static Rates parse(String text) {
        Matcher slice = SLICE.matcher(text.strip());
        if (slice.matches()) {
            double first = number(text, slice.group(1));
            return slice.group(2) == null ? slice(first) : slice(first, number(text, slice.group(2)));
        }
        return of(number(text, text.strip()));
    }

    /** {@code slice(STOP)} or {@code slice(START,STOP)}. */
    Pattern SLICE = Pattern.compile("slice\\(([^,)]+)(?:,([^,)]+))?\\)");

    private static double number(String text, String part) {
        try {
            int slash = part.indexOf('/');
            int power = part.indexOf('^');
            double number = Double.parseDouble(part.substring(0, slash < 0 ? part.length() : slash));
            if (slash < 0) {
                return number;
            }
            double divisor = Double.parseDouble(part.substring(slash + 1, power < 0 ? part.length() : power));
            return number
                    / Math.pow(
                            divisor,
                            power < 0
                                    ? 1
                                    : Integer.parseInt(part.substring(power + 1).strip()));
        } catch (NumberFormatException e) {
            throw new ConfigException(
                    "The learning rate " + text + " is not a number; write 0.01, slice(0.01) or slice(0.0001,0.01).",
                    e);
        }
    }

    private static void positive(double lr) {
        if (!(lr > 0 && lr < Double.POSITIVE_INFINITY)) {
            throw new ConfigException("The learning rate " + lr + " is not a positive number; 0.001 is a usual start.");
        }
    }
}
