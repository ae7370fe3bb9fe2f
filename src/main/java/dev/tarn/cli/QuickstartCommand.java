package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.data.NgramBaseline;
import dev.tarn.data.PreparedText;
import dev.tarn.data.QuickstartCorpus;
import dev.tarn.data.Tokens;
import dev.tarn.infer.Decode;
import dev.tarn.infer.Sampling;
import dev.tarn.run.JsonEvent;
import dev.tarn.run.RunConfig;
import dev.tarn.train.LanguageModelRun;
import dev.tarn.train.TrainedLanguageModel;
import dev.tarn.train.Validation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tarn quickstart}: everything once, on a text that is generated on the spot. */
@Command(
        name = "quickstart",
        description = "Train a small language model on a synthetic text in about a minute, evaluate it, let it write.")
final class QuickstartCommand extends TarnCommand {

    /** Sizes that learn the text's grammar within a minute on two cores. */
    private static final List<String> SETTINGS = List.of(
            "model.emb-sz=96",
            "model.n-hid=192",
            "model.n-layers=2",
            "dropout.drop-mult=0.2",
            "data.bs=32",
            "data.bptt=40",
            "data.min-freq=1",
            "train.epochs=3",
            "train.lr=0.01",
            "train.clip=0.25");

    @Option(
            names = "--run",
            paramLabel = "DIR",
            description = "the folder to make (runs/quickstart, with a number if taken)")
    private @Nullable Path run;

    @Option(names = "--device", description = "auto, cpu, cuda:N or reference (${DEFAULT-VALUE})")
    private String device = "auto";

    @Option(names = "--seed", description = "of the text and of the training (${DEFAULT-VALUE})")
    private long seed = 42;

    QuickstartCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        Path folder = run == null ? freeFolder() : run;
        Path texts = folder.resolveSibling(folder.getFileName() + "-text");
        Path train = texts.resolve("train.txt");
        Path valid = texts.resolve("valid.txt");
        QuickstartCorpus corpus = QuickstartCorpus.generate(seed);
        try {
            Files.createDirectories(texts);
            Files.write(train, corpus.training());
            Files.write(valid, corpus.validation());
        } catch (IOException e) {
            throw new ConfigException(
                    "The text cannot be written to " + texts + " (" + e.getMessage()
                            + "); name a folder that can be made with --run.",
                    e);
        }
        RunConfig config = RunConfig.defaults()
                .with("data.train", train.toString())
                .with("data.valid", valid.toString())
                .with("run.device", device)
                .with("run.seed", Long.toString(seed));
        for (String setting : SETTINGS) {
            int equals = setting.indexOf('=');
            config = config.with(setting.substring(0, equals), setting.substring(equals + 1));
        }
        try (LanguageModelRun training = LanguageModelRun.create(
                config, folder, List.copyOf(parsed().originalArgs()), TrainingView.of(console))) {
            console.note("text      synthetic, written to " + texts);
            TrainingView.begin(console, training);
            training.train();
        }
        show(folder);
    }

    private void show(Path folder) {
        try (TrainedLanguageModel model = TrainedLanguageModel.open(folder, device)) {
            PreparedText text = model.text();
            Tokens valid = text.valid().orElseThrow();
            NgramBaseline baseline =
                    new NgramBaseline(text.train(), text.vocab().size());
            double unigram = baseline.unigramPerplexity(valid);
            double bigram = baseline.bigramPerplexity(valid);
            Validation validation = model.evaluate(null);
            String sentence = Decode.text(sentence(model.generate("", 60, Sampling.DEFAULT, seed)));
            console.result(
                    String.format(
                            Locale.ROOT,
                            "validation perplexity %.2f (unigram %.2f, Kneser-Ney bigram %.2f)%nthe model writes: %s%nthe run is in %s",
                            validation.perplexity(),
                            unigram,
                            bigram,
                            sentence,
                            folder),
                    JsonEvent.of("quickstart")
                            .with("perplexity", validation.perplexity())
                            .with("unigram_perplexity", unigram)
                            .with("bigram_perplexity", bigram)
                            .with("sentence", sentence)
                            .with("run", folder.toString()));
        }
    }

    /** The first whole sentence of a generated text, without the mark of the document's beginning. */
    private static List<String> sentence(List<String> tokens) {
        int from = tokens.get(0).equals("xxbos") ? 1 : 0;
        int to = tokens.subList(from, tokens.size()).indexOf(".");
        return to < 0 ? tokens.subList(from, tokens.size()) : tokens.subList(from, from + to + 1);
    }

    private static Path freeFolder() {
        Path folder = Path.of("runs", "quickstart");
        for (int number = 2; Files.exists(folder); number++) {
            folder = Path.of("runs", "quickstart-" + number);
        }
        return folder;
    }
}
