package dev.tarn.train;

import dev.tarn.CheckpointException;
import dev.tarn.DataException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Devices;
import dev.tarn.checkpoint.Checkpoint;
import dev.tarn.checkpoint.Pretrained;
import dev.tarn.checkpoint.VocabConversion;
import dev.tarn.data.PreparedText;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.EncoderWeights;
import dev.tarn.model.TrainableModel;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.FileErrors;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.Provenance;
import dev.tarn.run.RunConfig;
import dev.tarn.run.RunFolder;
import dev.tarn.run.RunSettings;
import dev.tarn.text.SpecialToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A model in training with the folder that keeps all of it: device, texts, model and learner, as a configuration describes
 * them. This is what the training commands and {@code tarn run resume} drive, and what a training driver in Java may.
 *
 * <p>Order of use: {@code create} of a kind of run, or {@link #resume}; then {@link #train} once; then {@link #close}. What
 * {@code create} began and could not finish is removed again. Ownership: everything it opened. Thread-safety: none.
 */
public abstract sealed class TrainingRun implements AutoCloseable permits LanguageModelRun, ClassifierRun {

    /** The folder of the prepared text within a run. */
    public static final String DATA = "data";

    private final RunFolder folder;
    private final Backend backend;
    private final PreparedText text;
    private final TrainableModel model;
    private final Learner learner;

    TrainingRun(RunFolder folder, Backend backend, PreparedText text, TrainableModel model, Learner learner) {
        this.folder = folder;
        this.backend = backend;
        this.text = text;
        this.model = model;
        this.learner = learner;
    }

    /** Makes a run of its parts, or frees the model that it began with. */
    interface Assembly<R extends TrainingRun> {
        R assemble(RunFolder run, Backend backend);
    }

    /**
     * Makes folder, device and run, or none of them.
     *
     * @param files that are read, for the provenance
     * @param begin what is done once, before the first step: weights to start from
     */
    static <R extends TrainingRun> R create(
            Path folder,
            RunSettings settings,
            List<String> command,
            List<Path> files,
            Assembly<R> assembly,
            Consumer<R> begin) {
        Backend backend = Devices.open(settings.device(), settings.options());
        RunFolder run = null;
        R made = null;
        try {
            Provenance provenance = Provenance.now(command, settings.seed(), backend.info(), files);
            run = RunFolder.create(folder, settings, provenance);
            made = assembly.assemble(run, backend);
            begin.accept(made);
            return made;
        } catch (RuntimeException e) {
            if (made != null) {
                made.learner().close();
                made.model().close();
            }
            if (run != null) {
                run.discard();
            }
            backend.close();
            throw e;
        }
    }

    /**
     * Goes on with a run from its last checkpoint, bit for bit as if it had not stopped.
     *
     * @param watchers told what happens, such as a progress bar
     * @throws CheckpointException if it has none, or a damaged one
     * @throws dev.tarn.ConfigException if it is no run, or another process works on it
     */
    public static TrainingRun resume(Path folder, List<? extends Callback> watchers) {
        RunFolder run = RunFolder.open(folder);
        Backend backend = null;
        TrainingRun resumed = null;
        try {
            if (!Checkpoint.exists(run.lastCheckpoint())) {
                throw new CheckpointException(
                        "The run " + folder + " stopped before its first checkpoint; train it anew in another folder.");
            }
            RunSettings settings = run.settings();
            backend = Devices.open(settings.device(), settings.options());
            PreparedText text = PreparedText.open(run.resolve(DATA));
            resumed = settings instanceof ClassifierConfig
                    ? ClassifierRun.assemble(run, backend, text, watchers)
                    : LanguageModelRun.assemble(run, backend, text, watchers);
            resumed.learner.resume(run.lastCheckpoint());
            TrainingPosition position = resumed.learner.position();
            run.metrics().truncateFrom(event -> isAhead(event, position));
            return resumed;
        } catch (RuntimeException e) {
            if (resumed != null) {
                resumed.close();
            } else {
                if (backend != null) {
                    backend.close();
                }
                run.close();
            }
            throw e;
        }
    }

    /** Whether an event tells of an epoch that the checkpoint does not have yet. */
    private static boolean isAhead(JsonEvent event, TrainingPosition position) {
        if (!event.kind().equals("epoch")) {
            return false;
        }
        double stage = event.keys().contains(Events.STAGE) ? event.real(Events.STAGE) : 0;
        return stage > position.fit() || (stage == position.fit() && event.real("epoch") >= position.epoch());
    }

    static OptimizerConfig optimizer(
            RunConfig.OptimizerKind kind,
            double momentum,
            double wd,
            boolean trueWd,
            double beta2,
            double eps,
            int patience) {
        return switch (kind) {
            case ADAM -> new OptimizerConfig.AdamConfig(momentum, beta2, eps, wd, trueWd);
            case SGD -> new OptimizerConfig.SgdConfig(momentum, wd, trueWd);
            case NT_ASGD -> new OptimizerConfig.NtAsgdConfig(wd, trueWd, patience);
        };
    }

    /** Sizes of an encoder, and of what stands on it, with the dropouts that a configuration asks for. */
    static AwdLstmConfig awdLstm(
            RunConfig.Dropout dropout,
            int vocab,
            int embSz,
            int nHid,
            int nLayers,
            boolean tieWeights,
            boolean outBias) {
        return new AwdLstmConfig(
                        vocab,
                        embSz,
                        nHid,
                        nLayers,
                        SpecialToken.PAD.id(),
                        (float) dropout.embedP(),
                        (float) dropout.inputP(),
                        (float) dropout.weightP(),
                        (float) dropout.hiddenP(),
                        (float) dropout.outputP(),
                        tieWeights,
                        outBias)
                .scaledDropout((float) dropout.dropMult());
    }

    /** Makes the folder that the prepared text of a run goes into. */
    static void makeDataFolder(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new DataException(
                    "The folder '" + folder + "' for the prepared text cannot be made: " + FileErrors.reason(e) + ".",
                    e);
        }
    }

    /** What watches, steers and keeps a run, in the order in which all of them have it. */
    static List<Callback> callbacks(
            RunFolder folder,
            PreparedText text,
            List<? extends Callback> watchers,
            RnnTrainer trainer,
            @Nullable HiddenNorms norms,
            int checkpointSteps) {
        List<Callback> callbacks = new ArrayList<>(watchers);
        callbacks.add(trainer);
        if (norms != null) {
            callbacks.add(norms);
        }
        callbacks.add(new RunRecord(folder, norms));
        callbacks.add(new CheckpointCallback(
                folder.checkpoints(),
                checkpointSteps,
                Map.of("format", "pt", "tokenizer", text.pipeline().name())));
        return callbacks;
    }

    /** Trains one fit as a schedule wants it. */
    void fit(int epochs, Rates rates, RunConfig.Schedule schedule) {
        if (schedule.policy() == RunConfig.Policy.CONSTANT) {
            learner.fit(epochs, rates);
        } else {
            learner.fitOneCycle(
                    epochs,
                    rates,
                    new OneCycle.Shape(
                            schedule.moms().get(0),
                            schedule.moms().get(1),
                            schedule.divFactor(),
                            schedule.pctStart(),
                            schedule.effectiveFinalDiv()));
        }
    }

    /** Trains to the end of what is configured, or what is left of it after {@link #resume}. */
    public abstract void train();

    /**
     * Makes a pretrained folder of the encoder as it stands, for a classifier to start from; fastai's
     * {@code save_encoder}.
     *
     * @param target does not exist
     * @throws CheckpointException if it exists or cannot be written
     */
    public void saveEncoder(Path target) {
        Optimizer optimizer = learner.optimizer();
        optimizer.useEvaluationWeights();
        try {
            EncoderWeights.save(
                    model.parameters(),
                    encoderPrefix(),
                    text.vocab(),
                    folder.settings().backwards(),
                    folder.path().toString(),
                    target);
        } finally {
            optimizer.useTrainingWeights();
        }
    }

    /**
     * Puts the encoder of a pretrained folder or another run into the model, converted to its vocabulary, and freezes all
     * but the last layer group, as fastai's {@code load_encoder} does.
     *
     * @throws CheckpointException if it is none or its sizes differ; the model is unchanged then
     */
    public VocabConversion loadEncoder(Path from) {
        try (Pretrained pretrained = PretrainedStart.open(from)) {
            VocabConversion converted =
                    EncoderWeights.load(model.parameters(), encoderPrefix(), text.vocab(), pretrained);
            learner.freeze();
            return converted;
        }
    }

    /** What stands before the encoder's names among the model's parameters. */
    abstract String encoderPrefix();

    /** What is trained. */
    public TrainableModel model() {
        return model;
    }

    /** The learner, for whoever wants more than {@link #train}. */
    public Learner learner() {
        return learner;
    }

    /** The texts and their vocabulary. */
    public PreparedText text() {
        return text;
    }

    /** The folder of the run. */
    public RunFolder folder() {
        return folder;
    }

    /** What it runs on. */
    public Backend backend() {
        return backend;
    }

    @Override
    public void close() {
        learner.close();
        model.close();
        backend.close();
        folder.close();
    }
}
