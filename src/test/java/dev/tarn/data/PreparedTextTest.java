package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import dev.tarn.testkit.Seeds;
import dev.tarn.text.TextPipeline;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class PreparedTextTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path temp;

    private Path out;

    @BeforeEach
    void makeFolder() throws IOException {
        out = Files.createDirectory(temp.resolve("out"));
    }

    private Path lines(String name, String... lines) throws IOException {
        return Files.writeString(temp.resolve(name), String.join("\n", lines) + "\n");
    }

    private PreparedText labelled() throws IOException {
        Corpus corpus = Corpus.ofLines(
                List.of(lines("a.txt", "pos\ta good film", "neg\ta bad film", "", "pos\tgood")),
                lines("b.txt", "neg\tbad bad film", "pos\t"),
                true,
                false);
        return PreparedText.prepare(out, corpus, TextPipeline.fastai(), 60_000, 1, 2);
    }

    private static String textOf(PreparedText text, Tokens tokens, int document) {
        int[] ids = new int[(int) (tokens.documentOffset(document + 1) - tokens.documentOffset(document))];
        tokens.copy(tokens.documentOffset(document), ids, 0, ids.length);
        return text.vocab().textify(ids);
    }

    @Test
    void whatIsSavedIsLoaded() throws IOException {
        labelled();
        PreparedText text = PreparedText.open(out);
        assertThat(text.classes()).containsExactly("neg", "pos");
        Documents train = text.labelledTrain().orElseThrow();
        assertThat(train.labels()).containsExactly(1, 0, 1);
        assertThat(train.classes()).isEqualTo(text.classes());
        assertThat(textOf(text, train.tokens(), 1)).isEqualTo("xxbos a bad film");
        DocumentTable table = text.trainTable().orElseThrow();
        assertThat(table.origin(0)).endsWith("a.txt:1");
        assertThat(table.origin(2)).endsWith("a.txt:4");
        Documents valid = text.labelledValid().orElseThrow();
        assertThat(valid.labels()).containsExactly(0, 1);
        assertThat(textOf(text, valid.tokens(), 1)).isEqualTo("xxbos");
        assertThat(PreparedText.files(out)).hasSize(6);
    }

    @Test
    void aFolderOfAnOlderVersionOpensWithoutLabels() throws IOException {
        labelled();
        Files.delete(out.resolve("train.documents"));
        Files.delete(out.resolve("valid.documents"));
        PreparedText text = PreparedText.open(out);
        assertThat(text.classes()).isEmpty();
        assertThat(text.labelledTrain()).isEmpty();
        assertThat(text.trainTable()).isEmpty();
        assertThat(text.train().numDocuments()).isEqualTo(3);
    }

    @Test
    void aVocabularyIsUsedAgain() throws IOException {
        PreparedText first = labelled();
        Path other = Files.createDirectory(temp.resolve("other"));
        Corpus corpus = Corpus.ofLines(List.of(lines("c.txt", "a strange film")), null, false, false);
        PreparedText second = PreparedText.prepare(other, corpus, first.numericalizer(), 1);
        assertThat(second.vocab()).isEqualTo(first.vocab());
        assertThat(textOf(second, second.train(), 0)).isEqualTo("xxbos a xxunk film");
        assertThat(second.labelledTrain()).isEmpty();
        assertThat(second.trainTable().orElseThrow().origin(0)).endsWith("c.txt:1");
    }

    @Test
    void aRunningTextIsOneDocumentOfItsFile() throws IOException {
        Corpus corpus = Corpus.ofLines(List.of(lines("a.txt", "x y", "", "z"), lines("b.txt", "x")), null, false, true);
        PreparedText text = PreparedText.prepare(out, corpus, TextPipeline.whitespace(), 100, 1, 2);
        assertThat(text.train().numDocuments()).isEqualTo(2);
        assertThat(textOf(text, text.train(), 0)).isEqualTo("x y <eos> <eos> z <eos>");
        assertThat(text.trainTable().orElseThrow().origin(1)).endsWith("b.txt");
    }

    @Test
    void aCopyKeepsLabelsAndMayHaveAnotherValidation() throws IOException {
        labelled();
        Path to = Files.createDirectory(temp.resolve("to"));
        PreparedText copy = PreparedText.copy(out, to, lines("c.txt", "good", "bad", "film"), 1);
        assertThat(copy.labelledTrain().orElseThrow().labels()).containsExactly(1, 0, 1);
        assertThat(copy.labelledValid()).isEmpty();
        assertThat(copy.validTable().orElseThrow().origin(2)).endsWith("c.txt:3");
    }

    @Test
    void aLabelToValidateOnNeedsAnExample() throws IOException {
        Corpus corpus = Corpus.ofLines(
                List.of(lines("a.txt", "pos\tgood", "neg\tbad")), lines("b.txt", "pos\tx", "odd\ty"), true, false);
        assertThatThrownBy(() -> PreparedText.prepare(out, corpus, TextPipeline.fastai(), 100, 1, 1))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("b.txt:2")
                .hasMessageContaining("'odd'")
                .hasMessageContaining("no example");
    }

    @Test
    void tablesOfOtherDocumentsAreRefused() throws IOException {
        labelled();
        Path table = out.resolve("valid.documents");
        byte[] valid = Files.readAllBytes(table);
        Files.copy(out.resolve("train.documents"), table, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> PreparedText.open(out))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("describes other documents");
        // Other classes under the same checksums: 'pos' becomes 'qos'.
        int at = new String(valid, java.nio.charset.StandardCharsets.ISO_8859_1).indexOf("pos");
        valid[at] = 'q';
        Files.write(table, sealed(valid));
        assertThatThrownBy(() -> PreparedText.open(out))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("[neg, pos]")
                .hasMessageContaining("[neg, qos]");
    }

    @Test
    void everyFlippedByteAndEveryTruncationIsDetected() throws IOException {
        labelled();
        for (String name : List.of("train.documents", "valid.documents")) {
            Path table = out.resolve(name);
            byte[] good = Files.readAllBytes(table);
            for (int i = 0; i < good.length + 200; i++) {
                byte[] bad = good.clone();
                int at = i < good.length ? i : seeds.between(0, good.length - 1);
                bad[at] ^= (byte) seeds.between(1, 255);
                refused(table, bad, "");
            }
            for (int length = 0; length < good.length; length++) {
                refused(table, Arrays.copyOf(good, length), "");
            }
            refused(table, Arrays.copyOf(good, good.length + 1), "");
            Files.write(table, good);
        }
        PreparedText.open(out);
    }

    @Test
    void hostileCountsWithARightChecksumAreRefusedWithoutAllocatingForThem() throws IOException {
        labelled();
        Path table = out.resolve("train.documents");
        byte[] good = Files.readAllBytes(table);
        int[] hostile = {-1, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 28, 0x15555556, 100};
        for (int at = 12; at <= 20; at += 4) {
            for (int value : hostile) {
                refused(table, patched(good, at, value), "documents");
            }
        }
        refused(table, patched(good, 20, 0), "claims 0 documents");
        refused(table, patched(good, 8, 2), "version 2");
        refused(table, patched(good, 24, 7), "describes other documents");
        refused(table, patched(good, DocumentTable.HEADER, 2), "has the label 2");
        refused(table, patched(good, DocumentTable.HEADER, -2), "has the label -2");
        refused(table, patched(good, DocumentTable.HEADER + 12, 1), "has the file 1");
        refused(table, patched(good, DocumentTable.HEADER + 24, -1), "has the line -1");
        int names = DocumentTable.HEADER + 36;
        for (int length : new int[] {-1, 1 << 30, Integer.MIN_VALUE, 4}) {
            refused(table, patched(good, names, length), "");
        }
        byte[] order = good.clone();
        order[names + 4] = 'z';
        refused(table, sealed(order), "not in order");
        byte[] bytes = good.clone();
        bytes[names + 4] = (byte) 0xFF;
        refused(table, sealed(bytes), "not UTF-8");
        // Any other value under a right checksum is read or refused, and nothing else.
        for (int i = 0; i < 500; i++) {
            byte[] any = good.clone();
            int changes = seeds.between(1, 4);
            for (int k = 0; k < changes; k++) {
                any[seeds.between(8, any.length - 5)] = (byte) seeds.between(0, 255);
            }
            Files.write(table, sealed(any));
            try {
                open(table);
            } catch (DataException e) {
                assertThat(e.sentence()).endsWith(".");
            }
        }
    }

    /** The table alone, which is quicker than the whole folder. */
    private static DocumentTable open(Path table) {
        String store = table.getFileName().toString().replace(".documents", ".tokens");
        return DocumentTable.open(table, TokenStore.open(table.resolveSibling(store)));
    }

    private void refused(Path table, byte[] bytes, String words) throws IOException {
        Files.write(table, bytes);
        assertThatThrownBy(() -> open(table))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(".documents'")
                .hasMessageContaining(words);
    }

    private static byte[] patched(byte[] table, int at, int value) {
        byte[] bad = table.clone();
        ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putInt(at, value);
        return sealed(bad);
    }

    /** Gives a table the checksum that its bytes ask for. */
    private static byte[] sealed(byte[] table) {
        CRC32C crc = new CRC32C();
        crc.update(table, 0, table.length - 4);
        ByteBuffer.wrap(table).order(ByteOrder.LITTLE_ENDIAN).putInt(table.length - 4, (int) crc.getValue());
        return table;
    }
}
