package dev.tarn.experiment;

import dev.tarn.DivergedException;
import dev.tarn.checkpoint.Checkpoint;
import dev.tarn.run.Folders;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.MetricsLog;
import dev.tarn.run.RunConfig;
import dev.tarn.run.RunFolder;
import dev.tarn.train.Callback;
import dev.tarn.train.Horizon;
import dev.tarn.train.LanguageModelRun;
import dev.tarn.train.TrainedLanguageModel;
import dev.tarn.train.TrainingRun;
import dev.tarn.train.Validation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The first part of a cell: a language model is trained from scratch with the penalties of the arm, and measured. */
final class LmPart {

    private final ExperimentConfig config;
    private final List<String> command;

    /** @param command the words of the command line, for the provenance of runs */
    LmPart(ExperimentConfig config, List<String> command) {
        this.config = config;
        this.command = command;
    }

    /** Trains, or goes on where another process was interrupted; the cell is this process's. */
    LmResult run(Cell cell, Path texts, List<? extends Callback> watchers) {
        RunConfig lm = cell.arm()
                .applyTo(config.lm())
                .with("data.train", texts.toString())
                .with("data.valid", "")
                .with("run.seed", Long.toString(cell.seed()));
        try {
            try (TrainingRun training = begin(cell.lm(), lm, watchers)) {
                training.train();
            }
            return measure(cell.lm());
        } catch (DivergedException e) {
            return LmResult.diverged(lm.data().bptt(), e.sentence());
        }
    }

    private TrainingRun begin(Path folder, RunConfig lm, List<? extends Callback> watchers) {
        if (Checkpoint.exists(RunFolder.lastCheckpoint(folder))) {
            return TrainingRun.resume(folder, watchers);
        }
        // Interrupted before its first checkpoint, or never begun.
        Folders.delete(folder);
        return LanguageModelRun.create(lm, folder, command, watchers);
    }

    private LmResult measure(Path run) {
        try (TrainedLanguageModel model = TrainedLanguageModel.open(run, null)) {
            Validation validation = model.evaluate(null);
            Horizon horizon = model.horizon(null, config.horizon());
            return LmResult.of(validation, horizon, trainingNorms(run));
        }
    }

    /** Mean norm of the last layer's output over the windows of each epoch, as far as the run has recorded it. */
    private static List<Double> trainingNorms(Path run) {
        List<Double> norms = new ArrayList<>();
        try (RunFolder folder = RunFolder.view(run)) {
            for (JsonEvent event : MetricsLog.read(folder.metricsFile())) {
                List<JsonEvent> layers = event.objects("norms");
                if (event.kind().equals("epoch") && !layers.isEmpty()) {
                    double[] last = layers.get(layers.size() - 1).reals("mean");
                    norms.add(Arrays.stream(last).average().orElse(Double.NaN));
                }
            }
        }
        return norms;
    }
}
