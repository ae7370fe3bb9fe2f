package dev.tarn.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * Starts a program of this package in a JVM of its own, with the same class path and the same flags for everyone, and
 * keeps what it printed in a log file.
 */
final class Child {

    private final Path logs;
    private final int threads;

    Child(Path logs, int threads) {
        this.logs = logs;
        this.threads = threads;
    }

    /** Every line that a child printed; the log file has the same. */
    record Output(List<String> lines, int exitCode, Path log) {

        /**
         * The result that the child printed last.
         *
         * @throws IllegalStateException if it failed
         */
        <T> T result(Class<T> type) {
            for (int i = lines.size() - 1; exitCode == 0 && i >= 0; i--) {
                if (lines.get(i).startsWith(ArmProcess.RESULT)) {
                    return new JsonMapper().readValue(lines.get(i).substring(ArmProcess.RESULT.length()), type);
                }
            }
            throw new IllegalStateException(
                    "a benchmark process ended with " + exitCode + " and no result; see " + log);
        }
    }

    /** Runs to the end. */
    Output run(String name, Class<?> program, List<String> arguments, Map<String, String> environment) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx2g",
                // Off-heap memory is the measured thing: JavaCPP must not collect garbage to keep it below a limit.
                "-Dorg.bytedeco.javacpp.maxBytes=0",
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0"));
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED");
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(arguments);
        Path log = logs.resolve(name + ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        for (String variable : List.of("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")) {
            builder.environment().put(variable, Integer.toString(threads));
        }
        builder.environment().putAll(environment);
        try {
            Files.createDirectories(logs);
            Process process = builder.start();
            // A benchmark that is interrupted must not leave one behind that keeps all processors busy.
            Thread stop = new Thread(process::destroy);
            Runtime.getRuntime().addShutdownHook(stop);
            int exitCode = process.waitFor();
            Runtime.getRuntime().removeShutdownHook(stop);
            return new Output(Files.readAllLines(log, StandardCharsets.UTF_8), exitCode, log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while " + name + " ran", e);
        }
    }
}
