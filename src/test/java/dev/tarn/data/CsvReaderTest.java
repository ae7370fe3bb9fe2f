package dev.tarn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tarn.DataException;
import dev.tarn.testkit.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class CsvReaderTest {

    @RegisterExtension
    final Seeds seeds = new Seeds();

    @TempDir
    Path folder;

    private List<List<String>> read(String text) throws IOException {
        List<List<String>> records = new ArrayList<>();
        try (CsvReader reader = new CsvReader(Files.writeString(folder.resolve("a.csv"), text))) {
            for (List<String> record = reader.next(); record != null; record = reader.next()) {
                records.add(record);
            }
        }
        return records;
    }

    @Test
    void fieldsAreThoseOfRfc4180() throws IOException {
        assertThat(read("a,b\r\n1,2\r\n")).containsExactly(List.of("a", "b"), List.of("1", "2"));
        assertThat(read("a,b\n1,2")).containsExactly(List.of("a", "b"), List.of("1", "2"));
        assertThat(read("\"a,b\",\"c\"\"d\"\"\",\"\"\n")).containsExactly(List.of("a,b", "c\"d\"", ""));
        assertThat(read("\"a\n\nb\r\nc\",d\n")).containsExactly(List.of("a\n\nb\nc", "d"));
        assertThat(read(",\n")).containsExactly(List.of("", ""));
        assertThat(read("a,,\n\n\nb,c,\n")).containsExactly(List.of("a", "", ""), List.of("b", "c", ""));
        assertThat(read("\uFEFFa, b \n")).containsExactly(List.of("a", " b "));
        assertThat(read("\"\"\"\"\n")).containsExactly(List.of("\""));
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        String[] pieces = {"a", "\"", ",", "\n", " ", "é", "long word", "\t", "'", "🐟"};
        for (int i = 0; i < 300; i++) {
            int width = seeds.between(2, 5);
            List<List<String>> wanted = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            int records = seeds.between(1, 6);
            for (int r = 0; r < records; r++) {
                List<String> record = new ArrayList<>();
                for (int f = 0; f < width; f++) {
                    StringBuilder field = new StringBuilder();
                    int count = seeds.between(0, 6);
                    for (int k = 0; k < count; k++) {
                        field.append(pieces[seeds.between(0, pieces.length - 1)]);
                    }
                    String value = field.toString();
                    boolean quotes =
                            value.matches("(?s).*[\",\n].*") || seeds.random().nextBoolean();
                    record.add(value);
                    text.append(f == 0 ? "" : ",").append(quotes ? "\"" + value.replace("\"", "\"\"") + "\"" : value);
                }
                wanted.add(record);
                text.append(seeds.random().nextBoolean() ? "\n" : "\r\n");
            }
            assertThat(read(text.toString())).as(text.toString()).isEqualTo(wanted);
        }
    }

    @Test
    void brokenQuotesAreNamedWithTheirLine() {
        refused("a,b\n1,2\n3,\"4\n5,6\n", "Line 3 of", "opens a quote that is never closed");
        refused("a,b\n\"1\n2\"x,3\n", "Line 3 of", "text behind a closing quote");
        refused("a,b\n1,2\n3,4\"5\n", "Line 3 of", "a quote within a field");
        refused("a,b\n1,2,3\n", "Line 2 of", "has 3 fields, but the first line has 2");
        refused("\"", "Line 1 of", "never closed");
    }

    private void refused(String text, String... words) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(DataException.class).hasMessageContainingAll(words);
    }

    @Test
    void damagedTablesAreReadOrRefusedButNeverAnythingElse() throws IOException {
        String good = "label,text\npos,\"a \"\"b\"\", c\nd\"\nneg,plain\n".repeat(5);
        for (int i = 0; i < 500; i++) {
            StringBuilder bad = new StringBuilder(good);
            int changes = seeds.between(1, 4);
            for (int k = 0; k < changes; k++) {
                bad.setCharAt(seeds.between(0, bad.length() - 1), "\",\n\rx".charAt(seeds.between(0, 4)));
            }
            try {
                read(bad.toString());
            } catch (DataException e) {
                assertThat(e.sentence()).contains("a.csv").endsWith(".");
            }
        }
    }
}
