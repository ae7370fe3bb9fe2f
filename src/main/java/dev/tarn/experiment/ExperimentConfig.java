package dev.tarn.experiment;

import dev.tarn.ConfigException;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.RunConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What all cells of an experiment have in common.
 *
 * @param lm of every language model; its texts, seed, and the weight and form of the norm-stabilizer come from the cell
 * @param clf of every classifier, in the same way; its encoder is the cell's
 * @param texts what they read
 * @param horizon steps of the long sequences that a language model is measured on, more than the training length
 */
public record ExperimentConfig(RunConfig lm, ClassifierConfig clf, ExperimentTexts texts, int horizon) {

    /** Keys that the cell sets. */
    private static final Set<String> OF_THE_CELL = Set.of(
            "data.train",
            "data.valid",
            "data.prepared",
            "model.encoder",
            "run.seed",
            "regularization.beta-norm",
            "regularization.norm-form");

    /**
     * What is changed of fastai's defaults for language models where nobody says anything else, as assignments of keys: with
     * these sizes all default arms and three seeds take an evening on two cores.
     */
    public static final List<String> SMALL_LM = List.of(
            "data.max-vocab=10000",
            "data.bs=32",
            "model.emb-sz=128",
            "model.n-hid=256",
            "dropout.drop-mult=0.3",
            "train.epochs=3",
            "train.lr=0.005",
            "train.clip=0.25",
            "run.checkpoint-steps=500",
            "run.record-norms=true");

    /** The same for classifiers. */
    public static final List<String> SMALL_CLF =
            List.of("data.bs=32", "dropout.drop-mult=0.3", "train.clip=0.25", "run.checkpoint-steps=500");

    /** Steps of the long sequences where nobody says anything else. */
    public static final int DEFAULT_HORIZON = 1000;

    /** Tokens to train a language model on where nobody says anything else. */
    public static final long DEFAULT_MAX_TOKENS = 2_000_000;

    /** Documents to train a classifier on where nobody says anything else. */
    public static final int DEFAULT_MAX_DOCUMENTS = 5000;

    /** Checks that they go together. */
    public ExperimentConfig {
        if (horizon <= lm.data().bptt()) {
            throw new ConfigException("--horizon " + horizon + " is not beyond the training length of "
                    + lm.data().bptt() + " steps; give a multiple of that.");
        }
    }

    /** Every setting by name: what an experiment that goes on must have kept. */
    Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>(texts.settings());
        settings.put("horizon", Integer.toString(horizon));
        put(settings, "lm.", lm.texts());
        if (texts.hasLabels()) {
            put(settings, "clf.", clf.texts());
        }
        return settings;
    }

    private static void put(Map<String, String> settings, String prefix, Map<String, String> keys) {
        keys.forEach((key, value) -> {
            if (!OF_THE_CELL.contains(key)) {
                // Which of several GPUs a process takes makes no difference.
                settings.put(prefix + key, key.equals("run.device") ? value.replaceFirst(":.*", "") : value);
            }
        });
    }
}
