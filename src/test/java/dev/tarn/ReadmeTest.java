package dev.tarn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's Java compiles, and what its commands name exists; {@link ReadmeIT} runs the commands. */
class ReadmeTest {

    @TempDir
    private Path temp;

    /** The fenced blocks of a language in the README. */
    static List<String> blocks(String language) throws IOException {
        return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("README.md")))
                .results()
                .map((MatchResult block) -> block.group(1))
                .toList();
    }

    @Test
    void theDriverCompiles() throws IOException {
        List<String> drivers = blocks("java");
        assertThat(drivers).hasSize(1);
        Path source = Files.writeString(temp.resolve("Driver.java"), drivers.get(0));
        int result = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        temp.toString(),
                        source.toString());
        assertThat(result).isZero();
        assertThat(temp.resolve("Driver.class")).exists();
    }

    @Test
    void linkedFilesExist() throws IOException {
        List<String> links = new ArrayList<>();
        Pattern.compile("\\]\\(([^)]+)\\)")
                .matcher(Files.readString(Path.of("README.md")))
                .results()
                .forEach(link -> links.add(link.group(1)));
        assertThat(links)
                .isNotEmpty()
                .allSatisfy(link -> assertThat(Path.of(link)).exists());
    }
}
