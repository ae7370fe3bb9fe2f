package dev.tarn.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinesTest {

    @TempDir
    private Path temp;

    private static List<String> all(Lines lines) {
        List<String> all = new ArrayList<>();
        for (String line = lines.get(); line != null; line = lines.get()) {
            all.add(line);
        }
        assertThat(lines.get()).isNull();
        lines.close();
        return all;
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(UTF_8));
    }

    @Test
    void aStreamIsReadWhereThereIsNoFile() {
        assertThat(all(new Lines(List.of(), stream("one\r\n\ntwo")))).containsExactly("one", "", "two");
        assertThat(all(new Lines(List.of(), stream("")))).isEmpty();
    }

    @Test
    void filesAreReadOneAfterAnother() throws IOException {
        Path first = Files.writeString(temp.resolve("first.txt"), "one\ntwo\n");
        Path second = Files.writeString(temp.resolve("second.txt"), "three");
        assertThat(all(new Lines(List.of(first, second, first), stream("never"))))
                .containsExactly("one", "two", "three", "one", "two");
    }

    @Test
    void whatCannotBeReadIsNamedBeforeAnythingIsRead() throws IOException {
        Path first = Files.writeString(temp.resolve("first.txt"), "one\n");
        Path missing = temp.resolve("missing.txt");
        assertThatThrownBy(() -> new Lines(List.of(first, missing), stream("")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("missing.txt");
        Lines bad = new Lines(List.of(), new ByteArrayInputStream(new byte[] {'a', '\n', (byte) 0xFF, '\n'}));
        assertThat(bad.get()).isEqualTo("a");
        assertThatThrownBy(bad::get)
                .isInstanceOf(DataException.class)
                .hasMessageContaining("'standard input' is not UTF-8")
                .hasMessageContaining("line 2");
    }
}
