package dev.tarn.train;

import dev.tarn.DataException;
import dev.tarn.backend.Backend;
import dev.tarn.backend.Devices;
import dev.tarn.checkpoint.FastaiNames;
import dev.tarn.checkpoint.VocabConversion;
import dev.tarn.data.LanguageModelStream;
import dev.tarn.data.PreparedText;
import dev.tarn.data.StreamOptions;
import dev.tarn.data.Tokens;
import dev.tarn.data.Windows;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.LanguageModel;
import dev.tarn.run.RunConfig;
import dev.tarn.run.RunFolder;
import dev.tarn.text.TextPipeline;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A language model in training, as a {@link RunConfig} describes it. This is what {@code tarn lm train} drives.
 */
public final class LanguageModelRun extends TrainingRun {

    private final LanguageModel model;
    private @Nullable VocabConversion conversion;

    private LanguageModelRun(
            RunFolder folder, Backend backend, PreparedText text, LanguageModel model, Learner learner) {
        super(folder, backend, text, model, learner);
        this.model = model;
    }

    /**
     * Prepares the texts, makes the model and the folder.
     *
     * @param config with at least one file in {@code data.train}, or one folder made by {@code tarn data prepare}
     * @param folder does not exist yet
     * @param command the words of the command line, for the provenance
     * @param watchers told what happens, such as a progress bar
     * @throws dev.tarn.TarnException if anything of it cannot be used; the folder is not there then
     */
    public static LanguageModelRun create(
            RunConfig config, Path folder, List<String> command, List<? extends Callback> watchers) {
        RunFolder.requireFree(folder);
        List<Path> files = files(texts(config));
        try (PretrainedStart start = PretrainedStart.open(config)) {
            files.addAll(start.files());
            return create(
                    folder,
                    config,
                    command,
                    files,
                    (run, backend) -> assemble(run, backend, prepare(config, run.resolve(DATA)), watchers),
                    made -> {
                        made.conversion = start.into(made.model, made.text().vocab());
                        freeze(made.learner(), config);
                    });
        }
    }

    /** Opens what is needed to look for a learning rate, without a folder; the texts are prepared in {@code scratch}. */
    public static LrFindResult lrFind(RunConfig config, Path scratch, LrFinder finder) {
        texts(config);
        try (PretrainedStart start = PretrainedStart.open(config);
                Backend backend =
                        Devices.open(config.run().device(), config.run().options());
                LanguageModel model = newModel(config, backend, prepare(config, scratch));
                Learner learner = newLearner(config, model, PreparedText.open(scratch), List.of(rnnTrainer(config)))) {
            start.into(model, PreparedText.open(scratch).vocab());
            freeze(learner, config);
            return learner.lrFind(finder);
        }
    }

    private static void freeze(Learner learner, RunConfig config) {
        if (config.train().freezeTo() != 0) {
            learner.freezeTo(config.train().freezeTo());
        }
    }

