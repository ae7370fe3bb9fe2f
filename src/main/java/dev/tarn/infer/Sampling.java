package dev.tarn.infer;

import dev.tarn.ConfigException;
import dev.tarn.DivergedException;
import java.util.Arrays;

/**
 * How the next token is chosen, in the order of fastai v1's {@code predict}: softmax, forbid {@code xxunk}, drop what is
 * too unlikely, {@code p ← p^(1/temperature)}, draw. Top-k, which fastai leaves to its beam search, and top-p, which it
 * does not have (Holtzman et al. 2020, arXiv:1904.09751, section 3.1), come before the temperature too.
 *
 * @param temperature above 0; below 1 prefers likely tokens, above 1 evens them out
 * @param topK how many of the likeliest tokens may be drawn (the lower id wins a tie), 0 for all; 1 is greedy
 * @param noUnk whether the unknown token is never drawn
 * @param minP tokens below this probability are not drawn, 0 for none; ignored for a token where none reaches it
 * @param topP of what the others leave, the fewest likeliest tokens that together have this probability, 1 for all
 */
public record Sampling(double temperature, int topK, boolean noUnk, double minP, double topP) {

    /** fastai's defaults: temperature 1, all tokens but {@code xxunk}. */
    public static final Sampling DEFAULT = new Sampling(1, 0, true, 0);

    /** @throws ConfigException if a value is out of range */
    public Sampling {
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new ConfigException("temperature is " + temperature
                    + " and must be above 0; 1 draws from the model's own distribution, top-k 1 is greedy.");
        }
        if (topK < 0) {
            throw new ConfigException("top-k is " + topK + " and must be at least 0; 0 allows every token.");
        }
        if (!(minP >= 0 && minP < 1)) {
            throw new ConfigException(
                    "min-p is " + minP + " and must be at least 0 and below 1; 0 allows every token.");
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new ConfigException("top-p is " + topP + " and must be above 0 and at most 1; 1 allows every token.");
        }
    }

    /** Without top-p. */
    public Sampling(double temperature, int topK, boolean noUnk, double minP) {
        this(temperature, topK, noUnk, minP, 1);
    }

    /**
     * Chooses a token.
     *
     * @param logits [V] in; overwritten
     * @param unk the id of the unknown token
     * @param uniform in [0, 1)
     * @throws DivergedException if a logit is not a number
     */
    int choose(double[] logits, int unk, double uniform) {
        requireFinite(logits);
        weights(logits, unk);
        return draw(logits, uniform);
    }

    /** @throws DivergedException if a logit is not a number */
    static void requireFinite(double[] logits) {
        for (double logit : logits) {
            if (!Double.isFinite(logit)) {
                throw new DivergedException("The model's logits contain " + logit
                        + ", so its weights are broken; use an earlier checkpoint.");
            }
        }
    }

    /**
     * Turns logits into unnormalised weights to draw from.
     *
     * @param logits [V] in; overwritten with the weights, the largest of which is 1
     * @param unk the id of the unknown token
     */
    void weights(double[] logits, int unk) {
        double logSum = logSumExp(logits);
        if (noUnk) {
            logits[unk] = Double.NEGATIVE_INFINITY;
        }
        double threshold = Math.log(minP) + logSum;
        if (minP > 0 && max(logits) >= threshold) {
            for (int i = 0; i < logits.length; i++) {
                logits[i] = logits[i] < threshold ? Double.NEGATIVE_INFINITY : logits[i];
            }
        }
        if (topK > 0 && topK < logits.length) {
            keepLargest(logits, topK);
        }
        if (topP < 1) {
            keepLargest(logits, fewestWith(topP, logits));
        }
        double max = max(logits);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = Math.exp((logits[i] - max) / temperature);
        }
    }

    /**
     * The token whose share of the weights holds a uniform number.
     *
     * @param weights [V], at least one of them above 0
     * @param uniform in [0, 1)
     */
    static int draw(double[] weights, double uniform) {
        double left = uniform * Arrays.stream(weights).sum();
        int last = 0;
        for (int i = 0; i < weights.length; i++) {
            if (weights[i] > 0) {
                last = i;
                left -= weights[i];
                if (left < 0) {
                    return i;
                }
            }
        }
        // Rounding may leave a little of the sum over: it belongs to the last token that can be drawn.
        return last;
    }

    private static void keepLargest(double[] logits, int count) {
        double[] sorted = logits.clone();
        Arrays.sort(sorted);
        double threshold = sorted[sorted.length - count];
        int above = 0;
        for (double logit : logits) {
            above += logit > threshold ? 1 : 0;
        }
        int ties = count - above;
        for (int i = 0; i < logits.length; i++) {
            if (logits[i] < threshold || (logits[i] == threshold && ties-- <= 0)) {
                logits[i] = Double.NEGATIVE_INFINITY;
            }
        }
    }

    /** How many of the largest logits it takes to have a share of the probability of all. */
    private static int fewestWith(double share, double[] logits) {
        double[] sorted = logits.clone();
        Arrays.sort(sorted);
        double needed = Math.log(share) + logSumExp(logits);
        double max = sorted[sorted.length - 1];
        double sum = 0;
        int count = 0;
        while (count < sorted.length && (count == 0 || max + Math.log(sum) < needed)) {
            count++;
            sum += Math.exp(sorted[sorted.length - count] - max);
        }
        return count;
    }

    static double logSumExp(double[] logits) {
        double max = max(logits);
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum);
    }

    private static double max(double[] values) {
        double max = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            max = Math.max(max, value);
        }
        return max;
    }
}
