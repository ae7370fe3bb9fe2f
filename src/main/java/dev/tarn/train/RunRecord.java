package dev.tarn.train;

import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunFolder;
import org.jspecify.annotations.Nullable;

/** Keeps a row of {@code metrics.jsonl} for every epoch, on the disk before the checkpoint of that epoch is written. */
final class RunRecord implements Callback {

    private final RunFolder folder;
    private final @Nullable HiddenNorms norms;

    RunRecord(RunFolder folder, @Nullable HiddenNorms norms) {
        this.folder = folder;
        this.norms = norms;
    }

    /** Behind what measures, before what saves. */
    @Override
    public int order() {
        return 900;
    }

    @Override
    public void onEpochEnd(Learner learner, EpochRow row) {
        JsonEvent event = Events.epoch(row);
        if (norms != null) {
            event.with("norm_mean", norms.mean()).with("norm_deviation", norms.deviation());
        }
        folder.metrics().append(event);
        folder.metrics().sync();
    }
}
