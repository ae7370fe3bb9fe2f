package dev.tarn.train;

import dev.tarn.CheckpointException;
import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Devices;
import dev.tarn.checkpoint.EncoderSizes;
import dev.tarn.checkpoint.Pretrained;
import dev.tarn.checkpoint.VocabConversion;
import dev.tarn.data.DocumentBatches;
import dev.tarn.data.Documents;
import dev.tarn.data.PreparedText;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.EncoderWeights;
import dev.tarn.model.LayerGroups;
import dev.tarn.model.TextClassifier;
import dev.tarn.model.TextClassifierConfig;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.RunConfig;
import dev.tarn.run.RunFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A classifier in training, as a {@link ClassifierConfig} describes it: gradual unfreezing from the encoder of a language
 * model. This is what {@code tarn clf train} drives.
 */
public final class ClassifierRun extends TrainingRun {

    private final TextClassifier model;
    private final List<Stage> stages;
    private @Nullable VocabConversion conversion;

    private ClassifierRun(
            RunFolder folder,
            Backend backend,
            PreparedText text,
            TextClassifier model,
            Learner learner,
            List<Stage> stages) {
        super(folder, backend, text, model, learner);
        this.model = model;
        this.stages = stages;
    }

    /**
     * Takes over the prepared text, makes the model and the folder, and puts the encoder into the model.
     *
     * @param config with a prepared folder in {@code data.prepared}
     * @param folder does not exist yet
     * @param command the words of the command line, for the provenance
     * @param watchers told what happens, such as a progress bar
     * @throws dev.tarn.TarnException if anything of it cannot be used; the folder is not there then
     */
    public static ClassifierRun create(
            ClassifierConfig config, Path folder, List<String> command, List<? extends Callback> watchers) {
        RunFolder.requireFree(folder);
        Path prepared = prepared(config);
        List<Path> files = new ArrayList<>(PreparedText.files(prepared));
        try (Pretrained encoder = encoder(config)) {
            ClassifierConfig sized = sized(config, encoder);
            if (encoder != null) {
                files.add(encoder.weights().file());
            }
            return create(
                    folder,
                    sized,
                    command,
                    files,
                    (run, backend) -> assemble(run, backend, copy(prepared, run.resolve(DATA)), watchers),
                    made -> made.start(encoder));
        }
    }

    private static Path prepared(ClassifierConfig config) {
        Path prepared = Path.of(config.data().prepared());
        if (config.data().prepared().isEmpty() || !PreparedText.isPrepared(prepared)) {
            throw new DataException((config.data().prepared().isEmpty()
                            ? "There is nothing to train on"
                            : prepared + " is no prepared folder")
                    + "; make one with `tarn data prepare` and name it with --data.");
        }
        return prepared;
    }

    private static @Nullable Pretrained encoder(ClassifierConfig config) {
        if (config.model().encoder().isEmpty()) {
            return null;
        }
        Pretrained encoder = PretrainedStart.open(Path.of(config.model().encoder()));
        if (encoder.backwards() != config.data().backwards()) {
            encoder.close();
            throw new CheckpointException("The encoder in " + config.model().encoder() + " reads its text "
                    + (encoder.backwards() ? "backwards" : "forwards") + " and the run "
                    + (encoder.backwards() ? "forwards" : "backwards") + "; pass --backwards " + encoder.backwards()
                    + " or start from another.");
        }
        return encoder;
    }

    /** Sizes that were left open become the encoder's, or fastai's where there is none. */
    private static ClassifierConfig sized(ClassifierConfig config, @Nullable Pretrained encoder) {
        RunConfig.Model defaults = RunConfig.defaults().model();
        EncoderSizes sizes = encoder == null
                ? new EncoderSizes(1, defaults.embSz(), defaults.nHid(), defaults.nLayers())
                : encoder.sizes();
        ClassifierConfig.Model model = config.model();
        return config.withSizes(
                model.embSz() == 0 ? sizes.embSz() : model.embSz(),
                model.nHid() == 0 ? sizes.nHid() : model.nHid(),
                model.nLayers() == 0 ? sizes.nLayers() : model.nLayers());
    }

    private static PreparedText copy(Path from, Path to) {
        makeDataFolder(to);
        return PreparedText.copy(from, to, null, Runtime.getRuntime().availableProcessors());
    }

    private void start(@Nullable Pretrained encoder) {
        if (encoder != null) {
            conversion = EncoderWeights.load(model.parameters(), encoderPrefix(), text().vocab(), encoder);
        }
        learner().freezeTo(stages.get(0).freezeTo());
    }

    /** Looks for a learning rate without a folder, with what the first stage trains. */
    public static LrFindResult lrFind(ClassifierConfig config, LrFinder finder) {
        PreparedText text = PreparedText.open(prepared(config));
        try (Pretrained encoder = encoder(config)) {
            ClassifierConfig sized = sized(config, encoder);
            try (Backend backend = Devices.open(sized.device(), sized.options());
                    TextClassifier model = newModel(sized, backend, text);
                    Learner learner = newLearner(sized, model, text, List.of(rnnTrainer(sized)))) {
                if (encoder != null) {
                    EncoderWeights.load(model.parameters(), TextClassifier.ENCODER_PREFIX, text.vocab(), encoder);
                }
                learner.freezeTo(stages(sized, model.groups()).get(0).freezeTo());
                return learner.lrFind(finder);
            }
        }
    }

