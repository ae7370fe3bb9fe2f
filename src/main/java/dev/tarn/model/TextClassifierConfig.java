package dev.tarn.model;

import dev.tarn.ConfigException;
import java.util.List;

/**
 * A classifier as fastai v1's {@code text_classifier_learner} builds it: an AWD-LSTM that reads documents in chunks, and a
 * head over its pooled output.
 *
 * <p>The head is a block of batch normalisation, dropout and linear layer for each of its sizes, with a rectifier between
 * blocks: 3·E → linFtrs → C. The output dropout of the AWD-LSTM is that of the first block.
 *
 * <p>Of a document of n tokens (the longest of its batch) the head sees the chunks that begin behind {@code n - maxLen},
 * as in fastai: all of a document shorter than maxLen, and between maxLen - bptt and maxLen - 1 tokens of a longer one.
 *
 * @param awdLstm the encoder
 * @param classes C
 * @param linFtrs sizes of the head between 3·E and C; fastai's are (50)
 * @param ps dropout before each block but the first, one for each of {@code linFtrs}; fastai's are 0.1. They are not
 *     multiplied by drop_mult
 * @param bptt tokens in a chunk; gradients do not cross from one chunk to another
 * @param maxLen tokens that the head sees are fewer than this
 */
public record TextClassifierConfig(
        AwdLstmConfig awdLstm, int classes, List<Integer> linFtrs, List<Double> ps, int bptt, int maxLen) {

    /** Last, maximum and mean. */
    static final int POOLS = 3;

    /** @throws ConfigException if a size or a probability is out of range */
    public TextClassifierConfig {
        linFtrs = List.copyOf(linFtrs);
        ps = List.copyOf(ps);
        if (classes < 2) {
            throw new ConfigException("There " + (classes == 1 ? "is 1 class" : "are " + classes + " classes")
                    + " and a classifier needs at least 2; check the labels of the training text.");
        }
        if (ps.size() != linFtrs.size()) {
            throw new ConfigException("ps has " + ps.size() + " dropouts for " + linFtrs.size()
                    + " sizes in lin-ftrs; give one for each.");
        }
        for (int size : linFtrs) {
            if (size < 1) {
                throw new ConfigException(
                        "lin-ftrs has a size of " + size + ", which must be at least 1; fastai's is 50.");
            }
        }
        for (double p : ps) {
            if (!(p >= 0 && (float) p < 1)) {
                throw new ConfigException("ps has a dropout of " + p + ", which must be at least 0 and below 1.");
            }
        }
        if (bptt < 1) {
            throw new ConfigException("bptt is " + bptt + " and must be at least 1; fastai's is 70.");
        }
        if (maxLen <= bptt) {
            throw new ConfigException("max-len is " + maxLen + " and must be above bptt, " + bptt
                    + ", or nothing of a document would be left; fastai's is 1400.");
        }
    }

    /** fastai's head and lengths. */
    public static TextClassifierConfig of(AwdLstmConfig awdLstm, int classes) {
        return new TextClassifierConfig(awdLstm, classes, List.of(50), List.of(0.1), 70, 1400);
    }

    /** Layer groups: the embedding, one for each LSTM layer, the head. */
    public int groups() {
        return awdLstm.nLayers() + 2;
    }

    /** How many blocks of batch normalisation, dropout and linear layer the head has. */
    int blocks() {
        return linFtrs.size() + 1;
    }

    /** How many numbers a block of the head reads. */
    int blockInput(int block) {
        return block == 0 ? POOLS * awdLstm.embSz() : linFtrs.get(block - 1);
    }

    /** How many numbers a block of the head writes. */
    int blockOutput(int block) {
        return block == linFtrs.size() ? classes : linFtrs.get(block);
    }

    /** The dropout of a block. */
    double blockDropout(int block) {
        return block == 0 ? awdLstm.outputP() : ps.get(block - 1);
    }

    /** fastai's name of a tensor of a block's batch normalisation: {@code "1.layers.4.running_var"}. */
    String batchNormName(int block, String suffix) {
        return "1.layers." + layersBefore(block) + "." + suffix;
    }

    /** fastai's name of a tensor of a block's linear layer: {@code "1.layers.2.weight"}. */
    String linearName(int block, String suffix) {
        return "1.layers." + (layersBefore(block) + 1 + (blockDropout(block) > 0 ? 1 : 0)) + "." + suffix;
    }

    /** fastai leaves a dropout of 0 out of the list of modules, which shifts the numbers of those behind it. */
    private int layersBefore(int block) {
        int layers = 0;
        for (int before = 0; before < block; before++) {
            layers += blockDropout(before) > 0 ? 4 : 3;
        }
        return layers;
    }

    /**
     * The first chunk of a batch that the head sees.
     *
     * @param steps tokens of the longest document
     */
    int firstKept(int steps) {
        return steps < maxLen ? 0 : (steps - maxLen) / bptt + 1;
    }

    /**
     * The most tokens that the head sees of a document.
     *
     * @param longest tokens of the longest document there is
     */
    int maxKept(int longest) {
        return Math.min(longest, maxLen - 1);
    }
}
