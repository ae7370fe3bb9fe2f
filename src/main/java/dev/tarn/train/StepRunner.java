package dev.tarn.train;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import dev.tarn.data.Batch;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import dev.tarn.model.MaskSource;
import java.util.List;
import java.util.function.LongFunction;

/**
 * One optimizer step: gradients from zero, forward and backward, clip, update.
 *
 * <p>Ownership: the optimizer's moments and two numbers; model and workspace are lent. Thread-safety: none.
 */
final class StepRunner implements AutoCloseable {

    private final LanguageModel model;
    private final Backend backend;
    private final LmWorkspace workspace;
    private final LearnerOptions options;
    private final LongFunction<? extends MaskSource> masks;
    private final Arena arena;
    private final Tensor clip;
    private final LateLosses losses;

    private int frozenTo;
    private List<Segment> segments;
    private Optimizer optimizer;

    StepRunner(
            LanguageModel model,
            LmWorkspace workspace,
            LearnerOptions options,
            LongFunction<? extends MaskSource> masks) {
        this.model = model;
        this.backend = model.backend();
        this.workspace = workspace;
        this.options = options;
        this.masks = masks;
        this.arena = backend.arena("training step");
        try {
            this.clip = arena.real("gradient norm and clip", 2);
            this.losses = new LateLosses(backend, workspace, clip);
            this.segments = model.parameters().segments(0);
            this.optimizer = newOptimizer();
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private Optimizer newOptimizer() {
        return options.optimizer()
                .create(backend, model.parameters().values(), model.parameters().gradients(), segments, model.groups());
    }

    /** Submits all of a step and waits for nothing. */
    void submit(Step step, Callbacks callbacks) {
        callbacks.onBatchBegin(step);
        Batch batch = step.batch();
        callbacks.onLossBegin(step);
        callbacks.onBackwardBegin(step);
        workspace.train(
                batch.inputs(),
                batch.targets(),
                batch.steps(),
                masks.apply(step.step()),
                step.regularization(),
                frozenTo,
                step.recordsNorms());
        callbacks.onBackwardEnd(step);
        boolean clips = options.clip() > 0;
        if (clips) {
            backend.clip(model.parameters().gradients(), segments, options.clip(), clip);
        }
        optimizer.step(step.effectiveLr(), step.momentum(), clips ? clip : null);
        workspace.weightsChanged();
        callbacks.onStepEnd(step);
    }

    /** The numbers of the steps, to be queued behind one and taken behind the next. */
    LateLosses losses() {
        return losses;
    }

    /** Queues the numbers of the step that was submitted last. */
    void recordLosses(Step step) {
        losses.record(step, options.clip() > 0);
    }

    /** Trains only the groups from this one on, with a new optimizer. */
    void freezeTo(int group) {
        frozenTo = group;
        segments = model.parameters().segments(group);
        optimizer.close();
        optimizer = newOptimizer();
    }

    int frozenTo() {
        return frozenTo;
    }

    Optimizer optimizer() {
        return optimizer;
    }

    @Override
    public void close() {
        optimizer.close();
        arena.close();
    }
}
