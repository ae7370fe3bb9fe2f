package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.ConfigException;
import dev.tarn.DataException;
import dev.tarn.testkit.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DocumentBatchesTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    /** The tokens of a column, padding included. */
    static int[] column(DocumentBatch batch, int i) {
        int[] column = new int[batch.steps()];
        for (int t = 0; t < column.length; t++) {
            column[t] = batch.id(t, i);
        }
        return column;
    }

    private final List<int[]> texts = new ArrayList<>();

    /** Random documents of ids from 2 on, so that no token looks like padding. */
    private Documents documents(int count, int longest) {
        texts.clear();
        int[] labels = new int[count];
        for (int i = 0; i < count; i++) {
            texts.add(seeds.random().ints(seeds.between(0, longest), 2, 500).toArray());
            labels[i] = seeds.between(0, 2);
        }
        return new Documents(Tokens.of(texts), labels, List.of("a", "b", "c"));
    }

    /** Checks a batch cell by cell and returns its documents. */
    private List<Integer> check(DocumentBatch batch, Documents documents, boolean backwards) {
        List<Integer> seen = new ArrayList<>();
        int longest = 1;
        for (int i = 0; i < batch.rows(); i++) {
            int document = batch.documents()[i];
            seen.add(document);
            assertThat(batch.labels()[i]).isEqualTo(documents.labels()[document]);
            int[] text = texts.get(document);
            longest = Math.max(longest, text.length);
            int[] wanted = new int[batch.steps()];
            Arrays.fill(wanted, DocumentBatches.PADDING);
            for (int k = 0; k < text.length; k++) {
                wanted[batch.steps() - 1 - k] = backwards ? text[k] : text[text.length - 1 - k];
            }
            assertThat(column(batch, i)).isEqualTo(wanted);
        }
        for (int i = batch.rows(); i < batch.batch(); i++) {
            assertThat(column(batch, i)).containsOnly(DocumentBatches.PADDING);
        }
        assertThat(batch.steps()).isEqualTo(longest);
        return seen;
    }

    @Test
    void shorterDocumentsAreFilledUpOnTheLeftInBothDirections() {
        Documents documents = new Documents(
                Tokens.of(List.of(new int[] {2, 5, 6}, new int[] {2, 7})), new int[] {0, 1}, List.of("neg", "pos"));
        DocumentBatch forwards = DocumentBatches.evaluation(documents, 2, false).next();
        assertThat(column(forwards, 0)).containsExactly(2, 5, 6);
        assertThat(column(forwards, 1)).containsExactly(1, 2, 7);
        DocumentBatch backwards = DocumentBatches.evaluation(documents, 2, true).next();
        assertThat(column(backwards, 0)).containsExactly(6, 5, 2);
        assertThat(column(backwards, 1)).containsExactly(1, 7, 2);
    }

    @Test
    void trainingGivesFullBatchesOfDifferentDocumentsTheLongestFirst() {
        for (int i = 0; i < 20; i++) {
            int batch = seeds.between(1, 9);
            Documents documents = documents(seeds.between(batch, 700), 40);
            boolean backwards = seeds.random().nextBoolean();
            DocumentBatches batches = DocumentBatches.training(documents, batch, seeds.seed(), backwards);
            int longest = texts.stream().mapToInt(text -> text.length).max().orElse(0);
            assertThat(batches.longest()).isEqualTo(Math.max(1, longest));
            for (int epoch = 0; epoch < 2; epoch++) {
                batches.seek(new Cursor(epoch, 0));
                List<Integer> seen = new ArrayList<>();
                int steps = 0;
                while (batches.hasNext()) {
                    DocumentBatch next = batches.next();
                    assertThat(next.rows()).isEqualTo(batch).isEqualTo(batches.batch());
                    seen.addAll(check(next, documents, backwards));
                    steps = Math.max(steps, next.steps());
                    assertThat(steps).isEqualTo(batches.longest());
                }
                assertThat(seen)
                        .hasSize(batches.windows(epoch) * batch)
                        .hasSize(documents.size() / batch * batch)
                        .doesNotHaveDuplicates();
                assertThatThrownBy(batches::next).isInstanceOf(NoSuchElementException.class);
            }
        }
    }

    @Test
    void everyDocumentIsLeftOutNowAndThenButTheLongest() {
        Documents documents = documents(11, 4);
        texts.set(7, new int[50]);
        documents = new Documents(Tokens.of(texts), documents.labels(), documents.classes());
        DocumentBatches batches = DocumentBatches.training(documents, 4, seeds.seed(), false);
        int[] missed = new int[11];
        for (int epoch = 0; epoch < 200; epoch++) {
            batches.seek(new Cursor(epoch, 0));
            Arrays.setAll(missed, i -> missed[i] + 1);
            while (batches.hasNext()) {
                for (int document : batches.next().documents()) {
                    missed[document]--;
                }
            }
        }
        assertThat(missed[7]).isZero();
        missed[7] = 1;
        assertThat(missed).doesNotContain(0);
    }

    @Test
    void batchesHoldDocumentsOfAboutTheSameLength() {
        Documents documents = documents(2000, 400);
        DocumentBatches batches = DocumentBatches.training(documents, 16, seeds.seed(), false);
        long cells = 0;
        long tokens = 0;
        while (batches.hasNext()) {
            DocumentBatch next = batches.next();
            cells += (long) next.steps() * next.rows();
            for (int document : next.documents()) {
                tokens += documents.length(document);
            }
        }
        assertThat((double) cells / tokens).isLessThan(1.1);
    }

    @Test
    void evaluationGivesEveryDocumentOnceFromLongToShort() {
        for (int i = 0; i < 20; i++) {
            int batch = seeds.between(1, 9);
            Documents documents = documents(seeds.between(1, 60), 30);
            DocumentBatches batches = DocumentBatches.evaluation(documents, batch, i % 2 == 0);
            List<Integer> seen = new ArrayList<>();
            int count = 0;
            while (batches.hasNext()) {
                seen.addAll(check(batches.next(), documents, i % 2 == 0));
                count++;
            }
            assertThat(count).isEqualTo(batches.windows(0));
            List<Integer> wanted = new ArrayList<>();
            for (int d = 0; d < documents.size(); d++) {
                wanted.add(d);
            }
            wanted.sort((a, b) -> Integer.compare(texts.get(b).length, texts.get(a).length));
            assertThat(seen).isEqualTo(wanted);
        }
    }

    @Test
    void aCursorFindsItsBatchAgain() {
        Documents documents = documents(100, 20);
        long seed = seeds.seed();
        DocumentBatches first = DocumentBatches.training(documents, 7, seed, false);
        first.seek(new Cursor(seeds.between(0, 5), seeds.between(0, 13)));
        Cursor cursor = first.cursor();
        List<Integer> wanted = check(first.next(), documents, false);
        DocumentBatches second = DocumentBatches.training(documents, 7, seed, false);
        second.next();
        second.seek(cursor);
        assertThat(check(second.next(), documents, false)).isEqualTo(wanted);
        assertThat(second.cursor()).isEqualTo(first.cursor());
        assertThatThrownBy(() -> second.seek(new Cursor(0, 15)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("only 14");
    }

    @Test
    void epochsAndSeedsDiffer() {
        Documents documents = documents(300, 20);
        long seed = seeds.seed();
        DocumentBatches batches = DocumentBatches.training(documents, 3, seed, false);
        List<Integer> first = order(batches, 0);
        assertThat(order(batches, 1)).isNotEqualTo(first);
        assertThat(order(batches, 0)).isEqualTo(first);
        assertThat(order(DocumentBatches.training(documents, 3, seed + 1, false), 0))
                .isNotEqualTo(first);
    }

    private static List<Integer> order(DocumentBatches batches, int epoch) {
        batches.seek(new Cursor(epoch, 0));
        List<Integer> order = new ArrayList<>();
        while (batches.hasNext()) {
            Arrays.stream(batches.next().documents()).forEach(order::add);
        }
        return order;
    }

    @Test
    void whatCannotBeBatchedIsSaid() {
        Documents documents = documents(5, 3);
        assertThatThrownBy(() -> DocumentBatches.training(documents, 6, 0, false))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("5 documents")
                .hasMessageContaining("lower --bs to 5");
        assertThatThrownBy(() -> DocumentBatches.evaluation(documents, 0, false))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("--bs");
        Documents unlabelled = Documents.unlabelled(documents.tokens(), documents.classes());
        assertThatThrownBy(() -> DocumentBatches.training(unlabelled, 2, 0, false))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("has no label");
        assertThat(DocumentBatches.evaluation(unlabelled, 9, false).next().labels())
                .startsWith(-1, -1, -1, -1, -1);
        assertThatThrownBy(() -> new Documents(documents.tokens(), new int[4], List.of("a")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Documents(documents.tokens(), new int[] {0, 1, 2, 3, 0}, documents.classes()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
