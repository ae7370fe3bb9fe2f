package dev.tarn.infer;

import dev.tarn.model.ClassifierWorkspace;
import dev.tarn.model.TextClassifier;
import dev.tarn.model.TextClassifierConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Predicts documents of token ids.
 *
 * <p>Padding on the left runs through the layers, as fastai has it, so how much of it there is changes a prediction a
 * little. Here it depends on the document alone: each is filled up to whole chunks of bptt tokens, and only documents of
 * as many chunks share a batch. So a document gets the same prediction whatever stands beside it, up to rounding.
 *
 * <p>Memory is that of a batch; a document so long that a batch of its kind would be large runs alone. Ownership: the
 * workspaces, freed by {@link #close}. Thread-safety: none.
 */
public final class DocumentPredictor implements AutoCloseable {

    /** Ids that a batch may have before its documents run one by one. */
    private static final int MOST_IDS = 1 << 22;

    private final TextClassifier model;
    private final List<String> labels;
    private final boolean backwards;
    private final int batch;
    private @Nullable ClassifierWorkspace many;
    private @Nullable ClassifierWorkspace one;

    /**
     * @param labels the names of the model's classes
     * @param backwards whether the model reads its text from the end
     * @param batch how many documents run at once, at least 1
     */
    public DocumentPredictor(TextClassifier model, List<String> labels, boolean backwards, int batch) {
        this.model = model;
        this.labels = List.copyOf(labels);
        this.backwards = backwards;
        this.batch = batch;
    }

    /**
     * One prediction for each document, in their order.
     *
     * @param documents token ids; without any, a document is padding alone
     */
    public List<Prediction> predict(List<int[]> documents) {
        Prediction[] predictions = new Prediction[documents.size()];
        List<Integer> order = IntStream.range(0, documents.size())
                .boxed()
                .sorted(Comparator.comparingInt(i -> steps(documents.get(i))))
                .toList();
        List<Integer> group = new ArrayList<>();
        for (int at = 0; at < order.size(); at++) {
            int steps = steps(documents.get(order.get(at)));
            group.add(order.get(at));
            boolean isLast = at + 1 == order.size() || steps(documents.get(order.get(at + 1))) != steps;
            int most = (long) steps * batch > MOST_IDS ? 1 : batch;
            if (isLast || group.size() == most) {
                predict(documents, group, steps, predictions);
                group.clear();
            }
        }
        return Arrays.asList(predictions);
    }

    /** The tokens of a document filled up to whole chunks. */
    private int steps(int[] document) {
        int bptt = model.config().bptt();
        return Math.max(1, (document.length + bptt - 1) / bptt) * bptt;
    }

    private void predict(List<int[]> documents, List<Integer> group, int steps, Prediction[] predictions) {
        ClassifierWorkspace workspace = group.size() == 1 ? one() : many();
        int columns = workspace.batch();
        int[] ids = new int[steps * columns];
        Arrays.fill(ids, model.config().awdLstm().padToken());
        for (int column = 0; column < group.size(); column++) {
            int[] document = documents.get(group.get(column));
            for (int i = 0; i < document.length; i++) {
                int token = document[backwards ? document.length - 1 - i : i];
                ids[(steps - document.length + i) * columns + column] = token;
            }
        }
        workspace.forward(ids, steps);
        double[] logits = new double[columns * labels.size()];
        model.backend().download(workspace.logits(), logits);
        double[] probabilities = new double[labels.size()];
        for (int column = 0; column < group.size(); column++) {
            Probabilities.softmax(logits, column * labels.size(), probabilities);
            predictions[group.get(column)] = Prediction.of(labels, probabilities);
        }
    }

    private ClassifierWorkspace one() {
        if (one == null) {
            one = workspace(1);
        }
        return one;
    }

    private ClassifierWorkspace many() {
        if (many == null) {
            many = workspace(batch);
        }
        return many;
    }

    private ClassifierWorkspace workspace(int size) {
        TextClassifierConfig config = model.config();
        return model.evaluationWorkspace(size, config.maxLen());
    }

    @Override
    public void close() {
        if (one != null) {
            one.close();
        }
        if (many != null) {
            many.close();
        }
    }
}