    static LanguageModelRun assemble(
            RunFolder run, Backend backend, PreparedText text, List<? extends Callback> watchers) {
        LanguageModel model = newModel(run.config(), backend, text);
        try {
            List<Callback> callbacks = callbacks(run, text, watchers);
            return new LanguageModelRun(run, backend, text, model, newLearner(run.config(), model, text, callbacks));
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private static List<Path> texts(RunConfig config) {
        List<Path> texts = new ArrayList<>();
        config.data().train().forEach(name -> texts.add(Path.of(name)));
        if (texts.isEmpty()) {
            throw new DataException("There is nothing to train on; name text files with --train.");
        }
        if (!config.data().valid().isEmpty()) {
            texts.add(Path.of(config.data().valid()));
        }
        return texts;
    }

    /** The files behind the named texts, for the provenance. */
    private static List<Path> files(List<Path> texts) {
        List<Path> files = new ArrayList<>();
        for (Path text : texts) {
            if (PreparedText.isPrepared(text)) {
                files.addAll(PreparedText.files(text));
            } else {
                files.add(text);
            }
        }
        return files;
    }

    private static PreparedText prepare(RunConfig config, Path target) {
        RunConfig.Data data = config.data();
        Path first = Path.of(data.train().get(0));
        makeDataFolder(target);
        Path valid = data.valid().isEmpty() ? null : Path.of(data.valid());
        int threads = Runtime.getRuntime().availableProcessors();
        if (data.train().size() == 1 && PreparedText.isPrepared(first)) {
            return PreparedText.copy(first, target, valid, threads);
        }
        return PreparedText.prepare(
                target,
                data.train().stream().map(Path::of).toList(),
                valid,
                TextPipeline.named(data.tokenizer().name().toLowerCase(Locale.ROOT)),
                data.maxVocab(),
                data.minFreq(),
                threads);
    }

    static LanguageModel newModel(RunConfig config, Backend backend, PreparedText text) {
        return new LanguageModel(
                backend, sizes(config, text.vocab().size()), config.run().seed());
    }

    /** Sizes and dropouts of the model that a configuration asks for. */
    public static AwdLstmConfig sizes(RunConfig config, int vocab) {
        RunConfig.Model model = config.model();
        return awdLstm(
                config.dropout(),
                vocab,
                model.embSz(),
                model.nHid(),
                model.nLayers(),
                model.tieWeights(),
                model.outBias());
    }

    private static Learner newLearner(
            RunConfig config, LanguageModel model, PreparedText text, List<? extends Callback> callbacks) {
        RunConfig.Data data = config.data();
        Windows windows = data.bpttMode() == RunConfig.BpttMode.VARIABLE ? Windows.VARIABLE : Windows.FIXED;
        LanguageModelStream train = LanguageModelStream.open(
                text.train(),
                new StreamOptions(
                        windows,
                        data.bs(),
                        data.bptt(),
                        data.shuffle(),
                        data.backwards(),
                        config.run().seed()));
        Tokens valid = text.valid().orElse(null);
        return new Learner(
                model,
                train,
                valid == null ? null : validation(config, valid),
                new LearnerOptions(
                        optimizer(config),
                        config.train().clip(),
                        config.train().validState() == RunConfig.ValidState.CARRIED
                                ? ValidState.CARRIED
                                : ValidState.RESET,
                        config.run().seed()),
                callbacks);
    }

    static LanguageModelStream validation(RunConfig config, Tokens tokens) {
        return LanguageModelStream.open(
                tokens,
                StreamOptions.evaluation(
                                config.effectiveValidBs(), config.data().bptt())
                        .withBackwards(config.data().backwards()));
    }

    private static OptimizerConfig optimizer(RunConfig config) {
        RunConfig.Train train = config.train();
        return optimizer(
                train.optimizer(),
                config.schedule().moms().get(0),
                train.wd(),
                train.trueWd(),
                train.beta2(),
                train.eps(),
                train.patience());
    }

    private static RnnTrainer rnnTrainer(RunConfig config) {
        return new RnnTrainer(
                config.data().bptt(),
                config.regularization().toRegularization(),
                config.train().adjust());
    }

    private static List<Callback> callbacks(RunFolder folder, PreparedText text, List<? extends Callback> watchers) {
        RunConfig config = folder.config();
        return callbacks(
                folder,
                text,
                watchers,
                rnnTrainer(config),
                config.run().recordNorms() ? new HiddenNorms() : null,
                config.run().checkpointSteps());
    }

    @Override
    public LanguageModel model() {
        return model;
    }

    /** How the vocabulary of pretrained weights was converted; empty for a run that started from random ones or was resumed. */
    public Optional<VocabConversion> conversion() {
        return Optional.ofNullable(conversion);
    }

    @Override
    String encoderPrefix() {
        return FastaiNames.LANGUAGE_MODEL;
    }

    @Override
    public void train() {
        RunConfig config = folder().config();
        fit(config.train().epochs(), Rates.parse(config.train().lr()), config.schedule());
    }
}
