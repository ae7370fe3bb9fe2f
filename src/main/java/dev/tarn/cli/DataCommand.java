package dev.tarn.cli;

import dev.tarn.data.CorpusPreview;
import dev.tarn.data.PreparedText;
import dev.tarn.data.Tokens;
import dev.tarn.run.JsonEvent;
import dev.tarn.text.SpecialToken;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;

/** {@code tarn data}, and the lines about a split that its commands share. */
@Command(
        name = "data",
        description = "Get texts, turn them into token stores, look at them and check them.",
        subcommands = {DataGetCommand.class, DataPrepareCommand.class, DataShowCommand.class, DataCheckCommand.class})
final class DataCommand extends TarnCommand.Group {

    DataCommand(Console console) {
        super(console);
    }

    /** Prints a line for each split. */
    static void describe(Console console, PreparedText text) {
        describe(console, "train", text, text.train());
        text.valid().ifPresent(tokens -> describe(console, "valid", text, tokens));
        if (!text.classes().isEmpty()) {
            List<String> classes = text.classes();
            console.result(
                    "classes: " + String.join(", ", classes),
                    JsonEvent.of("classes").with("classes", classes));
        }
    }

    private static void describe(Console console, String name, PreparedText text, Tokens tokens) {
        CorpusPreview.Summary summary =
                CorpusPreview.summary(tokens, text.vocab().size(), SpecialToken.UNK.id());
        console.result(describe(name, summary), addTo(JsonEvent.of("corpus").with("name", name), summary));
    }

    static String describe(String name, CorpusPreview.Summary summary) {
        return String.format(
                Locale.ROOT,
                "%s: %,d tokens in %,d documents of %.1f on average, vocabulary %,d, unknown %.2f %%",
                name,
                summary.tokens(),
                summary.documents(),
                summary.meanLength(),
                summary.vocabularySize(),
                100 * summary.unknownShare());
    }

    static JsonEvent addTo(JsonEvent event, CorpusPreview.Summary summary) {
        return event.with("tokens", summary.tokens())
                .with("documents", summary.documents())
                .with("vocabulary", summary.vocabularySize())
                .with("types", summary.types())
                .with("unknown", summary.unknown())
                .with("shortest", summary.shortest())
                .with("longest", summary.longest());
    }
}
