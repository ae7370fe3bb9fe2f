package dev.tarn.train;

import dev.tarn.backend.Arena;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Segment;
import dev.tarn.backend.Tensor;
import dev.tarn.model.TrainableModel;
import java.util.List;

/**
 * One optimizer step: forward and backward, clip, update.
 *
 * <p>Ownership: the optimizer's moments and two numbers; model and task are lent. Thread-safety: none.
 */
final class StepRunner implements AutoCloseable {

    private final Task task;
    private final TrainableModel model;
    private final Backend backend;
    private final LearnerOptions options;
    private final Arena arena;
    private final Tensor clip;
    private final LateLosses losses;

    private int frozenTo;
    private List<Segment> segments;
    private Optimizer optimizer;

    StepRunner(Task task, LearnerOptions options) {
        this.task = task;
        this.model = task.model();
        this.backend = model.backend();
        this.options = options;
        this.arena = backend.arena("training step");
        try {
            this.clip = arena.real("gradient norm and clip", 2);
            this.losses = new LateLosses(backend, task, clip);
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
        callbacks.onLossBegin(step);
        callbacks.onBackwardBegin(step);
        task.train(step, frozenTo);
        callbacks.onBackwardEnd(step);
        boolean clips = options.clip() > 0;
        if (clips) {
            backend.clip(model.parameters().gradients(), segments, options.clip(), clip);
        }
        optimizer.step(step.effectiveLr(), step.momentum(), clips ? clip : null);
        model.parameters().changed();
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
