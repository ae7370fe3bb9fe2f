package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.data.PreparedText;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.ModuleList;
import dev.tarn.model.TextClassifierConfig;
import dev.tarn.run.ClassifierConfig;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunConfig;
import dev.tarn.run.RunFolder;
import dev.tarn.train.ClassifierRun;
import dev.tarn.train.LanguageModelRun;
import dev.tarn.train.TrainingRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tarn model summary}; {@link ConfigFlags} adds a flag for every key of the configuration. */
@Command(
        name = "summary",
        description = "List the modules of a model, what of them trains and how many parameters they have.",
        sortOptions = false)
final class ModelSummaryCommand extends Configured<RunConfig> {

    /** What the list is of. */
    enum Task {
        lm,
        clf
    }

    @Parameters(
            paramLabel = "RUN",
            arity = "0..1",
            description =
                    "the folder of a run; without one, sizes come from the flags and the vocabulary is --max-vocab")
    private @Nullable Path run;

    @Option(names = "--task", description = "lm or clf (${DEFAULT-VALUE})")
    private Task task = Task.lm;

    @Option(
            names = "--lin-ftrs",
            paramLabel = "N",
            split = ",",
            description = "sizes of a classifier's head between pooling and classes (${DEFAULT-VALUE})")
    private List<Integer> linFtrs = List.of(50);

    @Option(names = "--classes", paramLabel = "N", description = "classes of a classifier (${DEFAULT-VALUE})")
    private int classes = 2;

    ModelSummaryCommand(Console console) {
        super(console);
    }

    @Override
    RunConfig settings() {
        return flags.read(parsed());
    }

    @Override
    void execute(RunConfig config) {
        ModuleList list = list(config);
        console.result(table(list), event(list));
    }

    private ModuleList list(RunConfig config) {
        int freezeTo = config.train().freezeTo();
        if (run == null) {
            AwdLstmConfig sizes = LanguageModelRun.sizes(config, config.data().maxVocab());
            return task == Task.lm
                    ? ModuleList.languageModel(sizes, freezeTo)
                    : ModuleList.classifier(sizes, linFtrs, classes, freezeTo);
        }
        if (!config.with("train.freeze-to", "0").equals(RunConfig.defaults())) {
            throw new ConfigException("The run " + run
                    + " has a configuration of its own; leave out the flags that set another, or the run.");
        }
        try (RunFolder folder = RunFolder.view(run)) {
            PreparedText text = PreparedText.open(folder.resolve(TrainingRun.DATA));
            if (folder.settings() instanceof ClassifierConfig classifier) {
                task = Task.clf;
                TextClassifierConfig sizes = ClassifierRun.sizes(
                        classifier, text.vocab().size(), text.classes().size());
                return ModuleList.classifier(sizes.awdLstm(), sizes.linFtrs(), sizes.classes(), freezeTo);
            }
            AwdLstmConfig sizes =
                    LanguageModelRun.sizes(folder.config(), text.vocab().size());
            return task == Task.lm
                    ? ModuleList.languageModel(sizes, freezeTo)
                    : ModuleList.classifier(sizes, linFtrs, classes, freezeTo);
        }
    }

    private static String table(ModuleList list) {
        StringBuilder table = new StringBuilder("trains  group    parameters  module\n");
        for (ModuleList.Entry entry : list.entries()) {
            table.append(String.format(
                    Locale.ROOT,
                    "%-6s  %5d  %,12d  %s%s%n",
                    list.trains(entry) ? "True" : "False",
                    entry.group(),
                    entry.parameters(),
                    entry.text(),
                    entry.shared() > 0
                            ? String.format(Locale.ROOT, "  (%,d more, counted above)", entry.shared())
                            : ""));
        }
        return table.append(String.format(
                        Locale.ROOT,
                        "%,d parameters, of which %,d train (groups %d to %d)",
                        list.parameters(),
                        list.trainable(),
                        list.frozenTo(),
                        list.groups() - 1))
                .toString();
    }

    private JsonEvent event(ModuleList list) {
        return JsonEvent.of("model")
                .with("task", task.name())
                .with("groups", list.groups())
                .with("frozen_to", list.frozenTo())
                .with("parameters", list.parameters())
                .with("trainable", list.trainable())
                .with(
                        "modules",
                        list.entries().stream()
                                .map(entry -> JsonEvent.object()
                                        .with("module", entry.text())
                                        .with("group", entry.group())
                                        .with("trains", list.trains(entry))
                                        .with("parameters", entry.parameters())
                                        .with("shared", entry.shared()))
                                .toList());
    }
}
