package dev.tarn.train;

import dev.tarn.CheckpointException;
import dev.tarn.checkpoint.Checkpoint;
import dev.tarn.checkpoint.Pretrained;
import dev.tarn.checkpoint.VocabConversion;
import dev.tarn.data.PreparedText;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.PretrainedWeights;
import dev.tarn.run.RunConfig;
import dev.tarn.run.RunFolder;
import dev.tarn.text.Vocab;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the weights of a run start from: those of {@code model.pretrained}, or the random ones that the model was made with.
 * Only the start of a run needs it; a run that is resumed has its own weights. Ownership: the open files.
 */
public final class PretrainedStart implements AutoCloseable {

    private final @Nullable Pretrained pretrained;

    private PretrainedStart(@Nullable Pretrained pretrained) {
        this.pretrained = pretrained;
    }

    /**
     * Opens what a configuration names, and checks all that can be checked before there is a model.
     *
     * @throws CheckpointException if there is no such folder, it is damaged, or its sizes, its parts or its direction are
     *     not those of the configuration
     */
    static PretrainedStart open(RunConfig config) {
        RunConfig.Model model = config.model();
        if (model.pretrained().isEmpty()) {
            return new PretrainedStart(null);
        }
        Pretrained from = open(Path.of(model.pretrained()));
        try {
            from.requireVocab();
            PretrainedWeights.requireFits(
                    from, model.embSz(), model.nHid(), model.nLayers(), model.tieWeights(), model.outBias());
            if (from.backwards() != config.data().backwards()) {
                throw new CheckpointException("The model in " + model.pretrained() + " reads its text "
                        + (from.backwards() ? "backwards" : "forwards") + " and the run "
                        + (from.backwards() ? "forwards" : "backwards") + "; pass --backwards " + from.backwards()
                        + " or start from another.");
            }
            return new PretrainedStart(from);
        } catch (RuntimeException e) {
            from.close();
            throw e;
        }
    }

    /**
     * Opens a pretrained folder, or the best checkpoint of a run with its vocabulary. Ownership: the
     * caller closes it.
     *
     * @throws CheckpointException if it is neither, or damaged
     */
    public static Pretrained open(Path folder) {
        if (Pretrained.exists(folder)) {
            return Pretrained.open(folder);
        }
        if (!RunFolder.exists(folder)) {
            throw new CheckpointException("There is neither a pretrained model nor a run in "
                    + (Files.exists(folder) ? folder.toString() : folder + ", which does not exist")
                    + "; make the former with `tarn model import`.");
        }
        try (RunFolder run = RunFolder.view(folder)) {
            Vocab vocab = PreparedText.open(run.resolve(TrainingRun.DATA)).vocab();
            Checkpoint checkpoint = Checkpoint.open(TrainedLanguageModel.checkpoint(run));
            try {
                return Pretrained.of(folder, checkpoint, vocab, run.settings().backwards());
            } catch (RuntimeException e) {
                checkpoint.close();
                throw e;
            }
        }
    }

    /** The files that are read, for the provenance. */
    List<Path> files() {
        return pretrained == null ? List.of() : List.of(pretrained.weights().file());
    }

    /** Puts the weights into a model; null if there are none. */
    @Nullable
    VocabConversion into(LanguageModel model, Vocab vocab) {
        return pretrained == null ? null : PretrainedWeights.load(model, vocab, pretrained);
    }

    @Override
    public void close() {
        if (pretrained != null) {
            pretrained.close();
        }
    }
}
