package dev.tarn.train;

import dev.tarn.ConfigException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Saves {@code last} after every epoch, and every so many steps if asked to, and {@code best} after an epoch whose
 * validation loss is the lowest so far. Each is replaced as a whole, so there is always a good one. Comes last, so that
 * what other callbacks do to a learner is in the checkpoint.
 */
public final class CheckpointCallback implements Callback {

    /** The folder of the newest checkpoint. */
    public static final String LAST = "last";

    /** The folder of the one with the lowest validation loss. */
    public static final String BEST = "best";

    private static final int ORDER = 1000;

    private final Path folder;
    private final int everySteps;
    private final Map<String, String> metadata;

    /**
     * @param folder where {@code last} and {@code best} go
     * @param everySteps save {@code last} also after this many steps; 0 for epochs alone
     * @param metadata kept with the weights
     */
    public CheckpointCallback(Path folder, int everySteps, Map<String, String> metadata) {
        if (everySteps < 0) {
            throw new ConfigException("A checkpoint every " + everySteps + " steps makes no sense; 0 is none.");
        }
        this.folder = folder;
        this.everySteps = everySteps;
        this.metadata = Map.copyOf(metadata);
    }

    @Override
    public int order() {
        return ORDER;
    }

    @Override
    public void onBatchEnd(Step step) {
        if (everySteps > 0 && (step.step() + 1) % everySteps == 0) {
            step.learner().save(folder.resolve(LAST), metadata);
        }
    }

    @Override
    public void onEpochEnd(Learner learner, EpochRow row) {
        learner.save(folder.resolve(LAST), metadata);
        if (row.validLoss() == learner.bestValidLoss()) {
            learner.save(folder.resolve(BEST), metadata);
        }
    }
}
