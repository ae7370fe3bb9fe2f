package dev.tarn.experiment;

import dev.tarn.ConfigException;
import java.util.List;

/**
 * How much of an experiment a call does. Calls with different plans may work on one experiment, one after the other or at
 * the same time.
 *
 * @param arms what is compared
 * @param seeds of weights, order of the text and dropout
 * @param withClassifier whether language models become classifiers; false leaves that for later
 * @param keepsModels whether runs keep their checkpoints and texts once their cell is finished; metrics and results stay
 */
public record Plan(List<Arm> arms, List<Long> seeds, boolean withClassifier, boolean keepsModels) {

    /** The seeds where nobody says anything else: the fewest that give an idea of the deviation. */
    public static final List<Long> DEFAULT_SEEDS = List.of(1L, 2L, 3L);

    public Plan {
        arms = arms.stream().distinct().toList();
        seeds = seeds.stream().distinct().toList();
        if (arms.isEmpty() || seeds.isEmpty()) {
            throw new ConfigException("--arms and --seeds need at least one each; leave them out for the defaults.");
        }
    }
}
