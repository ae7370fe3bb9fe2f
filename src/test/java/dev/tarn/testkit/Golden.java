package dev.tarn.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The folder of golden values: what the original Python code computed, to be met within the tolerance that its own
 * rounding justifies. The system property {@code golden.dir} names another folder of the same format.
 */
public final class Golden {

    private static final Path BUNDLED = Path.of("src", "test", "resources", "golden");
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private Golden() {}

    /** The folder in use. */
    public static Path dir() {
        String property = System.getProperty("golden.dir", "");
        return property.isBlank() ? BUNDLED : Path.of(property);
    }

    /**
     * Every case whose file name begins with {@code prefix}, in the order of the names. The bundled folder must hold at
     * least one; another folder may hold none.
     */
    public static List<GoldenCase> cases(String prefix) {
        Path dir = dir();
        try (Stream<Path> files = Files.list(dir)) {
            List<GoldenCase> cases = files.filter(file -> {
                        String name = file.getFileName().toString();
                        return name.startsWith(prefix) && name.endsWith(".json");
                    })
                    .sorted()
                    .map(GoldenCase::load)
                    .toList();
            if (cases.isEmpty() && dir.equals(BUNDLED)) {
                throw new IllegalArgumentException("No golden case begins with " + prefix);
            }
            return cases;
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot list golden cases in " + dir.toAbsolutePath(), e);
        }
    }

    /** One JSON file of the folder, such as {@code "trajectories/lm_tiny.json"}. */
    public static JsonNode json(String path) {
        return parse(dir().resolve(path));
    }

    static JsonNode parse(Path file) {
        return JSON.readTree(file);
    }
}
