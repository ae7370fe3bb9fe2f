package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.experiment.Arm;
import dev.tarn.experiment.ExperimentConfig;
import dev.tarn.experiment.ExperimentTexts;
import dev.tarn.experiment.NormStabilizerExperiment;
import dev.tarn.experiment.Plan;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.ConfigOverride;
import dev.tarn.run.RunConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tarn experiment}. */
@Command(
        name = "experiment",
        description = "Answer a question with many trainings.",
        subcommands = ExperimentCommand.NormStabilizer.class)
final class ExperimentCommand extends TarnCommand.Group {

    ExperimentCommand(Console console) {
        super(console);
    }

    /** {@code tarn experiment norm-stabilizer}. */
    @Command(
            name = "norm-stabilizer",
            description =
                    "What does the norm-stabilizer do? Trains language models and classifiers with and without it, seed by"
                            + " seed, and compares them. Called again it does what is left; several processes may share --out.",
            sortOptions = false)
    static final class NormStabilizer extends TarnCommand {

        @Option(
                names = "--imdb",
                paramLabel = "DIR",
                description = "movie reviews: train/{neg,pos}, test/{neg,pos} and unsup or train/unsup")
        private @Nullable Path imdb;

        @Option(
                names = "--lm",
                paramLabel = "DIR",
                description = "instead: a folder made by `tarn data prepare`, with validation text")
        private @Nullable Path lm;

        @Option(
                names = "--clf",
                paramLabel = "DIR",
                description = "with --lm: labelled texts in its vocabulary; without it there is no classifier")
        private @Nullable Path clf;

        @Option(names = "--out", paramLabel = "DIR", required = true, description = "the folder of the experiment")
        private Path out = Path.of("");

        @Option(
                names = "--arms",
                paramLabel = "LIST",
                split = ",",
                description = "none, ar-tar, ns-paper-WEIGHT or ns-seed-WEIGHT"
                        + " (none,ar-tar,ns-seed-50,ns-paper-0.5,ns-paper-5,ns-paper-50)")
        private List<String> arms = new ArrayList<>();

        @Option(
                names = "--seeds",
                paramLabel = "LIST",
                split = ",",
                description = "of weights, order of the text and dropout (1,2,3)")
        private List<Long> seeds = new ArrayList<>();

        @Option(
                names = "--max-tokens",
                paramLabel = "N",
                description = "about the most to train a language model on, 0 for all (${DEFAULT-VALUE})")
        private long maxTokens = ExperimentConfig.DEFAULT_MAX_TOKENS;

        @Option(
                names = "--max-documents",
                paramLabel = "N",
                description = "the most to train and to test a classifier on, 0 for all (${DEFAULT-VALUE})")
        private int maxDocuments = ExperimentConfig.DEFAULT_MAX_DOCUMENTS;

        @Option(
                names = "--horizon",
                paramLabel = "N",
                description = "steps of the long sequences that a model is measured on (${DEFAULT-VALUE})")
        private int horizon = ExperimentConfig.DEFAULT_HORIZON;

        @Option(names = "--epochs", paramLabel = "N", description = "of a language model; --set train.epochs=N")
        private @Nullable String epochs;

        @Option(names = "--device", description = "auto, cpu, cuda:N or reference (auto)")
        private @Nullable String device;

        @Option(
                names = "--config",
                paramLabel = "FILE",
                description =
                        "a YAML file for the language models, instead of the small sizes that are the default here")
        private @Nullable Path config;

        @Option(
                names = "--set",
                paramLabel = "KEY=VALUE",
                description = "set a key of the language models' configuration by its name")
        private List<String> assignments = new ArrayList<>();

        @Option(
                names = "--clf-config",
                paramLabel = "FILE",
                description = "a YAML file for the classifiers, instead of their defaults here")
        private @Nullable Path clfConfig;

        @Option(
                names = "--clf-set",
                paramLabel = "KEY=VALUE",
                description = "set a key of the classifiers' configuration by its name")
        private List<String> clfAssignments = new ArrayList<>();

        @Option(names = "--skip-classifier", description = "language models only; a later call can add the classifiers")
        private boolean skipsClassifier;

        @Option(
                names = "--drop-models",
                description =
                        "delete checkpoints and texts of the runs of a cell once it is finished; its metrics stay")
        private boolean dropsModels;

        @Option(names = "--print-config", description = "print both configurations and do nothing")
        private boolean print;

        @Option(names = "--report-only", description = "train nothing; say what the finished cells came to")
        private boolean reportsOnly;

        NormStabilizer(Console console) {
            super(console);
        }

        @Override
        void execute() {
            if (print) {
                console.out()
                        .print("# Language models, for --config:\n" + lmConfig().toYaml());
                console.out()
                        .print("\n# Classifiers, for --clf-config:\n"
                                + clfConfig().toYaml());
                return;
            }
            ExperimentProgress progress = new ExperimentProgress(console);
            if (!reportsOnly) {
                Plan plan = new Plan(
                        arms.isEmpty()
                                ? Arm.DEFAULTS
                                : arms.stream().map(Arm::parse).toList(),
                        seeds.isEmpty() ? Plan.DEFAULT_SEEDS : seeds,
                        !skipsClassifier,
                        !dropsModels);
                ExperimentTexts texts = new ExperimentTexts(imdb, lm, clf, maxTokens, maxDocuments);
                new NormStabilizerExperiment(
                                new ExperimentConfig(lmConfig(), clfConfig(), texts, horizon),
                                out,
                                progress,
                                List.copyOf(parsed().originalArgs()))
                        .run(plan);
            }
            NormStabilizerExperiment.Report report = NormStabilizerExperiment.report(out, progress);
            if (console.isJson()) {
                report.events().forEach(event -> console.result("", event));
            } else {
                console.line(report.page());
            }
        }

        private RunConfig lmConfig() {
            List<ConfigOverride> overrides = overrides(config, ExperimentConfig.SMALL_LM, assignments);
            if (epochs != null) {
                overrides.add(ConfigOverride.set("train.epochs=" + epochs));
            }
            RunConfig read = RunConfig.load(config, overrides);
            if (!read.data().train().isEmpty() || !read.data().valid().isEmpty()) {
                throw new ConfigException(
                        "The texts of an experiment are not set by data.train and data.valid; name them with --imdb or --lm.");
            }
            return read;
        }

        private ClassifierConfig clfConfig() {
            return ClassifierConfig.load(clfConfig, overrides(clfConfig, ExperimentConfig.SMALL_CLF, clfAssignments));
        }

        /** What stands in the place of a file, then what is set, then the device. */
        private List<ConfigOverride> overrides(@Nullable Path file, List<String> defaults, List<String> given) {
            List<ConfigOverride> overrides = new ArrayList<>();
            if (file == null) {
                defaults.forEach(setting -> overrides.add(ConfigOverride.set(setting)));
            }
            given.forEach(setting -> overrides.add(ConfigOverride.set(setting)));
            if (device != null) {
                overrides.add(ConfigOverride.set("run.device=" + device));
            }
            return overrides;
        }
    }
}
