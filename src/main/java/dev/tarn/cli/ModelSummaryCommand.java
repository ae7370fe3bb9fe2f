package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.data.PreparedText;
import dev.tarn.model.AwdLstmConfig;
import dev.tarn.model.ModuleList;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunConfig;
import dev.tarn.run.RunFolder;
import dev.tarn.train.LanguageModelRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tarn model summary}; {@link ConfigFlags} adds a flag for every key of the configuration. */
@Command(
        name = "summary",
        description = "List the modules of a model, what of them trains and how many parameters they have.",
        sortOptions = false)
final class ModelSummaryCommand extends TarnCommand {

    /** What the list is of. */
    enum Task {
        lm,
        clf
    }

    @Mixin
    private final ConfigFlags flags = new ConfigFlags();

    @Parameters(
            paramLabel = "RUN",
            arity = "0..1",
            description =
                    "the folder of a run; without one, sizes come from the flags and the vocabulary is --max-vocab")
    private @Nullable Path run;

    @Option(names = "--task", description = "lm or clf (${DEFAULT-VALUE})")
    private Task task = Task.lm;

    @Option(
            names = "--freeze-to",
            paramLabel = "N",
            description = "the first layer group that trains; -1 is the last one (${DEFAULT-VALUE})")
    private int freezeTo;

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
    void execute() {
        RunConfig config = flags.read(parsed());
        if (flags.print) {
            console.out().print(config.toYaml());
            return;
        }
        AwdLstmConfig sizes = sizes(config);
        ModuleList list = task == Task.lm
                ? ModuleList.languageModel(sizes, freezeTo)
                : ModuleList.classifier(sizes, linFtrs, classes, freezeTo);
        console.result(table(list), event(list));
    }

    private AwdLstmConfig sizes(RunConfig config) {
        if (run == null) {
            return LanguageModelRun.sizes(config, config.data().maxVocab());
        }
        if (!config.equals(RunConfig.defaults())) {
            throw new ConfigException("The run " + run
                    + " has a configuration of its own; leave out the flags that set another, or the run.");
        }
        try (RunFolder folder = RunFolder.view(run)) {
            int vocab =
                    PreparedText.vocab(folder.resolve(LanguageModelRun.DATA)).size();
            return LanguageModelRun.sizes(folder.config(), vocab);
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
