package dev.tarn.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The case files: JSON lines, plain or gzipped, in the folder that the system property {@code tokenizer.dir} names. */
final class Cases {

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Cases() {}

    static Path dir() {
        String given = System.getProperty("tokenizer.dir", "");
        return Path.of(given.isBlank() ? "src/test/resources/tokenizer" : given);
    }

    /** The rows of {@code NAME.jsonl} or {@code NAME.jsonl.gz}. */
    static List<JsonNode> rows(String name) throws IOException {
        Path plain = dir().resolve(name + ".jsonl");
        return Files.exists(plain) ? read(plain) : read(dir().resolve(name + ".jsonl.gz"));
    }

    static List<JsonNode> read(Path file) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw) : raw;
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                rows.add(JSON.readTree(line));
            }
        }
        return rows;
    }

    static List<String> strings(JsonNode array) {
        List<String> strings = new ArrayList<>();
        array.forEach(element -> strings.add(element.asString()));
        return strings;
    }

    static List<String> strings(String json) {
        return strings(JSON.readTree(json));
    }

    /** What spaCy 2.0.18 gives: a field of its own where the versions differ. */
    static List<String> expected(JsonNode row) {
        return strings(row.has("tokens_2_0_18") ? row.get("tokens_2_0_18") : row.get("tokens"));
    }
}
