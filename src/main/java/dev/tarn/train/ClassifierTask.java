package dev.tarn.train;

import dev.tarn.backend.Regularization.RegMask;
import dev.tarn.backend.Tensor;
import dev.tarn.data.DocumentBatch;
import dev.tarn.model.ClassifierMasks;
import dev.tarn.model.ClassifierWorkspace;
import dev.tarn.model.TextClassifier;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/** A classifier that learns the labels of documents; every batch of them is a step and starts from a zero state. */
final class ClassifierTask implements Task {

    private static final DocumentBatch NO_BATCH = new DocumentBatch(new int[0], 0, 0, 0, new int[0], new int[0]);

    private final TextClassifier model;
    private final BatchSource<DocumentBatch> train;
    private final RegMask regMask;
    private final LongFunction<? extends ClassifierMasks> masks;
    private final ClassifierWorkspace workspace;
    private final @Nullable ClassifierEvaluator evaluator;
    private DocumentBatch batch = NO_BATCH;

    /** @param masks the masks of a step, by its number in the learner's life */
    ClassifierTask(
            TextClassifier model,
            BatchSource<DocumentBatch> train,
            @Nullable BatchSource<DocumentBatch> valid,
            RegMask regMask,
            LongFunction<? extends ClassifierMasks> masks) {
        this.model = model;
        this.train = train;
        this.regMask = regMask;
        this.masks = masks;
        workspace = model.workspace(train.batch(), train.longest());
        try {
            evaluator = valid == null ? null : evaluator(valid);
        } catch (RuntimeException e) {
            workspace.close();
            throw e;
        }
    }

    /** Shares the workspace with training where the documents fit, so that validation needs no memory of its own. */
    private ClassifierEvaluator evaluator(BatchSource<DocumentBatch> valid) {
        boolean fits = valid.batch() == workspace.batch() && workspace.holds(valid.longest());
        return fits ? new ClassifierEvaluator(model, valid, workspace, false) : new ClassifierEvaluator(model, valid);
    }

    @Override
    public TextClassifier model() {
        return model;
    }

    @Override
    public BatchSource<DocumentBatch> source() {
        return train;
    }

    @Override
    public void next(Step step) {
        batch = train.next();
        step.size(batch.steps(), tokens(batch));
    }

    /** Tokens of a batch, padding not counted. */
    private int tokens(DocumentBatch batch) {
        int padding = model.config().awdLstm().padToken();
        int tokens = 0;
        for (int i = 0; i < batch.steps() * batch.batch(); i++) {
            tokens += batch.ids()[i] == padding ? 0 : 1;
        }
        return tokens;
    }

    @Override
    public void train(Step step, int frozenTo) {
        workspace.train(
                batch.ids(),
                batch.steps(),
                batch.labels(),
                masks.apply(step.step()),
                step.regularization(),
                regMask == RegMask.PADDING,
                frozenTo);
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
    public void resetState() {}

    @Override
    public List<Tensor> state() {
        return List.of();
    }

    @Override
    public boolean validates() {
        return evaluator != null;
    }

    @Override
    public Validation validate(ValidState from) {
        return evaluator == null ? Validation.NONE : evaluator.run(null);
    }

    @Override
    public void close() {
        if (evaluator != null) {
            evaluator.close();
        }
        workspace.close();
    }
}
