package dev.tarn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import dev.tarn.testkit.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenLinesTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    private final TextPipeline pipeline = TextPipeline.fastai();

    private String run(byte[] input, int threads) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new TokenLines(pipeline, threads).run(new ByteArrayInputStream(input), out);
        return out.toString(StandardCharsets.UTF_8);
    }

    private String run(String input) throws IOException {
        return run(input.getBytes(StandardCharsets.UTF_8), 2);
    }

    @Test
    void eachLineBecomesOneArray() throws IOException {
        assertThat(run("Hello \"you\"!\n\nA<br /><br />b\\t é😀")).isEqualTo("""
                ["xxbos","xxmaj","hello","\\"","you","\\"","!"]
                ["xxbos"]
                ["xxbos","a","\\n \\n ","b","\\\\","t","é","😀"]
                """);
        assertThat(run("")).isEmpty();
        assertThat(run("\n")).isEqualTo("[\"xxbos\"]\n");
    }

    @Test
    void linesEndAtNewlinesOnly() throws IOException {
        assertThat(run("a\r\nb\rc\u0085d\u2028e\n").lines().map(Cases::strings))
                .containsExactly(List.of("xxbos", "a"), List.of("xxbos", "b", "\r", "c", "\u0085", "d", "\u2028", "e"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void linesOfAnyLengthKeepTheirOrder(int threads) throws IOException {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            // A surrogate without its partner cannot be written as UTF-8.
            lines.add(RandomTexts.mixed(seeds, 60).replaceAll("[\n\r\\p{Cs}]", "") + i);
        }
        lines.add(500, "long line, ".repeat(70_000));
        byte[] input = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
        List<List<String>> got = run(input, threads).lines().map(Cases::strings).toList();
        assertThat(got).hasSameSizeAs(lines);
        for (int i = 0; i < lines.size(); i++) {
            assertThat(got.get(i)).isEqualTo(pipeline.tokenize(lines.get(i)));
        }
    }

    @Test
    void totalsAreCounted() throws IOException {
        InputStream in = new ByteArrayInputStream("a b\nc".getBytes(StandardCharsets.UTF_8));
        TokenLines.Totals totals =
                new TokenLines(TextPipeline.whitespace(), 2).run(in, OutputStream.nullOutputStream());
        assertThat(totals).isEqualTo(new TokenLines.Totals(2, 5));
    }

    @Test
    void aByteThatIsNotUtf8IsNamedByItsOffset() throws IOException {
        byte[] input = new byte[1_000_000];
        Arrays.fill(input, (byte) 'a');
        for (int i = 99; i < input.length; i += 100) {
            input[i] = '\n';
        }
        input[600_042] = (byte) 0xE9;
        assertThatThrownBy(() -> run(input, 2))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("0xe9 at offset 600042");
        byte[] cutOff = "a\nb\u00e9".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> run(Arrays.copyOf(cutOff, cutOff.length - 1), 1))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("0xc3 at offset 3");
        assertThat(run("a replacement \uFFFD character that is really there")).contains("\uFFFD");
    }

    @Test
    void failuresOfTheStreamsReachTheCaller() {
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("broken in");
            }

            @Override
            public int read(byte[] bytes, int from, int length) throws IOException {
                throw new IOException("broken in");
            }
        };
        assertThatThrownBy(() -> new TokenLines(pipeline, 2).run(broken, OutputStream.nullOutputStream()))
                .isInstanceOf(IOException.class)
                .hasMessage("broken in");
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("full");
            }
        };
        assertThatThrownBy(() -> new TokenLines(pipeline, 2).run(new ByteArrayInputStream(new byte[] {'a'}), full))
                .isInstanceOf(IOException.class)
                .hasMessage("full");
    }

    @Test
    void aSurrogateWithoutItsPartnerIsEscaped() {
        JsonBytes json = new JsonBytes(1);
        json.array(List.of("\uD83D", "x\uDE00\u0001\u007F"));
        assertThat(new String(json.bytes(), 0, json.length(), StandardCharsets.UTF_8))
                .isEqualTo("[\"\\ud83d\",\"x\\ude00\\u0001\u007F\"]");
    }
}