    static ClassifierRun assemble(
            RunFolder run, Backend backend, PreparedText text, List<? extends Callback> watchers) {
        ClassifierConfig config = run.classifierConfig();
        TextClassifier model = newModel(config, backend, text);
        try {
            List<Stage> stages = stages(config, model.groups());
            List<Callback> callbacks = callbacks(
                    run, text, watchers, rnnTrainer(config), null, config.run().checkpointSteps());
            return new ClassifierRun(run, backend, text, model, newLearner(config, model, text, callbacks), stages);
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private static TextClassifier newModel(ClassifierConfig config, Backend backend, PreparedText text) {
        Documents train = labelled(text);
        requireExamples(train);
        return new TextClassifier(
                backend,
                sizes(config, text.vocab().size(), train.classes().size()),
                config.run().seed());
    }

    private static Documents labelled(PreparedText text) {
        return text.labelledTrain()
                .orElseThrow(() -> new DataException("The documents of " + text.folder()
                        + " have no labels; prepare them with labels from folders, a column or the lines."));
    }

    private static RnnTrainer rnnTrainer(ClassifierConfig config) {
        return new RnnTrainer(config.model().bptt(), config.regularization().toRegularization(), false);
    }

    private static void requireExamples(Documents documents) {
        if (documents.classes().size() < 2) {
            throw new DataException("All documents to train on are of the class "
                    + documents.classes().get(0) + "; a classifier needs at least 2 classes.");
        }
        long[] examples = new long[documents.classes().size()];
        for (int label : documents.labels()) {
            if (label != Documents.UNLABELLED) {
                examples[label]++;
            }
        }
        for (int label = 0; label < examples.length; label++) {
            if (examples[label] == 0) {
                throw new DataException("The class " + documents.classes().get(label)
                        + " has no document to train on; give it one or leave its label out.");
            }
        }
    }

    /** Sizes and dropouts of the model that a configuration asks for. */
    public static TextClassifierConfig sizes(ClassifierConfig config, int vocab, int classes) {
        ClassifierConfig.Model model = config.model();
        // A classifier has no decoder, so what one would be like does not matter.
        AwdLstmConfig awdLstm =
                awdLstm(config.dropout(), vocab, model.embSz(), model.nHid(), model.nLayers(), true, true);
        return new TextClassifierConfig(
                awdLstm,
                classes,
                config.head().linFtrs(),
                config.head().ps().stream().map(p -> (double) p.floatValue()).toList(),
                config.model().bptt(),
                config.model().maxLen());
    }

    private static Learner newLearner(
            ClassifierConfig config, TextClassifier model, PreparedText text, List<? extends Callback> callbacks) {
        ClassifierConfig.Data data = config.data();
        ClassifierConfig.Train training = config.train();
        Optional<Documents> valid = text.labelledValid();
        OptimizerConfig optimizer = optimizer(
                training.optimizer(),
                config.schedule().moms().get(0),
                training.wd(),
                training.trueWd(),
                training.beta2(),
                training.eps(),
                training.patience());
        return new Learner(
                model,
                DocumentBatches.training(labelled(text), data.bs(), config.run().seed(), data.backwards()),
                valid.map(documents -> DocumentBatches.evaluation(documents, data.effectiveValidBs(), data.backwards()))
                        .orElse(null),
                LearnerOptions.of(config.run().seed())
                        .withOptimizer(optimizer)
                        .withClip(training.clip())
                        .withRegMask(training.regMask()),
                callbacks);
    }

    private static List<Stage> stages(ClassifierConfig config, int groups) {
        List<Stage> stages = Stage.parse(config.train().stages());
        for (Stage stage : stages) {
            LayerGroups.first(stage.freezeTo(), groups);
            if (stage.epochs() < 1) {
                throw new ConfigException(
                        "A stage of " + stage.epochs() + " epochs in --stages trains nothing; leave it out.");
            }
        }
        return stages;
    }

    @Override
    String encoderPrefix() {
        return TextClassifier.ENCODER_PREFIX;
    }

    @Override
    public TextClassifier model() {
        return model;
    }

    /** The stages of gradual unfreezing. */
    public List<Stage> stages() {
        return stages;
    }

    /** How the vocabulary of the encoder was converted; empty for a run without one, or that was resumed. */
    public Optional<VocabConversion> conversion() {
        return Optional.ofNullable(conversion);
    }

    /** Trains every stage, or what is left of them; a stage that was interrupted goes on with its optimizer. */
    @Override
    public void train() {
        int first = learner().position().fit();
        for (int stage = first; stage < stages.size(); stage++) {
            if (stage > first) {
                learner().freezeTo(stages.get(stage).freezeTo());
            }
            fit(
                    stages.get(stage).epochs(),
                    stages.get(stage).rates(),
                    folder().classifierConfig().schedule());
        }
    }
}
