import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Compiles the kernels to PTX that ships in the jar, and writes the manifest that says of which sources it was made. Run it
 * from the root of the project, with nvcc on the PATH or in {@code /usr/local/cuda/bin}:
 *
 * <pre>{@code java kernels/CompileKernels.java}</pre>
 *
 * Only modules whose sources differ from the manifest are compiled, so that another version of nvcc changes nothing by
 * itself. The PTX is stamped with an older version than nvcc writes: it uses nothing newer, and drivers refuse what is
 * stamped newer than they are.
 */
public final class CompileKernels {

    private static final Path SOURCES = Path.of("kernels");
    private static final Path TARGET = Path.of("src/main/resources/dev/tarn/backend/cuda/kernels");
    private static final String PTX_VERSION = "7.8";
    private static final String ARCHITECTURE = "compute_75";
    private static final Pattern INCLUDE = Pattern.compile("^#include \"([^\"]+)\"", Pattern.MULTILINE);

    private CompileKernels() {}

    public static void main(String[] args) throws IOException {
        Path manifest = TARGET.resolve("manifest.json");
        String before = Files.exists(manifest) ? Files.readString(manifest) : "";
        Files.createDirectories(TARGET);
        List<String> entries = new ArrayList<>();
        for (Path source : kernels()) {
            String name = source.getFileName().toString().replace(".cu", "");
            String hash = hash(source);
            Path ptx = TARGET.resolve(name + ".ptx");
            String entry = "    {\"module\": \"%s\", \"sha256\": \"%s\"}".formatted(name, hash);
            if (!before.contains(entry) || !Files.exists(ptx)) {
                compile(source, ptx);
                System.out.println("compiled " + source + " to " + ptx);
            }
            entries.add(entry);
        }
        Files.writeString(
                manifest,
                "{\n  \"ptxVersion\": \"%s\",\n  \"modules\": [\n%s\n  ]\n}\n"
                        .formatted(PTX_VERSION, String.join(",\n", entries)));
    }

    private static List<Path> kernels() throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return files.filter(file -> file.toString().endsWith(".cu")).sorted().toList();
        }
    }

    /** Of the source and everything of ours that it includes, each with its name. */
    private static String hash(Path source) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        collect(source, contents);
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            contents.forEach((name, text) -> {
                digest.update(name.getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0);
                digest.update(text.getBytes(StandardCharsets.UTF_8));
                digest.update((byte) 0);
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static void collect(Path file, Map<String, String> contents) throws IOException {
        String text = Files.readString(file).replace("\r\n", "\n");
        if (contents.put(file.getFileName().toString(), text) == null) {
            Matcher include = INCLUDE.matcher(text);
            while (include.find()) {
                Path included = file.resolveSibling(include.group(1));
                // What only a host compiler sees lies elsewhere.
                if (Files.exists(included)) {
                    collect(included, contents);
                }
            }
        }
    }

    private static void compile(Path source, Path target) throws IOException {
        Path raw = Files.createTempFile("tarn", ".ptx");
        try {
            run(List.of(
                    nvcc(), "-ptx", "-arch=" + ARCHITECTURE, "-O3", "-std=c++17", source.toString(), "-o", raw.toString()));
            String ptx = Files.readString(raw)
                    .replaceFirst("(?m)^\\.version .*$", ".version " + PTX_VERSION)
                    // The compiler's own comments name its version and the time of its build.
                    .replaceAll("(?m)^//.*\\R", "")
                    .strip();
            Files.writeString(target, ptx + "\n");
        } finally {
            Files.delete(raw);
        }
    }

    private static String nvcc() {
        Path usual = Path.of("/usr/local/cuda/bin/nvcc");
        return Files.isExecutable(usual) ? usual.toString() : "nvcc";
    }

    private static void run(List<String> command) throws IOException {
        try {
            int exitCode = new ProcessBuilder(command).inheritIO().start().waitFor();
            if (exitCode != 0) {
                throw new IOException(String.join(" ", command) + " ended with " + exitCode);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException("interrupted", e));
        }
    }
}
