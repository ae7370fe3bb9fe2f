package dev.tarn.train;

/** Mean and standard deviation of numbers that come one by one (Welford 1962). */
final class Moments {

    private long count;
    private double mean;
    private double squares;

    void add(double value) {
        double difference = value - mean;
        count++;
        mean += difference / count;
        squares += difference * (value - mean);
    }

    long count() {
        return count;
    }

    /** 0 where there was no number. */
    double mean() {
        return mean;
    }

    /** Of the numbers themselves, so divided by their count; NaN where there was none. */
    double deviation() {
        return Math.sqrt(squares / count);
    }

    void clear() {
        count = 0;
        mean = 0;
        squares = 0;
    }
}
