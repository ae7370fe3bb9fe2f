package dev.tarn.train;

/**
 * What an epoch came to, one row of the table that fastai prints.
 *
 * @param epoch from 0
 * @param trainLoss smoothed training loss at its end, in nats, without penalties
 * @param valid the validation, with NaN where there is no validation set
 * @param tokens predictions trained on by this process
 * @param seconds that the training part took
 */
public record EpochRow(int epoch, double trainLoss, Validation valid, long tokens, double seconds) {

    public double validLoss() {
        return valid.loss();
    }

    public double perplexity() {
        return valid.perplexity();
    }

    public double accuracy() {
        return valid.accuracy();
    }

    public double tokensPerSecond() {
        return tokens / seconds;
    }
}
