package dev.tarn.model;

import dev.tarn.ConfigException;

/**
 * Sizes and dropouts of an AWD-LSTM; the defaults are fastai 1.0.53's {@code awd_lstm_lm_config} and
 * {@code awd_lstm_clas_config}.
 *
 * <p>Layer 0 reads embeddings, the last layer has the size of an embedding so that the decoder can be tied, those between
 * have {@code nHid}: with L = 3, sizes go 400 → 1152 → 1152 → 400.
 *
 * @param vocab V, the number of tokens
 * @param embSz E, the size of an embedding
 * @param nHid H, the size of the layers before the last
 * @param nLayers L
 * @param padToken the row that the lookup gives no gradient, or -1 for none
 * @param embedP probability of dropping a whole row of the embedding table
 * @param inputP of the locked dropout on embeddings
 * @param weightP of dropping a recurrent weight
 * @param hiddenP of the locked dropout between layers
 * @param outputP of the locked dropout before the decoder; in a classifier the dropout of the pooled output
 * @param tieWeights whether the decoder uses the embedding table
 * @param outBias whether the decoder has a bias
 */
public record AwdLstmConfig(
        int vocab,
        int embSz,
        int nHid,
        int nLayers,
        int padToken,
        double embedP,
        double inputP,
        double weightP,
        double hiddenP,
        double outputP,
        boolean tieWeights,
        boolean outBias) {

    /** @throws ConfigException if a size or a probability is out of range */
    public AwdLstmConfig {
        size("vocabulary", vocab, "the corpus is empty or its vocabulary file is wrong");
        size("emb-sz", embSz, "fastai's is 400");
        size("n-hid", nHid, "fastai's is 1152");
        size("n-layers", nLayers, "fastai's is 3");
        if (padToken < -1 || padToken >= vocab) {
            throw new ConfigException("pad-token is " + padToken + " and must be in 0.." + (vocab - 1)
                    + ", or -1 for none; fastai's is 1.");
        }
        probability("embed-p", embedP);
        probability("input-p", inputP);
        probability("weight-p", weightP);
        probability("hidden-p", hiddenP);
        probability("output-p", outputP);
    }

    /** fastai's defaults for a vocabulary. */
    public static AwdLstmConfig defaults(int vocab) {
        return new AwdLstmConfig(vocab, 400, 1152, 3, 1, 0.02, 0.25, 0.2, 0.15, 0.1, true, true);
    }

    /** fastai's sizes and the dropouts of its classifiers; tieWeights and outBias have no meaning there. */
    public static AwdLstmConfig classifierDefaults(int vocab) {
        return new AwdLstmConfig(vocab, 400, 1152, 3, 1, 0.05, 0.4, 0.5, 0.3, 0.4, true, true);
    }

    /** The same dropouts with other sizes. */
    public AwdLstmConfig withSizes(int newEmbSz, int newNHid, int newNLayers) {
        return new AwdLstmConfig(
                vocab,
                newEmbSz,
                newNHid,
                newNLayers,
                padToken,
                embedP,
                inputP,
                weightP,
                hiddenP,
                outputP,
                tieWeights,
                outBias);
    }

    /**
     * Multiplies all five dropouts, as fastai's {@code drop_mult} does.
     *
     * @throws ConfigException if the multiplier is negative or makes a probability reach 1
     */
    public AwdLstmConfig scaledDropout(double dropMult) {
        if (!(dropMult >= 0) || Double.isInfinite(dropMult)) {
            throw new ConfigException("drop-mult is " + dropMult
                    + " and must be a number from 0 up; 1 keeps the dropouts, " + "0 turns them off.");
        }
        double largest = Math.max(embedP, Math.max(inputP, Math.max(weightP, Math.max(hiddenP, outputP))));
        if ((float) (largest * dropMult) >= 1) {
            throw new ConfigException("drop-mult " + dropMult + " makes a dropout of " + largest + " into "
                    + largest * dropMult + ", which must stay below 1; use a drop-mult below " + 1 / largest + ".");
        }
        return new AwdLstmConfig(
                vocab,
                embSz,
                nHid,
                nLayers,
                padToken,
                embedP * dropMult,
                inputP * dropMult,
                weightP * dropMult,
                hiddenP * dropMult,
                outputP * dropMult,
                tieWeights,
                outBias);
    }

    /** I, the size of what a layer reads. */
    public int inputSize(int layer) {
        return layer == 0 ? embSz : nHid;
    }

    /** H, the size of what a layer writes: {@code nHid}, or {@code embSz} for the last. */
    public int hiddenSize(int layer) {
        return layer == nLayers - 1 ? embSz : nHid;
    }

    /** Layer groups: one for each LSTM layer, the last for embedding and decoder. */
    public int groups() {
        return nLayers + 1;
    }

    private static void size(String name, int value, String hint) {
        if (value < 1) {
            throw new ConfigException(name + " is " + value + " and must be at least 1; " + hint + ".");
        }
    }

    private static void probability(String name, double p) {
        if (!(p >= 0 && (float) p < 1)) {
            throw new ConfigException(name + " is " + p + " and must be at least 0 and below 1; 0 turns it off.");
        }
    }
}
