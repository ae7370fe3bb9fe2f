package dev.tarn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs command lines, here in this process or in one of their own.
 *
 * @param code the exit code
 * @param out standard output
 * @param err standard error
 */
record Tarn(int code, String out, String err) {

    /** In this process: fast, and all there is but the exit itself. */
    static Tarn run(String... args) {
        return run(new byte[0], args);
    }

    static Tarn run(byte[] input, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(
                args,
                new ByteArrayInputStream(input),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        return new Tarn(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** In a process of its own; its output goes to {@code log}. */
    static Process start(Path log, String... args) throws IOException {
        return process(log, List.of(), args).start();
    }

    /**
     * A process that is yet to be started.
     *
     * @param jvm flags for its JVM besides those of this one
     */
    static ProcessBuilder process(Path log, List<String> jvm, String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // The flags of this JVM that the native libraries need, without the agents.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("-D") || flag.startsWith("--"))
                .forEach(command::add);
        command.addAll(jvm);
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Main.class.getName());
        command.addAll(List.of(args));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    }

    /** Asserts one clear sentence with the words, this exit code and no stack trace. */
    void failedWith(int exitCode, String... words) {
        assertThat(err).contains(words);
        assertThat(code).as(err).isEqualTo(exitCode);
        List<String> lines =
                err.lines().filter(line -> line.startsWith("tarn: ")).toList();
        assertThat(lines).as(err).hasSize(1);
        assertThat(lines.get(0)).endsWith(lines.get(0).endsWith("?") ? "?" : ".");
        assertThat(out + err).doesNotContain("\tat ").doesNotContain("Exception");
    }

    /** A small text of many lines, and its file. */
    static Path text(Path folder, String name, int lines) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < lines; i++) {
            text.append("the walker number ")
                    .append(i % 7)
                    .append(" sees ")
                    .append(i % 3)
                    .append(" birds over the lake and ")
                    .append(i % 2 == 0 ? "rests" : "goes on")
                    .append(" .\n");
        }
        return Files.writeString(folder.resolve(name), text);
    }
}
