package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import dev.tarn.testkit.Seeds;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIf;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class TextFilesTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path folder;

    private Path file(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("text.txt"), bytes);
    }

    private List<String> lines(String text) throws IOException {
        List<String> lines = new ArrayList<>();
        TextFiles.forEachLine(file(text.getBytes(StandardCharsets.UTF_8)), lines::add);
        return lines;
    }

    @Test
    void linesEndAtLineFeedsAloneAndTheLastNeedsNoEnd() throws IOException {
        assertThat(lines("a\nb")).containsExactly("a", "b");
        assertThat(lines("a\nb\n")).containsExactly("a", "b");
        assertThat(lines("a\r\nb\r\n")).containsExactly("a", "b");
        assertThat(lines("\n\n a \n")).containsExactly("", "", " a ");
        assertThat(lines("a\rb\u0085c\u2028d\u000be\n")).containsExactly("a\rb\u0085c\u2028d\u000be");
        assertThat(lines("\r\n")).containsExactly("");
    }

    @Test
    void aByteOrderMarkIsNoText() throws IOException {
        assertThat(lines("\uFEFFa\n\uFEFFb")).containsExactly("a", "\uFEFFb");
        assertThat(TextFiles.read(file("\uFEFFa\r\nb\n".getBytes(StandardCharsets.UTF_8))))
                .isEqualTo("a\r\nb\n");
    }

    @Test
    void anyTextComesBackWhateverItsLinesAreLong() throws IOException {
        for (int i = 0; i < 30; i++) {
            List<String> expected = new ArrayList<>();
            int count = seeds.between(1, 20);
            for (int j = 0; j < count; j++) {
                StringBuilder line = new StringBuilder();
                int length = seeds.between(0, i == 0 ? 200_000 : 2000);
                for (int k = 0; k < length; k++) {
                    int point = seeds.between(0x20, seeds.random().nextBoolean() ? 0x7E : 0x1FFFF);
                    line.appendCodePoint(point >= 0xD800 && point < 0xE000 ? 'x' : point);
                }
                expected.add(line.toString());
            }
            String text = String.join("\n", expected) + "\n";
            assertThat(lines(text)).isEqualTo(expected);
            assertThat(TextFiles.read(folder.resolve("text.txt"))).isEqualTo(text);
        }
    }

    @Test
    void theFirstByteThatIsNotUtf8IsNamedWithItsOffsetAndLine() throws IOException {
        int[][] malformed = {
            {0xFF},
            {0x80},
            {0xC0, 0x80},
            {0xE0, 0x80, 0x80},
            {0xED, 0xA0, 0x80},
            {0xF5, 0x80, 0x80, 0x80},
            {0xC3},
            {0xE2, 0x82}
        };
        for (int[] bad : malformed) {
            for (int i = 0; i < 20; i++) {
                StringBuilder before = new StringBuilder("x");
                int lines = seeds.between(0, 30);
                for (int j = 0; j < lines; j++) {
                    before.append("é€".repeat(seeds.between(0, 3000))).append('\n');
                }
                before.append("y".repeat(seeds.between(0, 70_000)));
                byte[] start = before.toString().getBytes(StandardCharsets.UTF_8);
                byte[] bytes = java.util.Arrays.copyOf(start, start.length + bad.length + 1);
                for (int j = 0; j < bad.length; j++) {
                    bytes[start.length + j] = (byte) bad[j];
                }
                bytes[bytes.length - 1] = i % 2 == 0 ? (byte) '\n' : (byte) 'z';
                Path file = file(bytes);
                String expected = String.format("byte 0x%02X at offset %d (line %d)", bad[0], start.length, lines + 1);
                assertThatThrownBy(() -> TextFiles.forEachLine(file, line -> {}))
                        .isInstanceOf(DataException.class)
                        .hasMessageContaining("text.txt")
                        .hasMessageContaining(expected);
                assertThatThrownBy(() -> TextFiles.read(file))
                        .isInstanceOf(DataException.class)
                        .hasMessageContaining(expected);
            }
        }
    }

    @Test
    void aTextInUtf16IsRecognised() throws IOException {
        Path file = file("\uFEFFwords".getBytes(StandardCharsets.UTF_16BE));
        assertThatThrownBy(() -> TextFiles.read(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("offset 0")
                .hasMessageContaining("UTF-16");
    }

    @Test
    void filesThatCannotBeReadAreNamedWithTheReason() throws IOException {
        assertThatThrownBy(() -> TextFiles.open(folder.resolve("none.txt")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("There is no file")
                .hasMessageContaining("none.txt");
        assertThatThrownBy(() -> TextFiles.open(folder))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("is a folder");
        Path empty = file(new byte[0]);
        assertThatThrownBy(() -> TextFiles.open(empty))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("text.txt' is empty");
        assertThatThrownBy(() -> TextFiles.read(empty)).isInstanceOf(DataException.class);
    }

    /** Whether permissions do not bind this user, as they do not bind root. */
    static boolean readsEverything() throws IOException {
        Path file = Files.createTempFile("tarn", ".txt");
        boolean refused = file.toFile().setReadable(false) && !Files.isReadable(file);
        Files.delete(file);
        return !refused;
    }

    @Test
    @DisabledIf(value = "readsEverything", disabledReason = "root may read every file")
    void aFileWithoutPermissionIsNamedWithTheReason() throws IOException {
        Path file = file(new byte[] {'a'});
        assertThat(file.toFile().setReadable(false)).isTrue();
        assertThatThrownBy(() -> TextFiles.open(file))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("access is denied");
    }

    @Test
    void aReaderCountsItsLines() throws IOException {
        try (LineReader reader = TextFiles.open(file("a\nb\n".getBytes(StandardCharsets.UTF_8)))) {
            assertThat(reader.lineNumber()).isZero();
            assertThat(reader.next()).isEqualTo("a");
            assertThat(reader.next()).isEqualTo("b");
            assertThat(reader.lineNumber()).isEqualTo(2);
            assertThat(reader.next()).isNull();
            assertThat(reader.next()).isNull();
        }
    }
}
