package dev.tarn.cli;

import dev.tarn.ConfigException;
import dev.tarn.data.CorpusPreview;
import dev.tarn.data.DocumentBatch;
import dev.tarn.data.DocumentBatches;
import dev.tarn.data.Documents;
import dev.tarn.data.LanguageModelStream;
import dev.tarn.data.PreparedText;
import dev.tarn.data.StreamOptions;
import dev.tarn.run.JsonEvent;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tarn data show}. */
@Command(
        name = "show",
        description =
                "Show the first batch of a prepared text, as fastai's show_batch does: streams of a language model, or"
                        + " documents and labels.")
final class DataShowCommand extends TarnCommand {

    @Parameters(paramLabel = "DIR", description = "a folder made by `tarn data prepare`, or the data folder of a run")
    private Path folder = Path.of("");

    @Option(names = "--rows", paramLabel = "N", description = "how many rows (${DEFAULT-VALUE})")
    private int rows = 5;

    @Option(names = "--bptt", paramLabel = "N", description = "how many tokens of each (${DEFAULT-VALUE})")
    private int bptt = 70;

    @Option(
            names = "--bs",
            paramLabel = "N",
            description = "documents of a batch, where there are labels (${DEFAULT-VALUE})")
    private int batch = 64;

    @Option(names = "--seed", paramLabel = "N", description = "of the order of documents (${DEFAULT-VALUE})")
    private long seed = 42;

    DataShowCommand(Console console) {
        super(console);
    }

    @Override
    void execute() {
        if (rows < 1 || bptt < 1 || batch < 1) {
            throw new ConfigException("--rows " + rows + ", --bptt " + bptt + " and --bs " + batch
                    + " cannot be used; each must be at least 1.");
        }
        PreparedText text = PreparedText.open(folder);
        DataCommand.describe(console, text);
        text.labelledTrain().ifPresentOrElse(documents -> showDocuments(text, documents), () -> showStreams(text));
    }

    private void showStreams(PreparedText text) {
        int streams = (int) Math.max(1, Math.min(rows, text.train().numTokens() / 2));
        LanguageModelStream stream = LanguageModelStream.open(text.train(), StreamOptions.evaluation(streams, bptt));
        console.line("idx | text");
        int row = 0;
        for (String shown : CorpusPreview.rows(stream.next(), id -> text.vocab().token(id), rows, bptt)) {
            console.result(
                    row + " | " + shown, JsonEvent.of("row").with("idx", row).with("text", shown));
            row++;
        }
    }

    private void showDocuments(PreparedText text, Documents documents) {
        DocumentBatch first = DocumentBatches.training(documents, Math.min(batch, documents.size()), seed, false)
                .next();
        List<String> shown = CorpusPreview.rows(first, id -> text.vocab().token(id), rows, bptt);
        console.line("text | target");
        for (int row = 0; row < shown.size(); row++) {
            String target = documents.classes().get(first.labels()[row]);
            JsonEvent event = JsonEvent.of("row").with("idx", row).with("text", shown.get(row));
            event.with("target", target);
            int document = first.documents()[row];
            text.trainTable().ifPresent(table -> event.with("origin", table.origin(document)));
            console.result(shown.get(row) + " | " + target, event);
        }
    }
}
