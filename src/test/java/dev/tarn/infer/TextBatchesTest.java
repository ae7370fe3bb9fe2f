package dev.tarn.infer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TextBatchesTest {

    private int read;

    private TextBatches batches(int most, String... texts) {
        Iterator<String> iterator = List.of(texts).iterator();
        return new TextBatches(() -> next(iterator), most);
    }

    private @Nullable String next(Iterator<String> texts) {
        read++;
        return texts.hasNext() ? texts.next() : null;
    }

    private static List<List<String>> all(TextBatches batches) {
        List<List<String>> all = new ArrayList<>();
        batches.forEachRemaining(all::add);
        return all;
    }

    @Test
    void batchesHaveAllTextsInOrder() {
        assertThat(all(batches(2, "a", "", "c", "d", "e")))
                .containsExactly(List.of("a", ""), List.of("c", "d"), List.of("e"));
        assertThat(all(batches(2, "a", "b"))).containsExactly(List.of("a", "b"));
        assertThat(all(batches(5))).isEmpty();
        assertThatThrownBy(() -> batches(5).next()).isInstanceOf(NoSuchElementException.class);
        assertThatThrownBy(() -> batches(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nothingIsReadBeforeItIsAskedForNorBehindAFullBatch() {
        TextBatches batches = batches(2, "a", "b", "c");
        assertThat(read).isZero();
        assertThat(batches.next()).containsExactly("a", "b");
        assertThat(read).isEqualTo(2);
        assertThat(batches.hasNext()).isTrue();
        assertThat(batches.hasNext()).isTrue();
        assertThat(read).isEqualTo(3);
        assertThat(batches.next()).containsExactly("c");
        assertThat(batches.hasNext()).isFalse();
    }

    @Test
    void longTextsMakeSmallBatches() {
        String half = "x".repeat(TextBatches.CHARS / 2);
        String huge = "y".repeat(10_000_000);
        assertThat(all(batches(100, half, half, "a", huge, "b")))
                .containsExactly(List.of(half, half), List.of("a", huge), List.of("b"));
    }
}
