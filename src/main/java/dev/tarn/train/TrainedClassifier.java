package dev.tarn.train;

import dev.tarn.CheckpointException;
import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Devices;
import dev.tarn.checkpoint.Checkpoint;
import dev.tarn.data.DocumentBatches;
import dev.tarn.data.Documents;
import dev.tarn.data.PreparedText;
import dev.tarn.infer.DocumentPredictor;
import dev.tarn.infer.Occlusion;
import dev.tarn.infer.Prediction;
import dev.tarn.infer.Predictor;
import dev.tarn.model.TextClassifier;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.RunFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a classifier's run came to: the weights of its best checkpoint (the last where there is no best), on a device, with
 * its vocabulary and classes. Ownership: everything it opened. Thread-safety: none.
 */
public final class TrainedClassifier implements Predictor, AutoCloseable {

    private final ClassifierConfig config;
    private final Backend backend;
    private final PreparedText text;
    private final TextClassifier model;
    private final DocumentPredictor predictor;

    private TrainedClassifier(ClassifierConfig config, Backend backend, PreparedText text, TextClassifier model) {
        this.config = config;
        this.backend = backend;
        this.text = text;
        this.model = model;
        this.predictor = new DocumentPredictor(
                model, text.classes(), config.backwards(), config.data().effectiveValidBs());
    }

    /**
     * Loads a run.
     *
     * @param device where to, or null for where it was trained
     * @throws ConfigException if it is no run of a classifier
     * @throws CheckpointException if it has no checkpoint, or a damaged one or one of other sizes
     */
    public static TrainedClassifier open(Path run, @Nullable String device) {
        try (RunFolder folder = RunFolder.view(run)) {
            ClassifierConfig config = folder.classifierConfig();
            Path checkpoint = TrainedLanguageModel.checkpoint(folder);
            PreparedText text = PreparedText.open(folder.resolve(TrainingRun.DATA));
            Backend backend = device == null
                    ? Devices.open(config.device(), config.options())
                    : Devices.open(device, config.run().precision());
            TextClassifier model = null;
            try (Checkpoint saved = Checkpoint.open(checkpoint)) {
                model = new TextClassifier(
                        backend,
                        ClassifierRun.sizes(
                                config, text.vocab().size(), text.classes().size()),
                        config.seed());
                LearnerCheckpoint.readWeights(model, saved.weights());
                return new TrainedClassifier(config, backend, text, model);
            } catch (RuntimeException e) {
                if (model != null) {
                    model.close();
                }
                backend.close();
                throw e;
            }
        }
    }

    @Override
    public List<String> labels() {
        return text.classes();
    }

    @Override
    public List<Prediction> predict(List<String> texts) {
        return predictor.predict(
                texts.stream().map(text.numericalizer()::numericalize).toList());
    }

    /** As {@link #predict}, of texts that are tokens already. */
    public List<Prediction> predictTokens(List<List<String>> documents) {
        return predictor.predict(
                documents.stream().map(text.vocab()::numericalize).toList());
    }

    /**
     * How much each token of a text speaks for what was predicted, by {@link Occlusion}.
     *
     * @param prediction of the whole text
     */
    public List<Occlusion.Influence> influences(String document, Prediction prediction) {
        return new Occlusion(this::predictTokens, config.data().effectiveValidBs())
                .influences(text.pipeline().tokenize(document), prediction);
    }

    /**
     * Measures the model, alone or averaged with others, on the documents to validate on.
     *
     * @param others whose probabilities are averaged with this one's; with the same classes and documents
     * @param data a prepared folder in the vocabularies of the models, whose documents to validate on are taken, or those to
     *     train on where there are no others; null for the validation documents of this run
     * @param top how many of the largest losses to tell
     * @throws ConfigException if the run has no validation documents
     * @throws DataException if documents, classes or vocabularies differ
     */
    public ClassifierReport evaluate(@Nullable Path data, List<TrainedClassifier> others, int top) {
        PreparedText prepared = data == null ? text : PreparedText.open(data);
        boolean takesValid = data == null || prepared.labelledValid().isPresent();
        Documents documents = (takesValid ? prepared.labelledValid() : prepared.labelledTrain())
                .orElseThrow(() -> new ConfigException(
                        data == null
                                ? "The run has no validation documents; name a prepared folder with --data."
                                : "The documents of " + data + " have no labels; prepare them with labels."));
        int[] labels = labels(documents);
        double[][] mean = probabilities(prepared, documents);
        for (TrainedClassifier other : others) {
            if (!other.labels().equals(labels())) {
                throw new DataException("The two models have the classes " + labels() + " and " + other.labels()
                        + "; only models of the same classes can be averaged.");
            }
            double[][] more = other.probabilities(prepared, documents);
            for (int i = 0; i < mean.length; i++) {
                for (int c = 0; c < mean[i].length; c++) {
                    mean[i][c] += more[i][c];
                }
            }
        }
        for (double[] row : mean) {
            for (int c = 0; c < row.length; c++) {
                row[c] /= 1 + others.size();
            }
        }
        return ClassifierReport.of(
                labels(),
                mean,
                labels,
                i -> (takesValid ? prepared.validTable() : prepared.trainTable())
                        .map(table -> table.origin(i))
                        .orElse("document " + i),
                top);
    }

    /** The labels of documents by this model's classes. */
    private int[] labels(Documents documents) {
        int[] labels = new int[documents.size()];
        for (int i = 0; i < labels.length; i++) {
            int label = documents.labels()[i];
            if (label == Documents.UNLABELLED) {
                throw new DataException(
                        "Document " + i + " has no label; only labelled documents can be evaluated on.");
            }
            labels[i] = labels().indexOf(documents.classes().get(label));
            if (labels[i] < 0) {
                throw new DataException(String.format(
                        Locale.ROOT,
                        "Document %d is of the class %s, which is none of the model's: %s.",
                        i,
                        documents.classes().get(label),
                        String.join(", ", labels())));
            }
        }
        return labels;
    }

    /** [N][C] of all documents. */
    private double[][] probabilities(PreparedText prepared, Documents documents) {
        if (!prepared.vocab().equals(text.vocab())) {
            throw new DataException("The documents of " + prepared.folder()
                    + " are in another vocabulary than the model's; prepare them with --vocab " + text.folder() + ".");
        }
        double[][] probabilities = new double[documents.size()][];
        DocumentBatches batches =
                DocumentBatches.evaluation(documents, config.data().effectiveValidBs(), config.backwards());
        ClassifierEvaluator.evaluate(
                model, batches, (document, label, found) -> probabilities[document] = found.clone());
        return probabilities;
    }

    public TextClassifier model() {
        return model;
    }

    public PreparedText text() {
        return text;
    }

    @Override
    public void close() {
        predictor.close();
        model.close();
        backend.close();
    }
}
