package dev.tarn.experiment;

import dev.tarn.DivergedException;
import dev.tarn.checkpoint.Checkpoint;
import dev.tarn.data.Documents;
import dev.tarn.data.PreparedText;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.Folders;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.MetricsLog;
import dev.tarn.run.RunFolder;
import dev.tarn.train.Callback;
import dev.tarn.train.ClassifierRun;
import dev.tarn.train.TrainingRun;
import java.nio.file.Path;
import java.util.List;

/**
 * The second part of a cell: the encoder of its language model becomes a classifier by gradual unfreezing, with the same
 * penalties. What counts is the accuracy after the last epoch, not the best: the test documents choose nothing.
 */
final class ClfPart {

    private final ExperimentConfig config;
    private final List<String> command;

    /** @param command the words of the command line, for the provenance of runs */
    ClfPart(ExperimentConfig config, List<String> command) {
        this.config = config;
        this.command = command;
    }

    /** Trains, or goes on where another process was interrupted; the cell is this process's. */
    ClfResult run(Cell cell, Path texts, List<? extends Callback> watchers) {
        try {
            try (TrainingRun training = begin(cell, texts, watchers)) {
                training.train();
            }
            return measured(cell.clf(), texts);
        } catch (DivergedException e) {
            return ClfResult.diverged(e.sentence());
        }
    }

    private TrainingRun begin(Cell cell, Path texts, List<? extends Callback> watchers) {
        if (Checkpoint.exists(RunFolder.lastCheckpoint(cell.clf()))) {
            return TrainingRun.resume(cell.clf(), watchers);
        }
        // Interrupted before its first checkpoint, or never begun.
        Folders.delete(cell.clf());
        ClassifierConfig clf = cell.arm()
                .applyTo(config.clf())
                .with("data.prepared", texts.toString())
                .with("model.encoder", cell.lm().toString())
                .with("run.seed", Long.toString(cell.seed()));
        return ClassifierRun.create(clf, cell.clf(), command, watchers);
    }

    /** What the last epoch of a run measured on its validation documents. */
    private static ClfResult measured(Path run, Path texts) {
        int documents =
                PreparedText.open(texts).labelledValid().map(Documents::size).orElse(0);
        try (RunFolder folder = RunFolder.view(run)) {
            List<JsonEvent> epochs = MetricsLog.read(folder.metricsFile()).stream()
                    .filter(event -> event.kind().equals("epoch"))
                    .toList();
            JsonEvent last = epochs.get(epochs.size() - 1);
            return new ClfResult(last.real("valid_loss"), last.real("accuracy"), documents, "");
        }
    }
}
