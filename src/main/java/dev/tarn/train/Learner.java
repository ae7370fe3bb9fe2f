package dev.tarn.train;

import dev.tarn.ConfigException;
import dev.tarn.backend.Backend;
import dev.tarn.data.Batch;
import dev.tarn.data.Cursor;
import dev.tarn.data.DocumentBatch;
import dev.tarn.data.DocumentBatches;
import dev.tarn.data.LanguageModelStream;
import dev.tarn.model.ClassifierMasks;
import dev.tarn.model.DrawnClassifierMasks;
import dev.tarn.model.DrawnMasks;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LayerGroups;
import dev.tarn.model.LmWorkspace;
import dev.tarn.model.MaskSource;
import dev.tarn.model.TextClassifier;
import dev.tarn.model.TrainableModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Trains a language model or a classifier: the loop over epochs and batches, and the hooks around it.
 *
 * <p>Order of use: make one with model, texts, options and callbacks; {@link #freezeTo}, {@link #lrFind}, {@link #fit} and
 * {@link #fitOneCycle} as often as wanted; {@link #close}. Iterations of a schedule count from 0 in every fit, while the
 * keys of the dropout masks and the epochs of the text count on, so no fit repeats another's draws.
 *
 * <p>Ownership: workspaces and the optimizer's moments, freed by {@link #close}; model and streams stay the caller's.
 * Thread-safety: none.
 */
public final class Learner implements AutoCloseable {

    private final Task task;
    private final TrainableModel model;
    private final Backend backend;
    private final LearnerOptions options;
    private final Recorder recorder = new Recorder();
    private final Callbacks callbacks;
    private final StepRunner runner;
    private final Step current;
    private final Smoothing smoothing = new Smoothing();

    /** Fits that are over. */
    private int fits;

    /** Epochs of this fit that are over, and the same over all fits: what the text counts by. */
    private int epoch;

    private long dataEpoch;

    /** Steps of this fit that are over, and the same over all fits: what the masks are keyed by. */
    private long iteration;

    private long steps;
    private double bestValidLoss = Double.POSITIVE_INFINITY;
    private boolean insideEpoch;
    private boolean stopped;
    private @Nullable Resumption resumption;

    /** Where the next fit goes on, and the hidden state that it goes on with. */
    private record Resumption(Cursor cursor, HiddenState state) {}

    /**
     * Allocates everything that training needs.
     *
     * @param train what is trained on
     * @param valid what is validated on after every epoch, or null
     * @param callbacks called in their {@link Callback#order}
     * @throws dev.tarn.OutOfDeviceMemoryException if it does not fit
     */
    public Learner(
            LanguageModel model,
            LanguageModelStream train,
            @Nullable LanguageModelStream valid,
            LearnerOptions options,
            List<? extends Callback> callbacks) {
        this(
                model,
                BatchSource.of(train),
                valid == null ? null : BatchSource.of(valid),
                options,
                callbacks,
                new DrawnMasks(model.config(), options.seed())::step);
    }

    /** As the public one, with windows and masks from anywhere. */
    Learner(
            LanguageModel model,
            BatchSource<Batch> train,
            @Nullable BatchSource<Batch> valid,
            LearnerOptions options,
            List<? extends Callback> callbacks,
            LongFunction<? extends MaskSource> masks) {
        this(new LanguageModelTask(model, train, valid, masks), options, callbacks);
    }

    /**
     * A learner of a classifier.
     *
     * @param train what is trained on
     * @param valid what is validated on after every epoch, or null
     * @param callbacks called in their {@link Callback#order}; an {@link RnnTrainer} among them should not adjust the rate,
     *     since a batch of documents is one step however long they are
     * @throws ConfigException if the batch size is 1
     * @throws dev.tarn.OutOfDeviceMemoryException if it does not fit
     */
    public Learner(
            TextClassifier model,
            DocumentBatches train,
            @Nullable DocumentBatches valid,
            LearnerOptions options,
            List<? extends Callback> callbacks) {
        this(
                model,
                BatchSource.of(train),
                valid == null ? null : BatchSource.of(valid),
                options,
                callbacks,
                new DrawnClassifierMasks(model.config(), options.seed())::step);
    }

    /** As the public one, with batches and masks from anywhere. */
    Learner(
            TextClassifier model,
            BatchSource<DocumentBatch> train,
            @Nullable BatchSource<DocumentBatch> valid,
            LearnerOptions options,
            List<? extends Callback> callbacks,
            LongFunction<? extends ClassifierMasks> masks) {
        this(new ClassifierTask(model, train, valid, options.regMask(), masks), options, callbacks);
    }

    private Learner(Task task, LearnerOptions options, List<? extends Callback> callbacks) {
        this.task = task;
        this.model = task.model();
        this.backend = model.backend();
        this.options = options;
        List<Callback> all = new ArrayList<>(callbacks);
        all.add(recorder);
        this.callbacks = new Callbacks(all);
        try {
            this.runner = new StepRunner(task, options);
        } catch (RuntimeException e) {
            task.close();
            throw e;
        }
        this.current = new Step(this, model.groups());
    }

    /** Trains with the same rates all along and the optimizer's own momentum. */
    public void fit(int epochs, Rates rates) {
        fit(
                epochs,
                new ConstantSchedule(rates, model.groups(), options.optimizer().momentum()));
    }

    /** Trains one cycle, as long as exactly the windows of these epochs. */
    public void fitOneCycle(int epochs, Rates rates, OneCycle.Shape shape) {
        long first = resumption == null ? nextDataEpoch() : dataEpoch - epoch;
        long total = 0;
        for (int i = 0; i < epochs; i++) {
            total += task.source().windows(first + i);
        }
        fit(epochs, new OneCycle(rates, model.groups(), total, shape));
    }

    /**
     * Trains and, after every epoch, validates. After {@link #resume} the call that was interrupted goes on where it stood.
     *
     * @param epochs of the whole fit
     * @throws dev.tarn.DivergedException if a loss is no longer finite
     */
    public void fit(int epochs, Schedule schedule) {
        if (epochs < 1) {
            throw new ConfigException("--epochs " + epochs + " is below 1.");
        }
        if (resumption == null) {
            dataEpoch = nextDataEpoch();
            epoch = 0;
            iteration = 0;
            smoothing.restore(0, 0);
        }
        stopped = false;
        runner.losses().discard();
        RuntimeException failure = null;
        try {
            callbacks.onTrainBegin(this);
            while (epoch < epochs && !stopped) {
                trainEpoch(schedule);
            }
            fits++;
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        } finally {
            resumption = null;
            callbacks.onTrainEnd(this, failure);
        }
    }

    private void trainEpoch(Schedule schedule) {
        beginEpoch();
        callbacks.onEpochBegin(this);
        int windows = task.source().windows(dataEpoch);
        long tokens = 0;
        long started = System.nanoTime();
        while (task.source().hasNext() && !stopped) {
            current.place(epoch, task.source().cursor().window(), windows);
            task.next(current);
            current.begin(schedule, iteration, steps);
            step(current, callbacks);
            iteration++;
            steps++;
            callbacks.onBatchEnd(current);
            tokens += current.tokens();
        }
        finishLosses();
        double seconds = (System.nanoTime() - started) / 1e9;
        if (!task.source().hasNext()) {
            Validation validation = validateEpoch();
            insideEpoch = false;
            dataEpoch++;
            epoch++;
            callbacks.onEpochEnd(this, new EpochRow(fits, epoch - 1, smoothing.value(), validation, tokens, seconds));
        }
    }

    private void beginEpoch() {
        if (resumption != null) {
            task.source().seek(resumption.cursor());
            // Only in the middle of an epoch is there a state to carry: every epoch starts from zeros, as in fastai.
            if (resumption.cursor().window() == 0) {
                task.resetState();
            } else {
                resumption.state().put(backend, task);
            }
            resumption = null;
        } else {
            task.source().seek(new Cursor(dataEpoch, 0));
            task.resetState();
        }
        insideEpoch = true;
    }

    /** One step; only the numbers of the step before are waited for. */
    private void step(Step step, Callbacks callbacks) {
        runner.submit(step, callbacks);
        finishLosses();
        runner.recordLosses(step);
    }

    /** Waits for the numbers of the last step and tells them, unless that was done. */
    private void finishLosses() {
        if (runner.losses().isPending()) {
            StepLoss loss = runner.losses().take(smoothing);
            FiniteCheck.require(loss, backend, model.parameters());
            callbacks.onLossKnown(loss);
        }
    }

    private Validation validateEpoch() {
        if (!task.validates()) {
            return Validation.NONE;
        }
        Validation validation = evaluate(options.validState());
        FiniteCheck.require(validation, epoch, backend, model.parameters());
        runner.optimizer().validated(validation.loss());
        bestValidLoss = Math.min(bestValidLoss, validation.loss());
        return validation;
    }

    private Validation evaluate(ValidState from) {
        runner.optimizer().useEvaluationWeights();
        model.parameters().changed();
        try {
            return task.validate(from);
        } finally {
            runner.optimizer().useTrainingWeights();
            model.parameters().changed();
        }
    }

    /**
     * Measures the model on the validation text from a zero state; with {@link NtAsgd}, the averaged weights. Training
     * goes on afterwards as if nothing had happened.
     *
     * @throws ConfigException if there is no validation text
     */
    public Validation validate() {
        if (!task.validates()) {
            throw new ConfigException("There is no validation text; give one with --valid.");
        }
        finishLosses();
        HiddenState state = HiddenState.take(backend, task);
        Validation validation = evaluate(ValidState.RESET);
        state.put(backend, task);
        return validation;
    }

    /**
     * Looks for a learning rate. Weights, optimizer and all counts are afterwards what they were; callbacks that change a
     * step take part, others do not.
     */
    public LrFindResult lrFind(LrFinder finder) {
        Schedule schedule = finder.schedule(model.groups(), options.optimizer().momentum());
        LrFinder.Search search = finder.search(model.groups());
        runner.losses().discard();
        Callbacks changing = callbacks.forLrFind();
        long textEpoch = dataEpoch;
        try (Snapshot before = new Snapshot(model, runner.optimizer())) {
            try {
                boolean over = false;
                for (long k = 0; !over; k++) {
                    if (k == 0 || !task.source().hasNext()) {
                        task.source().seek(new Cursor(textEpoch++, 0));
                        task.resetState();
                    }
                    current.place(0, task.source().cursor().window(), finder.iterations());
                    task.next(current);
                    current.begin(schedule, k, steps + k);
                    step(current, changing);
                    changing.onBatchEnd(current);
                    over = search.observe(runner.losses().take(new Smoothing()).loss());
                }
            } finally {
                before.restore();
            }
        }
        task.resetState();
        return search.result();
    }

    /**
     * Trains only the layer groups from {@code group} on; a negative number counts from the end, so -1 leaves the last
     * group alone. As in fastai, this makes a new optimizer without moments.
     */
    public void freezeTo(int group) {
        runner.freezeTo(LayerGroups.first(group, model.groups()));
    }

    /** Trains the last group alone: embeddings and decoder of a language model, the head of a classifier. */
    public void freeze() {
        freezeTo(-1);
    }

    /** Trains everything. */
    public void unfreeze() {
        freezeTo(0);
    }

    /** Ends the fit after the step that is being taken, without validating. For callbacks. */
    public void stop() {
        stopped = true;
    }

    public TrainableModel model() {
        return model;
    }

    Task task() {
        return task;
    }

    public LearnerOptions options() {
        return options;
    }

    public Recorder recorder() {
        return recorder;
    }

    public Optimizer optimizer() {
        return runner.optimizer();
    }

    /** The first layer group that trains. */
    public int frozenTo() {
        return runner.frozenTo();
    }

    /**
     * What the training windows of a language model run in.
     *
     * @throws IllegalStateException if the model is a classifier
     */
    public LmWorkspace workspace() {
        if (task instanceof LanguageModelTask languageModel) {
            return languageModel.workspace();
        }
        throw new IllegalStateException("a classifier has no windows of text");
    }

    /** The lowest validation loss after any epoch so far; infinite before the first. */
    public double bestValidLoss() {
        return bestValidLoss;
    }

    /**
     * Writes a checkpoint that {@link #resume} goes on from exactly. Its weights are the ones that validation judges.
     *
     * @param metadata kept with the weights
     * @throws dev.tarn.DivergedException if a weight is no longer finite; an older checkpoint of this name stays
     * @throws dev.tarn.CheckpointException if it cannot be written
     */
    public void save(Path folder, Map<String, String> metadata) {
        LearnerCheckpoint.write(this, folder, metadata);
    }

    /**
     * Reads a checkpoint. The same call to {@code fit} that was interrupted then goes on where it stood, bit for bit on a
     * device that computes the same twice.
     *
     * @throws dev.tarn.CheckpointException if it is damaged, or of another model, optimizer, seed or batch size
     */
    public void resume(Path folder) {
        LearnerCheckpoint.read(this, folder);
    }

    /** Where training stands; waits for the last step. */
    public TrainingPosition position() {
        finishLosses();
        Cursor cursor = resumption != null
                ? resumption.cursor()
                : insideEpoch ? task.source().cursor() : new Cursor(dataEpoch, 0);
        return new TrainingPosition(
                fits,
                epoch,
                cursor,
                iteration,
                steps,
                runner.frozenTo(),
                smoothing.mean(),
                smoothing.count(),
                bestValidLoss);
    }

    /** Goes to a position, with a new optimizer and weights as they are. */
    void resume(TrainingPosition position, HiddenState state) {
        freezeTo(position.frozenTo());
        fits = position.fit();
        epoch = position.epoch();
        dataEpoch = position.cursor().epoch();
        iteration = position.iteration();
        steps = position.step();
        smoothing.restore(position.smoothMean(), position.smoothCount());
        bestValidLoss = position.bestValidLoss();
        insideEpoch = false;
        resumption = new Resumption(position.cursor(), state);
        model.parameters().changed();
    }

    /** A fit that ended in the middle of an epoch does not make the next one repeat it. */
    private long nextDataEpoch() {
        return insideEpoch ? dataEpoch + 1 : dataEpoch;
    }

    @Override
    public void close() {
        runner.close();
        task.close();
    }
}
