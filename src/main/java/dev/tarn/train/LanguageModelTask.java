package dev.tarn.train;

import dev.tarn.backend.Tensor;
import dev.tarn.data.Batch;
import dev.tarn.model.LanguageModel;
import dev.tarn.model.LmWorkspace;
import dev.tarn.model.MaskSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** A language model that learns to predict a text, window by window with a carried state. */
final class LanguageModelTask implements Task {

    private static final Batch NO_BATCH = new Batch(new int[0], new int[0], 0, 0);

    private final LanguageModel model;
    private final BatchSource<Batch> train;
    private final LongFunction<? extends MaskSource> masks;
    private final LmWorkspace workspace;
    private final @Nullable Evaluator evaluator;
    private Batch batch = NO_BATCH;

    /** @param masks the masks of a step, by its number in the learner's life */
    LanguageModelTask(
            LanguageModel model,
            BatchSource<Batch> train,
            @Nullable BatchSource<Batch> valid,
            LongFunction<? extends MaskSource> masks) {
        this.model = model;
        this.train = train;
        this.masks = masks;
        workspace = model.workspace(train.batch(), train.longest());
        try {
            evaluator = valid == null ? null : evaluator(valid);
        } catch (RuntimeException e) {
            workspace.close();
            throw e;
        }
    }

    /** Shares the workspace with training where the windows fit, so that validation needs no memory of its own. */
    private Evaluator evaluator(BatchSource<Batch> valid) {
        boolean fits = valid.batch() == workspace.batch() && valid.longest() <= workspace.maxSteps();
        return fits ? new Evaluator(model.backend(), valid, workspace, false) : new Evaluator(model, valid);
    }

    @Override
    public LanguageModel model() {
        return model;
    }

    LmWorkspace workspace() {
        return workspace;
    }

    @Override
    public BatchSource<Batch> source() {
        return train;
    }

    @Override
    public void next(Step step) {
        batch = train.next();
        step.size(batch.steps(), batch.predictions());
    }

    @Override
    public void train(Step step, int frozenTo) {
        workspace.train(
                batch.inputs(),
                batch.targets(),
                batch.steps(),
                masks.apply(step.step()),
                step.regularization(),
                frozenTo,
                step.recordsNorms());
    }

    @Override
    public Tensor stats() {
        return workspace.stats();
    }

    @Override
    public Tensor penalties() {
        return workspace.penalties();
    }

    @Override
    public void resetState() {
        workspace.resetState();
    }

    @Override
    public List<Tensor> state() {
        List<Tensor> state = new ArrayList<>();
        for (int layer = 0; layer < model.config().nLayers(); layer++) {
            state.add(workspace.hidden(layer));
            state.add(workspace.cell(layer));
        }
        return state;
    }

    @Override
    public boolean validates() {
        return evaluator != null;
    }

    @Override
    public Validation validate(ValidState from) {
        if (evaluator == null) {
            return Validation.NONE;
        }
        boolean carries = from == ValidState.CARRIED && evaluator.workspace().batch() == workspace.batch();
        if (carries && evaluator.workspace() != workspace) {
            evaluator.workspace().state(workspace.state());
        }
        return evaluator.run(!carries);
    }

    @Override
    public void close() {
        if (evaluator != null) {
            evaluator.close();
        }
        workspace.close();
    }
}
