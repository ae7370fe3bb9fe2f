package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tarn.text.TextPipeline;
import dev.tarn.text.Vocab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The tables that the notebook's {@code show_batch} printed, {@code seed_show_batch.json} in the folder of {@code
 * tokenizer.dir} or in {@code ../golden} of it, with the reviews in the folder of {@code imdb.dir}.
 */
class NotebookRowsTest {

    private static final int PIECES = 70;

    @TempDir
    Path temp;

    private Path imdb = Path.of("");
    private JsonNode rows = JsonMapper.builder().build().createArrayNode();

    @BeforeEach
    void findRowsAndReviews() {
        String tokenizer = System.getProperty("tokenizer.dir", "");
        Path beside = Path.of(tokenizer, "seed_show_batch.json");
        Path file = Files.exists(beside) ? beside : Path.of(tokenizer).resolve("../golden/seed_show_batch.json");
        String reviews = System.getProperty("imdb.dir", "");
        assumeTrue(
                Files.exists(file) && !reviews.isBlank(),
                "no rows of the notebook, or no reviews: set tokenizer.dir and imdb.dir");
        imdb = Path.of(reviews);
        rows = JsonMapper.builder().build().readTree(file);
    }

    /** A notebook's table shows no C1 controls, and one space where a token of white space ends with one. */
    private static String printed(String text) {
        return text.replaceAll("[\u0080-\u009F\u00AD]", "").replace("\\n  ", "\\n ");
    }

    /** Fails unless the row is the notebook's, whose vocabulary lacked some words. */
    private static void assertSame(String got, JsonNode row) {
        String[] wanted = row.path("text").asString().split(" ", -1);
        String[] pieces = printed(got).split(" ", -1);
        for (int i = 0; i < Math.min(pieces.length, wanted.length); i++) {
            if (wanted[i].equals("xxunk")) {
                pieces[i] = "xxunk";
            }
        }
        assertThat(String.join(" ", pieces)).isEqualTo(String.join(" ", wanted));
    }

    private List<String> tokens(JsonNode row) throws IOException {
        return TextPipeline.fastai()
                .tokenize(Files.readString(imdb.resolve(row.path("source").asString())));
    }

    @Test
    void documentsBeginAsTheNotebookShowsThem() throws IOException {
        int checked = 0;
        for (JsonNode row : rows) {
            if (row.path("kind").asString().equals("clas")) {
                List<String> tokens = tokens(row);
                Vocab vocab = Vocab.of(tokens.stream().distinct().toList());
                Documents one = Documents.unlabelled(Tokens.of(ids(vocab, tokens)), List.of());
                DocumentBatch batch = DocumentBatches.evaluation(one, 1, false).next();
                assertSame(
                        CorpusPreview.rows(batch, id -> tokenOf(vocab, id), 1, PIECES)
                                .get(0),
                        row);
                checked++;
            }
        }
        assertThat(checked).isPositive();
    }

    @Test
    void streamsAreCutWhereTheNotebookCutsThem() throws IOException {
        int checked = 0;
        for (JsonNode row : rows) {
            String[] wanted = row.path("text").asString().split(" ", -1);
            if (row.path("kind").asString().equals("lm") && !List.of(wanted).contains("xxbos")) {
                List<String> tokens = tokens(row);
                int start = 0;
                while (!tokens.subList(start, start + 5).equals(List.of(wanted).subList(0, 5))) {
                    start++;
                }
                Vocab vocab = Vocab.of(tokens.stream().distinct().toList());
                int count = Math.min(PIECES, tokens.size() - start);
                int[] ids = ids(vocab, tokens.subList(start, start + count));
                Batch batch = new Batch(ids, ids, count, 1);
                assertSame(
                        CorpusPreview.rows(batch, id -> tokenOf(vocab, id), 1, PIECES)
                                .get(0),
                        row);
                checked++;
            }
        }
        assertThat(checked).isPositive();
    }

    /** Ids one above those of the vocabulary's places, so that no token looks like padding. */
    private static int[] ids(Vocab vocab, List<String> tokens) {
        int[] ids = vocab.numericalize(tokens);
        for (int i = 0; i < ids.length; i++) {
            ids[i] += DocumentBatches.PADDING + 1;
        }
        return ids;
    }

    private static String tokenOf(Vocab vocab, int id) {
        return vocab.token(id - DocumentBatches.PADDING - 1);
    }

    @Test
    void theFirstTrainingBatchBeginsWithTheLongestReview() {
        Corpus corpus = Corpus.ofLabelFolders(imdb, "train", null, List.of("neg", "pos"), ".txt", note -> {});
        PreparedText text = PreparedText.prepare(temp, corpus, TextPipeline.fastai(), 60_000, 3, 2);
        Documents documents = text.labelledTrain().orElseThrow();
        DocumentBatches batches = DocumentBatches.training(documents, 48, 42, false);
        assertThat(batches.windows(0)).isEqualTo(520);
        DocumentBatch first = batches.next();
        JsonNode longest = rows.path(5);
        assertThat(longest.path("kind").asString()).isEqualTo("clas");
        assertThat(text.trainTable().orElseThrow().origin(first.documents()[0]))
                .isEqualTo(longest.path("source").asString());
        assertThat(documents.classes().get(first.labels()[0]))
                .isEqualTo(longest.path("target").asString());
        assertSame(
                CorpusPreview.rows(first, id -> text.vocab().token(id), 1, PIECES)
                        .get(0),
                longest);
    }
}
