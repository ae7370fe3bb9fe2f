package dev.tarn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
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

    /** Compiles a block of Java, which is one public class, into a folder; returns the name of the class. */
    static String compile(String block, Path folder) throws IOException {
        Matcher name = Pattern.compile("public class (\\w+)").matcher(block);
        assertThat(name.find()).isTrue();
        Path source = Files.writeString(folder.resolve(name.group(1) + ".java"), block);
        int result = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        folder.toString(),
                        source.toString());
        assertThat(result).isZero();
        return name.group(1);
    }

    @Test
    void theDriversCompile() throws IOException {
        List<String> drivers = blocks("java");
        assertThat(drivers).hasSize(2);
        for (String driver : drivers) {
            assertThat(temp.resolve(compile(driver, temp) + ".class")).exists();
        }
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
