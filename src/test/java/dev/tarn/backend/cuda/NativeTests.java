package dev.tarn.backend.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** What {@code native-tests/BuildNativeTests.java} built before the tests, if it could. */
public final class NativeTests {

    /** CMake's folder; Maven and {@code BuildNativeTests} agree on it. */
    static final Path FOLDER = Path.of("target/native").toAbsolutePath();

    /** The software device's libraries. */
    public static final Path DEVICE = FOLDER.resolve("device");

    private NativeTests() {}

    static boolean areBuilt() {
        return Files.exists(DEVICE.resolve("libcuda.so.1"));
    }

    /** Skips a test, with the reason, where nothing was built. */
    public static void assumeBuilt() {
        Assumptions.assumeTrue(
                areBuilt(), "there is no software CUDA device: it takes Linux on x86-64 with cmake and a C++ compiler");
    }

    /** How a process ended. */
    record Outcome(int status, String output) {}

    /** Runs a program to its end; both its outputs come back as one. */
    static Outcome run(List<String> command, Map<String, String> environment) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        try {
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Outcome(process.waitFor(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The command line of another Java process with the class path of this one, on the software device. */
    static List<String> java(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(
                List.of(ProcessHandle.current().info().command().orElse("java"), "--enable-native-access=ALL-UNNAMED"));
        if (Runtime.version().feature() >= 24) {
            // Its output is read, and newer JVMs would warn there of how libraries use Unsafe.
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        command.addAll(
                List.of("-Dtarn.cuda.libs=" + DEVICE, "-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }
}
