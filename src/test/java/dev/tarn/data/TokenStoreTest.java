package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.tarn.DataException;
import dev.tarn.testkit.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class TokenStoreTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path folder;

    private List<int[]> documents(int count, int vocabulary) {
        List<int[]> documents = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            documents.add(seeds.ids(seeds.between(i == 0 ? 1 : 0, 50), vocabulary));
        }
        return documents;
    }

    private Path write(String name, List<int[]> documents, int vocabulary) {
        Path file = folder.resolve(name);
        try (TokenStoreWriter writer = TokenStore.create(file, vocabulary, "abc123")) {
            documents.forEach(writer::add);
            writer.commit();
        }
        return file;
    }

    @Test
    void whatIsWrittenIsReadBackAcrossSegmentsOfAnySize() {
        for (int i = 0; i < 20; i++) {
            List<int[]> documents = documents(seeds.between(1, 40), 100);
            Tokens expected = Tokens.of(documents);
            Path file = write("a.tok", documents, 100);
            TokenStore store = TokenStore.open(file, 8 * seeds.between(1, 30));
            assertThat(store.numTokens()).isEqualTo(expected.numTokens());
            assertThat(store.numDocuments()).isEqualTo(expected.numDocuments());
            assertThat(store.vocabularySize()).isEqualTo(100);
            assertThat(store.vocabulary()).isEqualTo("abc123");
            for (int d = 0; d <= documents.size(); d++) {
                assertThat(store.documentOffset(d)).isEqualTo(expected.documentOffset(d));
            }
            for (int j = 0; j < 20; j++) {
                int start = seeds.between(0, (int) store.numTokens());
                int count = seeds.between(0, (int) store.numTokens() - start);
                int[] got = new int[count + 3];
                int[] want = new int[count + 3];
                store.copy(start, got, 2, count);
                expected.copy(start, want, 2, count);
                assertThat(got).isEqualTo(want);
            }
        }
    }

    @Test
    void aStoreLargerThanTheWritersBufferIsReadBack() {
        List<int[]> documents = List.of(seeds.ids(700_001, 60_000), seeds.ids(3, 60_000));
        TokenStore store = TokenStore.open(write("a.tok", documents, 60_000));
        int[] got = new int[700_004];
        store.copy(0, got, 0, got.length);
        assertThat(Arrays.copyOf(got, 700_001)).isEqualTo(documents.get(0));
        assertThat(Arrays.copyOfRange(got, 700_001, 700_004)).isEqualTo(documents.get(1));
    }

    @Test
    void readingOutsideIsRefused() {
        TokenStore store = TokenStore.open(write("a.tok", List.of(new int[] {1, 2, 3}), 4));
        int[] dst = new int[9];
        assertThatThrownBy(() -> store.copy(1, dst, 0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> store.copy(-1, dst, 0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> store.copy(0, dst, 8, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> store.documentOffset(2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void everyFlippedByteIsDetected() throws IOException {
        List<int[]> documents = documents(12, 70_000);
        Path file = write("a.tok", documents, 70_000);
        byte[] good = Files.readAllBytes(file);
        Path bad = folder.resolve("bad.tok");
        // Every byte once, then random ones with random values: 500 and more damaged stores.
        for (int i = 0; i < good.length + 500; i++) {
            byte[] damaged = good.clone();
            int at = i < good.length ? i : seeds.between(0, good.length - 1);
            damaged[at] ^= (byte) seeds.between(1, 255);
            Files.write(bad, damaged);
            assertThatThrownBy(() -> TokenStore.open(bad))
                    .as("byte %d", at)
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("bad.tok");
        }
    }

    @Test
    void everyTruncationAndEveryExtraByteIsDetected() throws IOException {
        byte[] good = Files.readAllBytes(write("a.tok", documents(5, 100), 100));
        Path bad = folder.resolve("bad.tok");
        for (int length = 0; length < good.length; length += length < 140 ? 1 : 13) {
            Files.write(bad, Arrays.copyOf(good, length));
            assertThatThrownBy(() -> TokenStore.open(bad))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("bad.tok");
        }
        Files.write(bad, Arrays.copyOf(good, good.length + 1));
        assertThatThrownBy(() -> TokenStore.open(bad))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("promises " + good.length);
    }

    @Test
    void aHostileHeaderWithARightChecksumIsRefusedWithoutAllocatingForIt() throws IOException {
        byte[] good = Files.readAllBytes(write("a.tok", List.of(new int[] {1, 2, 3, 4}, new int[] {5}), 6));
        long[] hostile = {-1, 0, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 61, 1L << 62, 1L << 31, 1L << 32, 6, 4};
        for (long value : hostile) {
            refused(good, 16, value, "tokens|promises");
            refused(good, 24, value, "documents|promises");
        }
        // A vocabulary that the ids do not fit, and a negative one.
        refused(good, 12, 5L | 5L << 32, "promises|vocabulary|tokens");
        byte[] small = good.clone();
        ByteBuffer.wrap(small).order(ByteOrder.LITTLE_ENDIAN).putInt(12, 5);
        assertThat(opening(sealed(small))).hasMessageContaining("id 5, outside its vocabulary of 5");
        ByteBuffer.wrap(small).order(ByteOrder.LITTLE_ENDIAN).putInt(12, -1);
        assertThat(opening(sealed(small))).hasMessageContaining("vocabulary of -1");
        // A version to come.
        byte[] later = good.clone();
        later[8] = 2;
        assertThat(opening(sealed(later))).hasMessageContaining("version 2");
    }

    private void refused(byte[] good, int at, long value, String pattern) throws IOException {
        byte[] bad = good.clone();
        ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putLong(at, value);
        assertThat(opening(sealed(bad))).isInstanceOf(DataException.class).hasMessageFindingMatch(pattern);
    }

    @Test
    void offsetsThatDoNotRiseToTheEndAreRefusedEvenWithRightChecksums() throws IOException {
        byte[] good = Files.readAllBytes(write("a.tok", List.of(new int[] {1, 2, 3, 4}, new int[] {5}), 6));
        int offsetsAt = 128 + 5 * 4;
        for (long[] offsets : new long[][] {{1, 4, 5}, {0, 6, 5}, {0, -1, 5}, {0, 4, 4}, {0, 5, Long.MAX_VALUE}}) {
            byte[] bad = good.clone();
            ByteBuffer buffer = ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < 3; i++) {
                buffer.putLong(offsetsAt + 8 * i, offsets[i]);
            }
            CRC32C crc = new CRC32C();
            crc.update(bad, offsetsAt, 24);
            buffer.putInt(100, (int) crc.getValue());
            assertThat(opening(sealed(bad))).isInstanceOf(DataException.class).hasMessageContaining("document");
        }
    }

    /** Gives a header the checksum that its bytes ask for. */
    private static byte[] sealed(byte[] store) {
        CRC32C crc = new CRC32C();
        crc.update(store, 0, 124);
        ByteBuffer.wrap(store).order(ByteOrder.LITTLE_ENDIAN).putInt(124, (int) crc.getValue());
        return store;
    }

    private Throwable opening(byte[] store) throws IOException {
        Path bad = folder.resolve("bad.tok");
        Files.write(bad, store);
        Throwable thrown = catchThrowable(() -> TokenStore.open(bad));
        assertThat(thrown).isInstanceOf(DataException.class);
        return thrown;
    }

    @Test
    void filesThatAreNoStoreAreNamed() throws IOException {
        Path text = folder.resolve("text.txt");
        Files.writeString(text, "just text ".repeat(50));
        assertThatThrownBy(() -> TokenStore.open(text))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("text.txt' is not a token store");
        assertThatThrownBy(() -> TokenStore.open(folder.resolve("none.tok")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("none.tok");
        assertThatThrownBy(() -> TokenStore.open(folder))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("is a folder");
    }

    @Test
    void withoutACommitTheOldStoreStaysAndNothingIsLeftBehind() throws IOException {
        Path file = write("a.tok", List.of(new int[] {1, 2}), 10);
        try (TokenStoreWriter writer = TokenStore.create(file, 10, "new")) {
            writer.add(new int[] {3});
        }
        assertThat(TokenStore.open(file).numTokens()).isEqualTo(2);
        assertThat(names()).containsExactly("a.tok");
    }

    @Test
    void anOpenStoreKeepsItsContentWhenItIsReplaced() {
        Path file = write("a.tok", List.of(new int[] {1, 2}), 10);
        TokenStore before = TokenStore.open(file);
        write("a.tok", List.of(new int[] {7, 8, 9}), 10);
        int[] got = new int[2];
        before.copy(0, got, 0, 2);
        assertThat(got).containsExactly(1, 2);
        assertThat(TokenStore.open(file).numTokens()).isEqualTo(3);
    }

    @Test
    void badIdsAndEmptyTextsAreNotWritten() throws IOException {
        try (TokenStoreWriter writer = TokenStore.create(folder.resolve("a.tok"), 10, "")) {
            assertThatThrownBy(() -> writer.add(new int[] {10})).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> writer.add(new int[] {-1})).isInstanceOf(IllegalArgumentException.class);
            writer.add(new int[0]);
            assertThatThrownBy(writer::commit).isInstanceOf(DataException.class).hasMessageContaining("no tokens");
        }
        assertThat(names()).isEmpty();
        assertThatThrownBy(() -> TokenStore.create(folder.resolve("no/such/a.tok"), 10, ""))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("does not exist");
        assertThatThrownBy(() -> TokenStore.create(folder, 10, ""))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("is a folder");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
