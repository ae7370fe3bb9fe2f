package dev.tarn.train;

/**
 * What an epoch came to, one row of the table that fastai prints.
 *
 * @param fit counts the fits of a learner, from 0
 * @param epoch of the fit, from 0
 * @param trainLoss smoothed training loss at its end, in nats, without penalties
 * @param valid the validation, with NaN where there is no validation set
 * @param tokens read in training by this process
 * @param seconds that the training part took
 */
public record EpochRow(int fit, int epoch, double trainLoss, Validation valid, long tokens, double seconds) {

    public double validLoss() {
        return valid.loss();
    }

    public double perplexity() {
        return valid.perplexity();
    }

    public double accuracy() {
        return valid.accuracy();
    }

    /** {@link Validation#f1()}. */
    public double f1() {
        return valid.f1();
    }

    public double tokensPerSecond() {
        return tokens / seconds;
    }
}
